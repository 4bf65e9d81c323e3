namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void UnpatchifyBackwardCore(Tensor dImage, Tensor dTokens, int patchSize, int leadingTokens)
    {
        RequireOwn(nameof(UnpatchifyBackward), DType.F32, dImage, dTokens);
        Enqueue(new PatchesArguments(dImage, dTokens, patchSize, leadingTokens, PatchesDirection.UnpatchifyBackward));
    }
}
