using L2c.Kernels.Cuda;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    /// <remarks>
    /// A launch adds up to <see cref="SingleTerms.Max"/> terms, or <see cref="WeightedTerms.Max"/> where any has a factor, joins another or is of
    /// another type, and only whole branches. More take further launches, each of which rounds the sum so far to the storage type, in xOut or,
    /// without one, in y.
    /// </remarks>
    protected override void ResidualNormCore(Tensor xIn, ReadOnlySpan<ResidualTerm> terms, Tensor xOut, Norm norm, Tensor y)
    {
        RequireType(nameof(ResidualNorm), StorageType, xIn, xOut, norm.Scale, norm.Shift, y);
        Tensor sum = xOut.IsNone ? y : xOut;
        TermsForm form = ResidualTerm.AnyConverted(terms) ? TermsForm.Mixed
            : ResidualTerm.AreUnweighted(terms) ? TermsForm.Single
            : TermsForm.Weighted;
        int limit = form != TermsForm.Single ? WeightedTerms.Max : SingleTerms.Max, count = ResidualTerm.WholeBranches(terms, limit), launches = 1;
        long sourceBytes = 0;
        foreach (ResidualTerm term in terms)
        {
            RequireType(nameof(ResidualNorm), term.IsConverted ? DType.BF16 : StorageType, term.Source);
            RequireType(nameof(ResidualNorm), StorageType, term.Gate);
            sourceBytes += term.Source.DType.Size();
            RequireType(nameof(ResidualNorm), DType.F32, term.Scalar);
        }

        for (int added = count; added < terms.Length; added += ResidualTerm.WholeBranches(terms[added..], limit))
        {
            launches++;
        }

        long passes = launches + (xOut.IsNone ? 0 : 1) + (y.IsNone ? 0 : 1) + (launches - 1);
        BeginOp(nameof(ResidualNorm), flops: 0, bytes: ((passes * StorageType.Size()) + sourceBytes) * sum.Shape.Count);
        for (; count < terms.Length; count = ResidualTerm.WholeBranches(terms, limit))
        {
            LaunchResidualNorm(xIn, terms[..count], form, sum, Norm.None, default);
            xIn = sum;
            terms = terms[count..];
        }

        LaunchResidualNorm(xIn, terms, form, xOut, norm, y);
    }

    private void LaunchResidualNorm(Tensor xIn, ReadOnlySpan<ResidualTerm> terms, TermsForm form, Tensor xOut, Norm norm, Tensor y)
    {
        Shape shape = (xOut.IsNone ? y : xOut).Shape;
        int rows = shape.Rows, channels = shape.Columns;
        KernelParameters parameters = new(stackalloc byte[384]);
        parameters.Add(Address(xIn));
        parameters.Add(xIn.Rows);
        parameters.Add(Address(xOut));
        parameters.Add(Address(y));
        switch (form)
        {
            case TermsForm.Mixed: parameters.AddStructure(ToMixedTerms(terms)); break;
            case TermsForm.Weighted: parameters.AddStructure(ToWeightedTerms(terms)); break;
            default: parameters.AddStructure(ToSingleTerms(terms)); break;
        }

        AddRows(ref parameters, norm.Scale);
        AddRows(ref parameters, norm.Shift);
        parameters.Add(norm.Kind == NormKind.Modulated ? 1f : 0f);
        parameters.Add(norm.Epsilon);
        parameters.Add(shape[1]);
        parameters.Add(channels);

        bool isFast = channels % Float8.Count == 0 && channels <= ResidualNormKernel.MaxChannels
            && Alignment16.Holds(xIn, xOut, norm.Scale, norm.Shift, y) && AreAligned(terms);
        if (isFast)
        {
            parameters.Add(rows);
            int blocks = Blocks(rows, ResidualNormKernel.RowsPerBlock);
            Launch(ResidualNormKernel.For(channels, form), new LaunchSize(blocks), parameters.Packed);
        }
        else
        {
            Launch(ResidualNormPlainKernel.For(form), new LaunchSize(rows), parameters.Packed);
        }
    }

    private static bool AreAligned(ReadOnlySpan<ResidualTerm> terms)
    {
        foreach (ResidualTerm term in terms)
        {
            if (!Alignment16.Holds(term.Source, term.Gate))
            {
                return false;
            }
        }

        return true;
    }

    private static SingleTerms ToSingleTerms(ReadOnlySpan<ResidualTerm> terms)
    {
        Span<SingleTerm> all = stackalloc SingleTerm[SingleTerms.Max];
        for (int i = 0; i < all.Length; i++)
        {
            all[i] = i < terms.Length ? ToSingleTerm(terms[i].Source, terms[i].Gate) : default;
        }

        return new SingleTerms(all, terms.Length);
    }

    private static WeightedTerms ToWeightedTerms(ReadOnlySpan<ResidualTerm> terms)
    {
        Span<WeightedTerm> all = stackalloc WeightedTerm[WeightedTerms.Max];
        all.Clear();
        Tensor gate = default;
        for (int i = 0; i < terms.Length; i++)
        {
            ResidualTerm term = terms[i];
            gate = term.Joins ? gate : term.Gate;
            bool closes = i == terms.Length - 1 || !terms[i + 1].Joins;
            all[i] = new WeightedTerm(ToSingleTerm(term.Source, gate), Address(term.Scalar).Value, term.Weight, closes);
        }

        return new WeightedTerms(all, terms.Length);
    }

    private static MixedTerms ToMixedTerms(ReadOnlySpan<ResidualTerm> terms)
    {
        int converted = 0;
        for (int i = 0; i < terms.Length; i++)
        {
            converted |= terms[i].IsConverted ? 1 << i : 0;
        }

        return new MixedTerms(ToWeightedTerms(terms), converted);
    }

    private static SingleTerm ToSingleTerm(Tensor source, Tensor gate) =>
        new(Address(source).Value, Address(gate).Value, gate.IsNone ? 0 : gate.RowStride, gate.IsNone ? 0 : gate.Rows - 1);

    private static void AddRows(ref KernelParameters parameters, Tensor vectors)
    {
        parameters.Add(Address(vectors));
        parameters.Add(vectors.IsNone ? 0 : vectors.RowStride);
        parameters.Add(vectors.IsNone ? 0 : vectors.Rows - 1);
    }
}
