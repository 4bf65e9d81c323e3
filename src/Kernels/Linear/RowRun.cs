namespace L2c.Kernels;

/// <summary>A run of k in the rows of a micro-kernel's tile: values that follow each other in memory.</summary>
/// <param name="first">The first row's first value.</param>
/// <param name="stride">Elements from one row to the next.</param>
internal unsafe struct RowRun(float* first, nint stride)
{
    /// <summary>The first row's first value.</summary>
    public readonly float* First = first;

    /// <summary>Elements from one row to the next; 0 gives every row the same.</summary>
    public readonly nint Stride = stride;

    /// <summary>What will be read soon: while the run is multiplied, one cache line is asked for with each k.</summary>
    public float* Ahead = first;
}
