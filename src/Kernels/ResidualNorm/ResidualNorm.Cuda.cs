using L2c.Kernels.Cuda;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    /// <remarks>
    /// A launch adds up to <see cref="ResidualNormKernel.MaxTerms"/> branches. More take further launches, each of which rounds the sum so far to the
    /// storage type, in xOut or, without one, in y: a later branch must not be that tensor.
    /// </remarks>
    protected override void ResidualNormCore(Tensor xIn, ReadOnlySpan<ResidualTerm> terms, Tensor xOut, Norm norm, Tensor y)
    {
        RequireType(nameof(ResidualNorm), StorageType, xIn, xOut, norm.Scale, norm.Shift, y);
        Require(ResidualTerm.AreUnweighted(terms), nameof(ResidualNorm), "no weighted terms on CUDA yet");
        Tensor sum = xOut.IsNone ? y : xOut;
        for (int i = 0; i < terms.Length; i++)
        {
            RequireType(nameof(ResidualNorm), StorageType, terms[i].Source, terms[i].Gate);
            if (i >= ResidualNormKernel.MaxTerms && terms[i].Source.Address == sum.Address)
            {
                throw new ArgumentException($"ResidualNorm: branch {i} is the output {sum.Shape}, which the first branches have overwritten by then");
            }
        }

        int launches = Math.Max(1, Blocks(terms.Length, ResidualNormKernel.MaxTerms));
        long passes = terms.Length + launches + (xOut.IsNone ? 0 : 1) + (y.IsNone ? 0 : 1) + (launches - 1);
        BeginOp(nameof(ResidualNorm), flops: 0, bytes: passes * sum.Shape.Count * StorageType.Size());
        for (; terms.Length > ResidualNormKernel.MaxTerms; terms = terms[ResidualNormKernel.MaxTerms..])
        {
            LaunchResidualNorm(xIn, terms[..ResidualNormKernel.MaxTerms], sum, Norm.None, default);
            xIn = sum;
        }

        LaunchResidualNorm(xIn, terms, xOut, norm, y);
    }

    private void LaunchResidualNorm(Tensor xIn, ReadOnlySpan<ResidualTerm> terms, Tensor xOut, Norm norm, Tensor y)
    {
        Shape shape = (xOut.IsNone ? y : xOut).Shape;
        int rows = shape.Rows, channels = shape.Columns;
        KernelParameters parameters = new(stackalloc byte[256]);
        parameters.Add(Address(xIn));
        parameters.Add(xIn.Rows);
        parameters.Add(Address(xOut));
        parameters.Add(Address(y));
        bool isAligned = Sixteen.Divides(xIn, xOut, norm.Scale, norm.Shift, y);
        for (int i = 0; i < ResidualNormKernel.MaxTerms; i++)
        {
            ResidualTerm term = i < terms.Length ? terms[i] : default;
            isAligned &= Sixteen.Divides(term.Source, term.Gate);
            parameters.Add(Address(term.Source));
            AddRows(ref parameters, term.Gate);
        }

        AddRows(ref parameters, norm.Scale);
        AddRows(ref parameters, norm.Shift);
        parameters.Add(norm.Kind == NormKind.Modulated ? 1f : 0f);
        parameters.Add(norm.Epsilon);
        parameters.Add(terms.Length);
        parameters.Add(shape[1]);
        parameters.Add(channels);

        bool isFast = isAligned && channels % EightFloats.Count == 0 && channels <= ResidualNormKernel.MaxChannels;
        if (isFast)
        {
            parameters.Add(rows);
            int blocks = Blocks(rows, ResidualNormKernel.RowsPerBlock);
            Launch(ResidualNormKernel.For(channels), new LaunchSize(blocks), parameters.Packed);
        }
        else
        {
            Launch(ResidualNormPlainKernel.Template, new LaunchSize(rows), parameters.Packed);
        }
    }

    private static void AddRows(ref KernelParameters parameters, Tensor vectors)
    {
        parameters.Add(Address(vectors));
        parameters.Add(vectors.IsNone ? 0 : vectors.RowStride);
        parameters.Add(vectors.IsNone ? 0 : vectors.Rows - 1);
    }
}
