namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void ResidualNormCore(Tensor xIn, ReadOnlySpan<ResidualTerm> terms, Tensor xOut, Norm norm, Tensor y)
    {
        RequireOwn(nameof(ResidualNorm), DType.F32, xIn, xOut, norm.Scale, norm.Shift, y);
        foreach (ResidualTerm term in terms)
        {
            RequireOwn(nameof(ResidualNorm), term.IsConverted ? DType.BF16 : DType.F32, term.Source);
            RequireOwn(nameof(ResidualNorm), DType.F32, term.Gate, term.Scalar);
        }

        Enqueue(new ResidualNormArguments(xIn, terms.ToArray(), xOut, norm, y));
    }
}
