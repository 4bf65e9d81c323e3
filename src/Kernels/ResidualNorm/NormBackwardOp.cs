using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.NormBackward"/> was called with, and where partial sums go.</summary>
internal readonly record struct NormBackwardArguments(
    Tensor X, Norm Norm, Tensor Dy, Tensor DxIn, Tensor DxOut, Tensor DScale, Tensor DShift, PartialSums Partials) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new NormBackwardOp<V>(this);
}

/// <summary>The gradient of a layer norm, some rows per tile: memory is passed over once, the second and third look find the row in cache.</summary>
internal sealed unsafe class NormBackwardOp<V> : CpuOp
    where V : unmanaged, IFloats<V>
{
    private const int ElementsPerTile = 16 * 1024;

    private readonly float* _x;
    private readonly float* _dy;
    private readonly float* _dxIn;
    private readonly float* _dxOut;
    private readonly float* _scale;
    private readonly nint _scaleStride;
    private readonly int _lastScale;
    private readonly float _offset;
    private readonly float _epsilon;
    private readonly int _rows;
    private readonly int _tokens;
    private readonly int _channels;
    private readonly int _rowsPerTile;
    private readonly Tensor _dScale;
    private readonly Tensor _dShift;
    private readonly TokenSums<V>? _sums;

    public NormBackwardOp(NormBackwardArguments arguments)
    {
        Shape shape = arguments.X.Shape;
        Norm norm = arguments.Norm;
        bool isModulated = norm.Kind == NormKind.Modulated;
        (_rows, _tokens, _channels) = (shape.Rows, shape[1], shape.Columns);
        _x = (float*)arguments.X.Address;
        _dy = (float*)arguments.Dy.Address;
        _dxIn = (float*)arguments.DxIn.Address;
        _dxOut = (float*)arguments.DxOut.Address;
        _scale = (float*)norm.Scale.Address;
        (_scaleStride, _lastScale) = isModulated ? (norm.Scale.RowStride, norm.Scale.Rows - 1) : (0, 0);
        _offset = isModulated ? 1 : 0;
        _epsilon = norm.Epsilon;
        _rowsPerTile = Math.Max(1, ElementsPerTile / _channels);
        (_dScale, _dShift) = (arguments.DScale, arguments.DShift);
        if (!_dScale.IsNone)
        {
            _sums = new TokenSums<V>(arguments.Partials, isModulated ? shape[0] : 1, isModulated ? _tokens : _rows, 2 * _channels);
        }
    }

    /// <inheritdoc/>
    public override string Name => nameof(Device.NormBackward);

    /// <inheritdoc/>
    public override int Tiles => _sums?.Tiles ?? (_rows + _rowsPerTile - 1) / _rowsPerTile;

    /// <inheritdoc/>
    public override long Bytes => sizeof(float) * (long)_rows * _channels * (2 + (_dxIn == null ? 0 : 1) + (_dxOut == null ? 0 : 1));

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
            Buffer.MemoryCopy(total, (float*)_dScale.Address + (long)image * _dScale.RowStride, bytes, bytes);
            Buffer.MemoryCopy(total + _channels, (float*)_dShift.Address + (long)image * _dShift.RowStride, bytes, bytes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Row(int row, float* part)
    {
        long at = (long)row * _channels;
        float* x = _x + at, dy = _dy + at, scale = _scale + Math.Min(row / _tokens, _lastScale) * _scaleStride;
        V total = default;
        for (int i = 0; i < _channels; i += V.Count)
        {
            total += Partial.Load<V>(x + i, _channels - i);
        }

        float mean = V.Sum(total) / _channels;
        V means = V.Broadcast(mean), offset = V.Broadcast(_offset), squares = default, gs = default, products = default;
        for (int i = 0; i < _channels; i += V.Count)
        {
            // Lanes beyond the row hold the mean, and no gradient: they add nothing.
            int count = _channels - i;
            V centred = Partial.Load<V>(x + i, count, mean) - means;
            V g = Partial.Load<V>(dy + i, count) * (Partial.Load<V>(scale + i, count) + offset);
            squares = V.MultiplyAdd(centred, centred, squares);
            products = V.MultiplyAdd(g, centred, products);
            gs += g;
        }

        float factor = 1 / MathF.Sqrt(V.Sum(squares) / _channels + _epsilon);
        V factors = V.Broadcast(factor), meanG = V.Broadcast(V.Sum(gs) / _channels);
        V meanGn = V.Broadcast(V.Sum(products) / _channels * factor), zero = V.Broadcast(0f);
        float* dxIn = _dxIn == null ? null : _dxIn + at, dxOut = _dxOut == null ? null : _dxOut + at;
        float* dScale = part, dShift = part + _channels;
        for (int i = 0; i < _channels; i += V.Count)
        {
            int count = _channels - i;
            V normal = (Partial.Load<V>(x + i, count) - means) * factors, gradient = Partial.Load<V>(dy + i, count);
            if (part != null)
            {
                Partial.Store(V.MultiplyAdd(gradient, normal, Partial.Load<V>(dScale + i, count)), dScale + i, count);
                Partial.Store(gradient + Partial.Load<V>(dShift + i, count), dShift + i, count);
            }

            if (dxOut != null)
            {
                V inner = V.MultiplyAdd(zero - normal, meanGn, gradient * (Partial.Load<V>(scale + i, count) + offset) - meanG);
                V before = dxIn == null ? zero : Partial.Load<V>(dxIn + i, count);
                Partial.Store(V.MultiplyAdd(inner, factors, before), dxOut + i, count);
            }
        }
    }
}
