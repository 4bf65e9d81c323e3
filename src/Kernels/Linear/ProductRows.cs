namespace L2c.Kernels;

/// <summary>The rows of a product's left operand: where each lies, or how it is made to lie somewhere.</summary>
internal unsafe interface IProductRows
{
    /// <summary>The op whose rows these are, for profiles.</summary>
    static abstract string Op { get; }

    /// <summary>Values of a row that surely lie side by side; K is a multiple.</summary>
    int Unit { get; }

    /// <summary>Scratch that <see cref="Locate"/> needs for so many rows, and units of a block of K.</summary>
    long ScratchFloats(int rows, int units);

    /// <summary>Says where rows <paramref name="first"/> .. <paramref name="end"/> - 1 lie, tile of the micro-kernel by tile.</summary>
    /// <param name="first">A tile's first row.</param>
    /// <param name="end">Past its last.</param>
    /// <param name="k">First of their values.</param>
    /// <param name="depth">How many: some units, or part of one.</param>
    /// <param name="units">Places for each tile in <paramref name="runs"/>, at least as many as the units.</param>
    /// <param name="runs">Receives them, and after the last tile's those of one more, whose addresses are asked for and not read. Where a tile has
    /// fewer runs than places, the rest has addresses alone.</param>
    /// <param name="scratch">This thread's.</param>
    void Locate<V>(int first, int end, int k, int depth, int units, RowRun* runs, float* scratch)
        where V : unmanaged, IFloats<V>;
}

/// <summary>Rows of a tensor, read where they are.</summary>
internal readonly unsafe struct PlainRows(Tensor x) : IProductRows
{
    private readonly float* _x = (float*)x.Address;
    private readonly nint _stride = x.RowStride;

    /// <inheritdoc/>
    public static string Op => nameof(Device.Linear);

    /// <inheritdoc/>
    public int Unit { get; } = x.Columns;

    /// <inheritdoc/>
    public long ScratchFloats(int rows, int units) => 0;

    /// <inheritdoc/>
    public void Locate<V>(int first, int end, int k, int depth, int units, RowRun* runs, float* scratch)
        where V : unmanaged, IFloats<V>
    {
        int height = MicroKernel.TallestTile<V>();
        for (int row = first; row < end + height; row += height)
        {
            *runs++ = new RowRun(_x + row * _stride + k, _stride, depth);
        }
    }
}
