using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.ConditioningBackward"/> was called with.</summary>
internal readonly record struct ConditioningBackwardArguments(Tensor DSilu, Tensor C, Tensor Labels, Tensor DTime, Tensor DTable) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new ConditioningBackwardOp<V>(this);
}

/// <summary>Gradients of the time embeddings and of the label table; some columns of all rows per tile, since rows meet in the table.</summary>
internal sealed unsafe class ConditioningBackwardOp<V>(ConditioningBackwardArguments arguments) : CpuOp
    where V : unmanaged, IFloats<V>
{
    private const int ColumnsPerTile = 64;

    private readonly ConditioningBackwardArguments _arguments = arguments;
    private readonly int _rows = arguments.DSilu.Rows;
    private readonly int _channels = arguments.DSilu.Columns;

    /// <inheritdoc/>
    public override string Name => nameof(Device.ConditioningBackward);

    /// <inheritdoc/>
    public override int Tiles => (_channels + ColumnsPerTile - 1) / ColumnsPerTile;

    /// <inheritdoc/>
    public override long Bytes => sizeof(float) * (long)_channels * (3L * _rows + _arguments.DTable.Rows);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int tile, nint scratch)
    {
        int first = tile * ColumnsPerTile, columns = Math.Min(ColumnsPerTile, _channels - first), labels = _arguments.DTable.Rows;
        for (int label = 0; label < labels; label++)
        {
            new Span<float>(Row(_arguments.DTable, label) + first, columns).Clear();
        }

        for (int row = 0; row < _rows; row++)
        {
            int label = ((int*)_arguments.Labels.Address)[row];
            if ((uint)label >= (uint)labels)
            {
                throw new InvalidOperationException($"ConditioningBackward: label {label} is outside the table {_arguments.DTable.Shape}");
            }

            float* dSilu = Row(_arguments.DSilu, row) + first, c = Row(_arguments.C, row) + first;
            float* dTime = Row(_arguments.DTime, row) + first, entry = Row(_arguments.DTable, label) + first;
            for (int i = 0; i < columns; i += V.Count)
            {
                int count = columns - i;
                V gradient = Partial.Load<V>(dSilu + i, count) * ElementaryGradients.Silu(Partial.Load<V>(c + i, count));
                Partial.Store(gradient, dTime + i, count);
                Partial.Store(Partial.Load<V>(entry + i, count) + gradient, entry + i, count);
            }
        }
    }

    private static float* Row(in Tensor tensor, int row) => (float*)tensor.Address + (long)row * tensor.RowStride;
}
