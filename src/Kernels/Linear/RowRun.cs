namespace L2c.Kernels;

/// <summary>A run of k in the rows of a micro-kernel's tile: values of a row that follow each other in memory.</summary>
/// <param name="first">The first row's first value.</param>
/// <param name="stride">Elements from one row to the next; 0 gives every row the same.</param>
/// <param name="depth">Values of a row.</param>
internal unsafe struct RowRun(float* first, nint stride, int depth)
{
    /// <summary>The first row's first value; where rows lie anywhere, some row's.</summary>
    public readonly float* First = first;

    /// <summary>Elements from one row to the next; 0 gives every row the same.</summary>
    public readonly nint Stride = stride;

    /// <summary>Where each row of the tallest tile begins, also those that do not exist; null where rows are <see cref="Stride"/> apart.</summary>
    public float** Rows;

    /// <summary>What will be read soon: while the run is multiplied, one cache line is asked for with each k.</summary>
    public float* Ahead = first;

    /// <summary>Elements from one such line to the next.</summary>
    public nint AheadStep = Prefetch.LineFloats;

    /// <summary>Values of a row.</summary>
    public readonly int Depth = depth;

    /// <summary>Whether it is the tile's last.</summary>
    public bool IsLast = true;
}
