using L2c.Native;

namespace L2c.Kernels;

// Scaffold of the branch: each op's own file replaces its line here, and this file goes with the last of them.
public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    protected override void LinearCore(Tensor x, Matrix weight, Tensor bias, Tensor y, Activation activation) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void ConditioningCore(Tensor time, Tensor table, Tensor labels, Tensor c, Tensor silu) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void GatherRowsCore(Tensor source, Tensor rows, Tensor destination) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void PatchifyCore(Tensor image, Tensor patches, int patchSize) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void UnpatchifyCore(Tensor tokens, Tensor image, int patchSize) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void ResidualNormCore(Tensor xIn, ReadOnlySpan<ResidualTerm> terms, Tensor xOut, Norm norm, Tensor y) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void SamplerUpdateCore(
        Tensor output, Tensor guidanceScale, int guidedChannels, in SamplerCoefficients coefficients, Tensor noise, Tensor x, Tensor x0, Tensor guided) =>
        throw new NotSupportedException();

    private static void OpenMatmul(ICublasLt cublasLt) => _ = cublasLt;

    private static void CloseMatmul()
    {
    }
}
