using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>A branch of one term without factors, and where partial sums go.</summary>
internal readonly record struct ResidualTermBackwardArguments(Tensor Dx, ResidualTerm Term, Tensor DSource, Tensor DGate, PartialSums Partials)
    : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new ResidualTermBackwardOp<V>(this);
}

/// <summary>gate dx, and the sum of dx source over the tokens of an image; some rows per tile.</summary>
internal sealed unsafe class ResidualTermBackwardOp<V> : CpuOp
    where V : unmanaged, IFloats<V>
{
    private const int ElementsPerTile = 16 * 1024;

    private readonly float* _dx;
    private readonly float* _source;
    private readonly float* _gate;
    private readonly float* _dSource;
    private readonly nint _gateStride;
    private readonly int _lastGate;
    private readonly int _rows;
    private readonly int _tokens;
    private readonly int _channels;
    private readonly int _rowsPerTile;
    private readonly Tensor _dGate;
    private readonly TokenSums<V>? _sums;

    public ResidualTermBackwardOp(ResidualTermBackwardArguments arguments)
    {
        Shape shape = arguments.Dx.Shape;
        Tensor gate = arguments.Term.Gate;
        _dx = (float*)arguments.Dx.Address;
        _dSource = (float*)arguments.DSource.Address;
        _gate = (float*)gate.Address;
        (_gateStride, _lastGate) = gate.IsNone ? (0, 0) : (gate.RowStride, gate.Rows - 1);
        (_rows, _tokens, _channels) = (shape.Rows, shape[1], shape.Columns);
        _rowsPerTile = Math.Max(1, ElementsPerTile / _channels);
        _dGate = arguments.DGate;
        if (!_dGate.IsNone)
        {
            _source = (float*)arguments.Term.Source.Address;
            _sums = new TokenSums<V>(arguments.Partials, shape[0], _tokens, _channels);
        }
    }

    /// <inheritdoc/>
    public override string Name => nameof(Device.ResidualTermBackward);

    /// <inheritdoc/>
    public override int Tiles => _sums?.Tiles ?? (_rows + _rowsPerTile - 1) / _rowsPerTile;

    /// <inheritdoc/>
    public override long Bytes => sizeof(float) * (long)_rows * _channels * (_sums is null ? 2 : 3);

    /// <inheritdoc/>
    public override void Run(int tile, nint scratch)
    {
        (int start, int end) = _sums?.Rows(tile) ?? (tile * _rowsPerTile, Math.Min((tile + 1) * _rowsPerTile, _rows));
        float* part = _sums is null ? null : _sums.Begin(tile);
        for (int row = start; row < end; row++)
        {
            Row(row, part);
        }

        if (_sums is not null && _sums.End(tile, out int image) is var total && total != null)
        {
            long bytes = sizeof(float) * (long)_channels;
            Buffer.MemoryCopy(total, (float*)_dGate.Address + (long)image * _dGate.RowStride, bytes, bytes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Row(int row, float* part)
    {
        long at = (long)row * _channels;
        float* dx = _dx + at, dSource = _dSource + at, source = _source + at;
        float* gate = _gate == null ? null : _gate + Math.Min(row / _tokens, _lastGate) * _gateStride;
        for (int i = 0; i < _channels; i += V.Count)
        {
            int count = _channels - i;
            V gradient = Partial.Load<V>(dx + i, count);
            if (part != null)
            {
                Partial.Store(V.MultiplyAdd(gradient, Partial.Load<V>(source + i, count), Partial.Load<V>(part + i, count)), part + i, count);
            }

            Partial.Store(gate == null ? gradient : Partial.Load<V>(gate + i, count) * gradient, dSource + i, count);
        }
    }
}
