using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.BlendBackward"/> was called with.</summary>
internal readonly record struct BlendBackwardArguments(Tensor D, Tensor Fresh, Tensor Cached, Tensor Weight, Tensor DFresh, Tensor DWeight)
    : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new BlendBackwardOp<V>(this);
}

/// <summary>w d, and each row's sum of d (fresh - cached); some rows per tile.</summary>
internal sealed unsafe class BlendBackwardOp<V>(BlendBackwardArguments arguments) : CpuOp
    where V : unmanaged, IFloats<V>
{
    private const int ElementsPerTile = 16 * 1024;

    private readonly float* _d = (float*)arguments.D.Address;
    private readonly float* _fresh = (float*)arguments.Fresh.Address;
    private readonly float* _cached = (float*)arguments.Cached.Address;
    private readonly float* _weight = (float*)arguments.Weight.Address;
    private readonly float* _dFresh = (float*)arguments.DFresh.Address;
    private readonly float* _dWeight = (float*)arguments.DWeight.Address;
    private readonly int _rows = arguments.D.Rows;
    private readonly int _channels = arguments.D.Columns;
    private readonly int _rowsPerTile = Math.Max(1, ElementsPerTile / arguments.D.Columns);

    /// <inheritdoc/>
    public override string Name => nameof(Device.BlendBackward);

    /// <inheritdoc/>
    public override int Tiles => (_rows + _rowsPerTile - 1) / _rowsPerTile;

    /// <inheritdoc/>
    public override long Bytes => sizeof(float) * (long)_rows * _channels * (_dFresh == null ? 3 : 4);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int tile, nint scratch)
    {
        V weight = V.Broadcast(*_weight);
        int end = Math.Min((tile + 1) * _rowsPerTile, _rows), channels = _channels;
        for (int row = tile * _rowsPerTile; row < end; row++)
        {
            long at = (long)row * channels;
            float* d = _d + at, fresh = _fresh + at, cached = _cached + at, dFresh = _dFresh == null ? null : _dFresh + at;
            V sum = default;
            for (int i = 0; i < channels; i += V.Count)
            {
                int count = channels - i;
                V gradient = Partial.Load<V>(d + i, count);
                sum = V.MultiplyAdd(gradient, Partial.Load<V>(fresh + i, count) - Partial.Load<V>(cached + i, count), sum);
                if (dFresh != null)
                {
                    Partial.Store(weight * gradient, dFresh + i, count);
                }
            }

            _dWeight[row] = V.Sum(sum);
        }
    }
}
