using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.ResidualNorm"/> was called with.</summary>
internal readonly record struct ResidualNormArguments(Tensor XIn, ResidualTerm[] Terms, Tensor XOut, Norm Norm, Tensor Y) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new ResidualNormOp<V>(this);
}

/// <summary>Residual additions and layer norm, row by row: memory is passed over once; the later looks at a row find it in the first cache.</summary>
internal sealed unsafe class ResidualNormOp<V> : CpuOp
    where V : unmanaged, IFloats<V>
{
    private const int ElementsPerTile = 16 * 1024;

    private readonly float* _xIn;
    private readonly float* _xOut;
    private readonly float* _y;
    private readonly float* _scale;
    private readonly float* _shift;
    private readonly nint _scaleStride;
    private readonly nint _shiftStride;
    private readonly int _lastScale;
    private readonly int _lastShift;
    private readonly NormKind _kind;
    private readonly float _epsilon;
    private readonly Term[] _terms;
    private readonly int _xInRows;
    private readonly int _rows;
    private readonly int _tokens;
    private readonly int _channels;
    private readonly int _rowsPerTile;

    public ResidualNormOp(ResidualNormArguments arguments)
    {
        Norm norm = arguments.Norm;
        Shape shape = (arguments.XOut.IsNone ? arguments.Y : arguments.XOut).Shape;
        _rows = shape.Rows;
        _tokens = shape[1];
        _channels = shape.Columns;
        _xIn = (float*)arguments.XIn.Address;
        _xInRows = arguments.XIn.Rows;
        _xOut = (float*)arguments.XOut.Address;
        _y = (float*)arguments.Y.Address;
        _terms = Array.ConvertAll(arguments.Terms, term => new Term(term));
        _kind = norm.Kind;
        _epsilon = norm.Epsilon;
        _scale = (float*)norm.Scale.Address;
        _shift = (float*)norm.Shift.Address;
        _scaleStride = _kind == NormKind.Modulated ? norm.Scale.RowStride : 0;
        _shiftStride = _kind == NormKind.Modulated ? norm.Shift.RowStride : 0;
        _lastScale = _kind == NormKind.Modulated ? norm.Scale.Rows - 1 : 0;
        _lastShift = _kind == NormKind.Modulated ? norm.Shift.Rows - 1 : 0;
        _rowsPerTile = Math.Max(1, ElementsPerTile / _channels);
    }

    /// <inheritdoc/>
    public override string Name => nameof(Device.ResidualNorm);

    /// <inheritdoc/>
    public override int Tiles => (_rows + _rowsPerTile - 1) / _rowsPerTile;

    /// <inheritdoc/>
    public override long ScratchBytes => (long)_channels * sizeof(float);

    /// <inheritdoc/>
    public override long Bytes => sizeof(float) * (long)_rows * _channels * (1 + _terms.Length + (_xOut == null ? 0 : 1) + (_y == null ? 0 : 1));

    /// <inheritdoc/>
    public override void Run(int tile, nint scratch)
    {
        int end = Math.Min((tile + 1) * _rowsPerTile, _rows);
        for (int row = tile * _rowsPerTile; row < end; row++)
        {
            float* sum = _xOut == null ? (float*)scratch : _xOut + (long)row * _channels;
            float total = AddTerms(row, sum);
            if (_kind != NormKind.None)
            {
                Normalise(row, sum, total / _channels);
            }
        }
    }

    /// <summary>Writes xIn and all terms of one row to <paramref name="sum"/>; returns the total over the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float AddTerms(int row, float* sum)
    {
        float* x = _xIn + (long)(row % _xInRows) * _channels;
        long at = (long)row * _channels;
        int image = row / _tokens;
        Term[] terms = _terms;
        V total = default;
        for (int i = 0; i < _channels; i += V.Count)
        {
            int count = _channels - i;
            V value = Partial.Load<V>(x + i, count);
            foreach (ref readonly Term term in terms.AsSpan())
            {
                V branch = Partial.Load<V>(term.Branch + at + i, count);
                value = term.Gate == null
                    ? value + branch
                    : V.MultiplyAdd(Partial.Load<V>(term.Gate + Math.Min(image, term.LastGate) * term.GateStride + i, count), branch, value);
            }

            total += value;
            Partial.Store(value, sum + i, count);
        }

        return V.Sum(total);
    }

    /// <summary>y = (x - mean) / sqrt(variance + epsilon), then scale and shift.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Normalise(int row, float* x, float mean)
    {
        V means = V.Broadcast(mean), squares = default;
        for (int i = 0; i < _channels; i += V.Count)
        {
            // Lanes beyond the row hold the mean: they add nothing.
            V centred = Partial.Load<V>(x + i, _channels - i, mean) - means;
            squares = V.MultiplyAdd(centred, centred, squares);
        }

        V factor = V.Broadcast(1 / MathF.Sqrt(V.Sum(squares) / _channels + _epsilon));
        V offset = V.Broadcast(_kind == NormKind.Modulated ? 1f : 0f);
        int image = row / _tokens;
        float* scale = _scale + Math.Min(image, _lastScale) * _scaleStride, shift = _shift + Math.Min(image, _lastShift) * _shiftStride, y = _y + (long)row * _channels;
        for (int i = 0; i < _channels; i += V.Count)
        {
            int count = _channels - i;
            V normal = (Partial.Load<V>(x + i, count) - means) * factor;
            V value = V.MultiplyAdd(normal, Partial.Load<V>(scale + i, count) + offset, Partial.Load<V>(shift + i, count));
            Partial.Store(value, y + i, count);
        }
    }

    private readonly struct Term(ResidualTerm term)
    {
        public readonly float* Branch = (float*)term.Branch.Address;
        public readonly float* Gate = (float*)term.Gate.Address;
        public readonly nint GateStride = term.Gate.RowStride;
        public readonly int LastGate = term.Gate.IsNone ? 0 : term.Gate.Rows - 1;
    }
}
