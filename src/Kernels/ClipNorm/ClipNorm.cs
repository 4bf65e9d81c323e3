namespace L2c.Kernels;

public abstract partial class Device
{
    /// <summary>Added to a norm that something is divided by.</summary>
    internal const float ClipEpsilon = 1e-6f;

    /// <summary>What keeps a gradient within a norm, for <see cref="AdamW"/> to multiply it by:
    /// <code>
    /// norm  = sqrt(sum_i g_i^2)
    /// scale = min(1, most / (norm + 1e-6))
    /// </code></summary>
    /// <param name="gradients">[P] F32, contiguous; not changed.</param>
    /// <param name="most">Above 0.</param>
    /// <param name="norm">[1] F32: of the gradient as it is.</param>
    /// <param name="scale">[1] F32: <see cref="AdamWCoefficient.GradientScale"/> of a step's coefficients. Not a number where the norm is none.</param>
    /// <remarks>
    /// Numbers  fp32; sums of parts of a fixed size, added in order (CPU: in double precision): the order depends on P alone.
    /// Traffic  P elements, read once. Nothing of it waits for the host.
    /// Source   Pascanu, Mikolov and Bengio 2013, section 3.2, in the form of torch.nn.utils.clip_grad_norm_.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes disagree, or the bound is not above 0.</exception>
    public void ClipNorm(Tensor gradients, float most, Tensor norm, Tensor scale)
    {
        const string Op = nameof(ClipNorm);
        Require(most > 0, Op, $"a norm of at most {most} leaves nothing; it must be above 0");
        Require(gradients.DType == DType.F32 && gradients.IsContiguous, Op, $"gradients {gradients.Shape} {gradients.DType} must be F32, contiguous");
        foreach (Tensor value in (ReadOnlySpan<Tensor>)[norm, scale])
        {
            Require(value.DType == DType.F32 && value.Shape.Count == 1, Op, $"norm and scale are one F32 value each, not {value.Shape} {value.DType}");
        }

        ClipNormCore(gradients, most, norm, scale);
    }

    /// <summary>The device's form of <see cref="ClipNorm"/>; shapes have been checked.</summary>
    protected abstract void ClipNormCore(Tensor gradients, float most, Tensor norm, Tensor scale);
}
