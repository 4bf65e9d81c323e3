using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.Conditioning"/> was called with.</summary>
internal readonly record struct ConditioningArguments(Tensor Time, Tensor Table, Tensor Labels, Tensor C, Tensor Silu) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new ConditioningOp<V>(this);
}

/// <summary>c = time + table[label] and its SiLU; some rows per tile.</summary>
internal sealed unsafe class ConditioningOp<V>(ConditioningArguments arguments) : CpuOp
    where V : unmanaged, IFloats<V>
{
    private const int RowsPerTile = 8;

    private readonly ConditioningArguments _arguments = arguments;
    private readonly int _rows = arguments.Silu.Rows;
    private readonly int _channels = arguments.Silu.Columns;
    private readonly int _rowsPerTime = arguments.Silu.Rows / arguments.Time.Rows;

    /// <inheritdoc/>
    public override string Name => nameof(Device.Conditioning);

    /// <inheritdoc/>
    public override int Tiles => (_rows + RowsPerTile - 1) / RowsPerTile;

    /// <inheritdoc/>
    public override long Bytes => sizeof(float) * (long)_channels * (_arguments.Time.Rows + (long)_rows * (_arguments.C.IsNone ? 2 : 3));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int tile, nint scratch)
    {
        int end = Math.Min((tile + 1) * RowsPerTile, _rows);
        for (int row = tile * RowsPerTile; row < end; row++)
        {
            int label = ((int*)_arguments.Labels.Address)[row % _arguments.Labels.Columns];
            if ((uint)label >= (uint)_arguments.Table.Rows)
            {
                throw new InvalidOperationException($"Conditioning: label {label} is outside the table {_arguments.Table.Shape}");
            }

            float* time = Row(_arguments.Time, row / _rowsPerTime), entry = Row(_arguments.Table, label);
            float* silu = Row(_arguments.Silu, row), c = _arguments.C.IsNone ? null : Row(_arguments.C, row);
            for (int i = 0; i < _channels; i += V.Count)
            {
                int count = _channels - i;
                V sum = Partial.Load<V>(time + i, count) + Partial.Load<V>(entry + i, count);
                Partial.Store(Elementary.Silu(sum), silu + i, count);
                if (c != null)
                {
                    Partial.Store(sum, c + i, count);
                }
            }
        }
    }

    private static float* Row(in Tensor tensor, int row) => (float*)tensor.Address + (long)row * tensor.RowStride;
}
