using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>Branches that are weighted sums: whole branches are added at once, as many as come close to four terms, so that a sum of terms never
/// leaves the registers before its gate.</summary>
/// <remarks>A branch of one term without factors gets the bits that the loop for those alone gives.</remarks>
internal sealed unsafe partial class ResidualNormOp<V>
    where V : unmanaged, IFloats<V>
{
    /// <summary>The terms of each pass over the rows.</summary>
    private static BranchTerm[][] Branches(ReadOnlySpan<ResidualTerm> terms)
    {
        List<BranchTerm[]> passes = [];
        for (int count; terms.Length > 0; terms = terms[count..])
        {
            count = ResidualTerm.WholeBranches(terms, ResidualTerm.MaxPerPass);
            var pass = new BranchTerm[count];
            Tensor gate = default;
            for (int i = 0; i < count; i++)
            {
                gate = terms[i].Joins ? gate : terms[i].Gate;
                pass[i] = new BranchTerm(terms[i] with { Gate = gate }, closes: i == count - 1 || !terms[i + 1].Joins);
            }

            passes.Add(pass);
        }

        return [.. passes];
    }

    /// <summary>As <see cref="AddTerms"/>; M is 1 where terms may be in bfloat16, so that the loop for none has no test for it.</summary>
    private void AddBranches<M>(int row, int rows, int image, float* sum, float* totals)
        where M : struct, IConstant
    {
        float* x = _xIn + (long)(row % _xInRows) * _channels;
        foreach (BranchTerm[] pass in _branches)
        {
            switch (pass.Length)
            {
                case 1: Add<One, M>(pass, x, row, rows, image, sum, totals); break;
                case 2: Add<Two, M>(pass, x, row, rows, image, sum, totals); break;
                case 3: Add<Three, M>(pass, x, row, rows, image, sum, totals); break;
                case 4: Add<Four, M>(pass, x, row, rows, image, sum, totals); break;
                case 5: Add<Five, M>(pass, x, row, rows, image, sum, totals); break;
                default: Add<Six, M>(pass, x, row, rows, image, sum, totals); break;
            }

            x = sum;
        }
    }

    /// <summary>sum = x + the branches that N terms make, over some rows; totals hold after the last pass.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Add<N, M>(BranchTerm[] pass, float* x, int row, int rows, int image, float* sum, float* totals)
        where N : struct, IConstant
        where M : struct, IConstant
    {
        int channels = _channels;
        long at = (long)row * channels;
        BranchRow a = new(pass[0], at, image);
        BranchRow b = N.Value > 1 ? new(pass[1], at, image) : default;
        BranchRow c = N.Value > 2 ? new(pass[2], at, image) : default;
        BranchRow d = N.Value > 3 ? new(pass[3], at, image) : default;
        BranchRow e = N.Value > 4 ? new(pass[4], at, image) : default;
        BranchRow f = N.Value > 5 ? new(pass[5], at, image) : default;
        nint position = 0;
        for (int r = 0; r < rows; r++)
        {
            V total = default;
            int i = 0;
            for (; i <= channels - V.Count; i += V.Count, position += V.Count)
            {
                V value = Plus<N, M>(x, position, i, V.Count, a, b, c, d, e, f);
                total += value;
                V.Store(value, sum + position);
            }

            if (i < channels)
            {
                V value = Plus<N, M>(x, position, i, channels - i, a, b, c, d, e, f);
                total += value;
                V.StorePart(value, sum + position, channels - i);
                position += channels - i;
            }

            totals[r] = V.Sum(total);
        }
    }

    /// <summary>One vector of the sum; <paramref name="position"/> counts from the first row's start, <paramref name="i"/> from this row's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Plus<N, M>(
        float* x, nint position, nint i, int count, BranchRow a, BranchRow b, BranchRow c, BranchRow d, BranchRow e, BranchRow f)
        where N : struct, IConstant
        where M : struct, IConstant
    {
        // -0 + v is v, also where v is a zero.
        V nothing = V.Broadcast(-0f), value = Partial.Load<V>(x + position, count), branch = a.Join<M>(nothing, position, count);
        (value, branch) = a.Closes ? (a.AddTo(value, branch, i, count), nothing) : (value, branch);
        if (N.Value > 1)
        {
            branch = b.Join<M>(branch, position, count);
            (value, branch) = b.Closes ? (b.AddTo(value, branch, i, count), nothing) : (value, branch);
        }

        if (N.Value > 2)
        {
            branch = c.Join<M>(branch, position, count);
            (value, branch) = c.Closes ? (c.AddTo(value, branch, i, count), nothing) : (value, branch);
        }

        if (N.Value > 3)
        {
            branch = d.Join<M>(branch, position, count);
            (value, branch) = d.Closes ? (d.AddTo(value, branch, i, count), nothing) : (value, branch);
        }

        if (N.Value > 4)
        {
            branch = e.Join<M>(branch, position, count);
            (value, branch) = e.Closes ? (e.AddTo(value, branch, i, count), nothing) : (value, branch);
        }

        if (N.Value > 5)
        {
            branch = f.Join<M>(branch, position, count);
            (value, branch) = f.Closes ? (f.AddTo(value, branch, i, count), nothing) : (value, branch);
        }

        return value;
    }

    private readonly struct BranchTerm(ResidualTerm term, bool closes)
    {
        public readonly Term Term = new(term);
        public readonly float Weight = term.Weight;
        public readonly float* Scalar = (float*)term.Scalar.Address;
        public readonly bool Closes = closes;
    }

    /// <summary>A term from some row on, its factor, and the gate of that row's image.</summary>
    private readonly struct BranchRow(in BranchTerm term, long at, int image)
    {
        private readonly bool _isConverted = term.Term.IsConverted;
        private readonly float* _source = term.Term.IsConverted ? (float*)((ushort*)term.Term.Source + at) : term.Term.Source + at;
        private readonly float* _gate = term.Term.Gate == null ? null : term.Term.Gate + Math.Min(image, term.Term.LastGate) * term.Term.GateStride;
        private readonly V _factor = V.Broadcast(term.Scalar == null ? term.Weight : term.Weight * *term.Scalar);

        /// <summary>Whether this is the last term of its branch.</summary>
        public readonly bool Closes = term.Closes;

        /// <summary>The branch with this term.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Join<M>(V branch, nint position, int count)
            where M : struct, IConstant
        {
            if (M.Value > 0 && _isConverted)
            {
                ushort* source = (ushort*)_source + position;
                Prefetch.Line((float*)(source + PrefetchDistance));
                return V.MultiplyAdd(_factor, BFloat16.Load<V>(source, count), branch);
            }

            Prefetch.Line(_source + position + PrefetchDistance);
            return V.MultiplyAdd(_factor, Partial.Load<V>(_source + position, count), branch);
        }

        /// <summary>A vector of the stream with the branch, gated.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V AddTo(V value, V branch, nint i, int count) =>
            _gate == null ? value + branch : V.MultiplyAdd(Partial.Load<V>(_gate + i, count), branch, value);
    }
}
