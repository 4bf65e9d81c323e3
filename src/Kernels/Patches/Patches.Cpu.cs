namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void PatchifyCore(Tensor image, Tensor patches, int patchSize, int leadingTokens)
    {
        RequireOwn(nameof(Patchify), DType.F32, image, patches);
        Enqueue(new PatchesArguments(image, patches, patchSize, leadingTokens, PatchesDirection.Patchify));
    }

    /// <inheritdoc/>
    protected override void UnpatchifyCore(Tensor tokens, Tensor image, int patchSize, int leadingTokens)
    {
        RequireOwn(nameof(Unpatchify), DType.F32, tokens, image);
        Enqueue(new PatchesArguments(image, tokens, patchSize, leadingTokens, PatchesDirection.Unpatchify));
    }
}
