namespace L2c.Kernels;

/// <summary>What <see cref="Device.GatherRows"/> was called with.</summary>
internal readonly record struct GatherRowsArguments(Tensor Source, Tensor Rows, Tensor Destination) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new GatherRowsOp(this);
}

/// <summary>Row copies; some rows per tile.</summary>
internal sealed unsafe class GatherRowsOp(GatherRowsArguments arguments) : CpuOp
{
    private const int RowsPerTile = 32;

    private readonly GatherRowsArguments _arguments = arguments;
    private readonly int _rows = arguments.Destination.Rows;

    /// <inheritdoc/>
    public override string Name => nameof(Device.GatherRows);

    /// <inheritdoc/>
    public override int Tiles => (_rows + RowsPerTile - 1) / RowsPerTile;

    /// <inheritdoc/>
    public override long Bytes => 2L * sizeof(float) * _rows * _arguments.Destination.Columns;

    /// <inheritdoc/>
    public override void Run(int tile, nint scratch)
    {
        Tensor source = _arguments.Source, destination = _arguments.Destination;
        int* rows = (int*)_arguments.Rows.Address;
        long bytes = sizeof(float) * (long)destination.Columns;
        int end = Math.Min((tile + 1) * RowsPerTile, _rows);
        for (int i = tile * RowsPerTile; i < end; i++)
        {
            if ((uint)rows[i] >= (uint)source.Rows)
            {
                throw new InvalidOperationException($"GatherRows: row {rows[i]} is outside the source {source.Shape}");
            }

            Buffer.MemoryCopy(
                (float*)source.Address + (long)rows[i] * source.RowStride,
                (float*)destination.Address + (long)i * destination.RowStride,
                bytes,
                bytes);
        }
    }
}
