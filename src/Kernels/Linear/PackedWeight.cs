namespace L2c.Kernels;

/// <summary>The CPU's layout of a weight: panels of <c>width</c> outputs, each [K, width] row-major, outputs beyond N zero.</summary>
/// <remarks>The micro-kernel reads a panel front to back, one row of outputs per k.</remarks>
internal static class PackedWeight
{
    /// <summary>Number of panels.</summary>
    public static int Panels(int outputs, int width) => Ceiling.Divide(outputs, width);

    /// <summary>K of the panels that a matrix lies in: its own, or that of the weight of which it is a slice.</summary>
    public static int Inputs(Matrix matrix) => matrix.Pitch == 0 ? matrix.Inputs : matrix.Pitch;

    /// <summary>Bytes of the packed form, padding included.</summary>
    public static long Bytes(int outputs, int inputs, int width) => (long)Panels(outputs, width) * width * inputs * sizeof(float);
}

/// <summary>What <see cref="Device.PackMatrix"/> was called with.</summary>
internal readonly unsafe record struct PackMatrixArguments(Tensor Values, Matrix Weight, int FirstOutput) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> =>
        new PackRows(nameof(Device.PackMatrix), Weight, FirstOutput, Values.Rows, (float*)Values.Address, MicroKernel.PanelVectors * V.Count);
}

/// <summary>What <see cref="Device.PackTransposed"/> was called with.</summary>
internal readonly unsafe record struct PackTransposedArguments(Tensor Values, Matrix Transposed) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> =>
        new PackTransposedRows(
            nameof(Device.PackTransposed), Transposed, 0, Transposed.Inputs, (float*)Values.Address, MicroKernel.PanelVectors * V.Count);
}

/// <summary>Writes rows of a weight into its panels; a tile is a run of inputs of one panel.</summary>
internal sealed unsafe class PackRows(string name, Matrix matrix, int firstOutput, int count, float* source, int width) : CpuOp
{
    private const int InputsPerTile = 256;

    private readonly int _firstPanel = firstOutput / width;
    private readonly int _panels = (firstOutput + count - 1) / width - firstOutput / width + 1;

    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override int Tiles => _panels * Ceiling.Divide(matrix.Inputs, InputsPerTile);

    /// <inheritdoc/>
    public override long Bytes => 2L * count * matrix.Inputs * sizeof(float);

    /// <inheritdoc/>
    public override void Run(int tile, nint scratch)
    {
        int panel = _firstPanel + tile % _panels, firstInput = tile / _panels * InputsPerTile;
        int inputs = Math.Min(InputsPerTile, matrix.Inputs - firstInput);
        int first = Math.Max(firstOutput, panel * width), end = Math.Min(firstOutput + count, (panel + 1) * width);
        float* from = source + (long)(first - firstOutput) * matrix.Inputs + firstInput;
        float* to = (float*)matrix.Address + ((long)panel * matrix.Inputs + firstInput) * width + (first - panel * width);
        Transposition.Copy(from, matrix.Inputs, end - first, inputs, 1, to, width);

        // Whoever writes the last output clears the padding behind it.
        int padding = end == matrix.Outputs ? (panel + 1) * width - end : 0;
        for (int k = 0; k < inputs && padding > 0; k++)
        {
            new Span<float>(to + (end - first) + (long)k * width, padding).Clear();
        }
    }
}

/// <summary>Writes rows of a weight into the panels of its transposed matrix, where a row is one k of every panel; a tile is a run of rows of one
/// panel.</summary>
internal sealed unsafe class PackTransposedRows(string name, Matrix transposed, int firstRow, int count, float* source, int width) : CpuOp
{
    private const int RowsPerTile = 256;

    private readonly int _panels = PackedWeight.Panels(transposed.Outputs, width);

    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override int Tiles => _panels * Ceiling.Divide(count, RowsPerTile);

    /// <inheritdoc/>
    public override long Bytes => 2L * count * transposed.Outputs * sizeof(float);

    /// <inheritdoc/>
    public override void Run(int tile, nint scratch)
    {
        int panel = tile % _panels, first = tile / _panels * RowsPerTile, end = Math.Min(first + RowsPerTile, count);
        int columns = Math.Min(width, transposed.Outputs - panel * width);
        float* from = source + (long)first * transposed.Outputs + panel * width;
        float* to = (float*)transposed.Address + ((long)panel * transposed.Inputs + firstRow + first) * width;
        for (int row = first; row < end; row++, from += transposed.Outputs, to += width)
        {
            new ReadOnlySpan<float>(from, columns).CopyTo(new Span<float>(to, columns));
            new Span<float>(to + columns, width - columns).Clear();
        }
    }
}
