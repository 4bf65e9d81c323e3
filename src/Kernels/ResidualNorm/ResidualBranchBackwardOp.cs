using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.ResidualTermBackward(Tensor, ReadOnlySpan{ResidualTerm}, ReadOnlySpan{ResidualTermGradient}, Tensor, Tensor)"/> was
/// called with, and where partial sums go.</summary>
internal readonly record struct ResidualBranchBackwardArguments(
    Tensor Dx, ResidualTerm[] Branch, ResidualTermGradient[] Gradients, Tensor DGate, Tensor DScalar, PartialSums Partials) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new ResidualBranchBackwardOp<V>(this);
}

/// <summary>The gradient of a branch that is a weighted sum: everything that is wanted in one pass, some rows per tile.</summary>
internal sealed unsafe class ResidualBranchBackwardOp<V> : CpuOp
    where V : unmanaged, IFloats<V>
{
    private const int ElementsPerTile = 16 * 1024;

    private readonly float* _dx;
    private readonly float* _gate;
    private readonly float* _dScalar;
    private readonly nint _gateStride;
    private readonly int _lastGate;
    private readonly int _rows;
    private readonly int _tokens;
    private readonly int _channels;
    private readonly int _rowsPerTile;
    private readonly Term[] _terms;
    private readonly Tensor _dGate;
    private readonly TokenSums<V>? _sums;

    public ResidualBranchBackwardOp(ResidualBranchBackwardArguments arguments)
    {
        Shape shape = arguments.Dx.Shape;
        Tensor gate = arguments.Branch[0].Gate;
        _dx = (float*)arguments.Dx.Address;
        _gate = (float*)gate.Address;
        _dScalar = (float*)arguments.DScalar.Address;
        (_gateStride, _lastGate) = gate.IsNone ? (0, 0) : (gate.RowStride, gate.Rows - 1);
        (_rows, _tokens, _channels) = (shape.Rows, shape[1], shape.Columns);
        _rowsPerTile = Math.Max(1, ElementsPerTile / _channels);
        _terms = [.. arguments.Branch.Zip(arguments.Gradients, (term, gradient) => new Term(term, gradient))];
        _dGate = arguments.DGate;
        if (!_dGate.IsNone)
        {
            _sums = new TokenSums<V>(arguments.Partials, shape[0], _tokens, _channels);
        }

        int sources = _sums is null && _dScalar == null ? 0 : _terms.Length;
        int written = arguments.Gradients.Count(gradient => !gradient.DSource.IsNone);
        Bytes = sizeof(float) * (((long)_rows * _channels * (1 + sources + written)) + (_dScalar == null ? 0 : _rows));
    }

    /// <inheritdoc/>
    public override string Name => nameof(Device.ResidualTermBackward);

    /// <inheritdoc/>
    public override int Tiles => _sums?.Tiles ?? (_rows + _rowsPerTile - 1) / _rowsPerTile;

    /// <inheritdoc/>
    public override long Bytes { get; }

    /// <inheritdoc/>
    public override void Run(int tile, nint scratch)
    {
        float* factors = stackalloc float[ResidualTerm.MaxPerBranch];
        for (int k = 0; k < _terms.Length; k++)
        {
            factors[k] = _terms[k].Scalar == null ? _terms[k].Weight : _terms[k].Weight * *_terms[k].Scalar;
        }

        (int start, int end) = _sums?.Rows(tile) ?? (tile * _rowsPerTile, Math.Min((tile + 1) * _rowsPerTile, _rows));
        float* part = _sums is null ? null : _sums.Begin(tile);
        for (int row = start; row < end; row++)
        {
            Row(row, factors, part);
        }

        if (_sums is not null && _sums.End(tile, out int image) is var total && total != null)
        {
            long bytes = sizeof(float) * (long)_channels;
            Buffer.MemoryCopy(total, (float*)_dGate.Address + (long)image * _dGate.RowStride, bytes, bytes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Row(int row, float* factors, float* part)
    {
        long at = (long)row * _channels;
        float* dx = _dx + at, gate = _gate == null ? null : _gate + Math.Min(row / _tokens, _lastGate) * _gateStride;
        ReadOnlySpan<Term> terms = _terms;
        V share = default;
        for (int i = 0; i < _channels; i += V.Count)
        {
            int count = _channels - i;
            V gradient = Partial.Load<V>(dx + i, count), gated = gate == null ? gradient : Partial.Load<V>(gate + i, count) * gradient;
            if (part != null || _dScalar != null)
            {
                // -0 + v is v, also where v is a zero.
                V branch = V.Broadcast(-0f), slope = branch;
                for (int k = 0; k < terms.Length; k++)
                {
                    V source = Partial.Load<V>(terms[k].Source + at + i, count);
                    branch = V.MultiplyAdd(V.Broadcast(factors[k]), source, branch);
                    slope = V.MultiplyAdd(V.Broadcast(terms[k].Slope), source, slope);
                }

                share = V.MultiplyAdd(gated, slope, share);
                if (part != null)
                {
                    Partial.Store(V.MultiplyAdd(gradient, branch, Partial.Load<V>(part + i, count)), part + i, count);
                }
            }

            for (int k = 0; k < terms.Length; k++)
            {
                if (terms[k].DSource != null)
                {
                    Partial.Store(V.Broadcast(factors[k]) * gated, terms[k].DSource + at + i, count);
                }
            }
        }

        if (_dScalar != null)
        {
            _dScalar[row] = V.Sum(share);
        }
    }

    private readonly struct Term(ResidualTerm term, ResidualTermGradient gradient)
    {
        public readonly float* Source = (float*)term.Source.Address;
        public readonly float* DSource = (float*)gradient.DSource.Address;
        public readonly float* Scalar = (float*)term.Scalar.Address;
        public readonly float Weight = term.Weight;
        public readonly float Slope = gradient.Slope;
    }
}
