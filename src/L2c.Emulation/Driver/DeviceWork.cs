using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace L2c.Emulation;

/// <summary>One piece of work of a stream: a node of a graph, an entry of the log.</summary>
public abstract record DeviceWork
{
    /// <summary>Does it.</summary>
    /// <exception cref="DeviceFault">It touches what it must not.</exception>
    internal abstract void Run(DeviceMemory memory);
}

/// <summary>Between what memories a copy goes.</summary>
public enum CopyDirection
{
    /// <summary>From the host to the device.</summary>
    HostToDevice,

    /// <summary>From the device to the host.</summary>
    DeviceToHost,

    /// <summary>Within the device.</summary>
    DeviceToDevice,
}

/// <summary>A copy.</summary>
/// <param name="Direction">Between what memories.</param>
/// <param name="Destination">Address in that memory.</param>
/// <param name="Source">Address in that memory.</param>
/// <param name="Bytes">How much.</param>
public sealed record MemoryCopy(CopyDirection Direction, ulong Destination, ulong Source, long Bytes) : DeviceWork
{
    internal override unsafe void Run(DeviceMemory memory)
    {
        try
        {
            switch (Direction)
            {
                case CopyDirection.HostToDevice when memory.Drops(Bytes):
                    memory.Check(Destination, Bytes);
                    break;
                case CopyDirection.HostToDevice:
                    Buffer.MemoryCopy((byte*)Source, memory.WriteRange(Destination, Bytes), Bytes, Bytes);
                    break;
                case CopyDirection.DeviceToHost:
                    memory.CopyToHost((byte*)Destination, Source, Bytes);
                    break;
                default:
                    memory.Copy(Destination, Source, Bytes);
                    break;
            }
        }
        catch (DeviceFault fault)
        {
            throw fault.At($"copy of {Bytes} bytes {Direction}");
        }
    }
}

/// <summary>A fill with one byte value.</summary>
/// <param name="Destination">First address.</param>
/// <param name="Value">The value of every byte.</param>
/// <param name="Bytes">How many.</param>
public sealed record MemorySet(ulong Destination, byte Value, long Bytes) : DeviceWork
{
    internal override unsafe void Run(DeviceMemory memory)
    {
        try
        {
            byte* destination = memory.WriteRange(Destination, Bytes);
            if (!memory.Drops(Bytes))
            {
                NativeMemory.Fill(destination, (nuint)Bytes, Value);
            }
        }
        catch (DeviceFault fault)
        {
            throw fault.At($"memset of {Bytes} bytes");
        }
    }
}

/// <summary>The mark of an event; in no log and no graph.</summary>
internal sealed record EventMark(EventState Event) : DeviceWork
{
    internal override unsafe void Run(DeviceMemory memory) => Event.Pass(this);

    // Two marks of one event are two marks.
    public bool Equals(EventMark? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);
}
