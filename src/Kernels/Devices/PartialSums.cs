using System.Runtime.InteropServices;

namespace L2c.Kernels;

/// <summary>Memory for sums that several tiles of an op contribute to: each writes its part, and whoever comes last adds the parts in
/// order.</summary>
/// <remarks>One per device, since its ops run one after the other. It grows while ops are planned, never while they run.</remarks>
internal sealed unsafe class PartialSums : IDisposable
{
    private long _values;
    private int _groups;

    /// <summary>Where the parts are. It moves when more is reserved: read it when a tile runs.</summary>
    public float* Values { get; private set; }

    /// <summary>How many parts of each group are there; all 0 between two ops.</summary>
    private int* Arrived { get; set; }

    /// <summary>Makes room for this many values in parts, and this many groups of parts that are added together.</summary>
    public void Reserve(long values, int groups)
    {
        if (values > _values)
        {
            _values = 0; // until it has them: an allocation may fail
            NativeMemory.AlignedFree(Values);
            Values = null;
            Values = (float*)NativeMemory.AlignedAlloc((nuint)(values * sizeof(float)), Arena.AlignmentBytes);
            _values = values;
        }

        if (groups > _groups)
        {
            _groups = 0;
            NativeMemory.Free(Arrived);
            Arrived = null;
            Arrived = (int*)NativeMemory.AllocZeroed((nuint)groups, sizeof(int));
            _groups = groups;
        }
    }

    /// <summary>Says that one part of a group is written. True for the last of <paramref name="parts"/>: all are, and it is this caller's to add
    /// them.</summary>
    public bool IsLast(int group, int parts)
    {
        if (Interlocked.Increment(ref Arrived[group]) != parts)
        {
            return false;
        }

        Arrived[group] = 0;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(Values);
        NativeMemory.Free(Arrived);
        Values = null;
        Arrived = null;
        (_values, _groups) = (0, 0);
    }
}
