namespace L2c;

/// <summary>Bytes that a task takes at its peak, beyond what the process has before it.</summary>
/// <param name="Device">Weights and memory of runs, on the device.</param>
/// <param name="Arrays">On the host, in the garbage-collected heap.</param>
/// <param name="Native">On the host, outside of it.</param>
internal readonly record struct MemoryNeed(long Device, long Arrays, long Native = 0)
{
    /// <summary>Both at one time.</summary>
    public static MemoryNeed operator +(MemoryNeed a, MemoryNeed b) => new(a.Device + b.Device, a.Arrays + b.Arrays, a.Native + b.Native);

    /// <summary>One after the other.</summary>
    public MemoryNeed Or(MemoryNeed other) =>
        new(Math.Max(Device, other.Device), Math.Max(Arrays, other.Arrays), Math.Max(Native, other.Native));
}
