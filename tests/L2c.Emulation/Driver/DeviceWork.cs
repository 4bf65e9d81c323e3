using System.Runtime.CompilerServices;

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
            // A fault must leave the destination as it was, so the source comes first.
            byte* source = Direction == CopyDirection.HostToDevice ? (byte*)Source : memory.ReadRange(Source, Bytes);
            byte* destination = Direction == CopyDirection.DeviceToHost ? (byte*)Destination : memory.WriteRange(Destination, Bytes);
            Buffer.MemoryCopy(source, destination, Bytes, Bytes);
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
            new Span<byte>(memory.WriteRange(Destination, Bytes), checked((int)Bytes)).Fill(Value);
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
    internal override void Run(DeviceMemory memory) => Event.Pass(this);

    // Two marks of one event are two marks.
    public bool Equals(EventMark? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);
}
