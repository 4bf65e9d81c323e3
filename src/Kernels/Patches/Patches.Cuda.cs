using L2c.Kernels.Cuda;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    protected override void PatchifyCore(Tensor image, Tensor patches, int patchSize, int leadingTokens)
    {
        RequireType(nameof(Patchify), DType.F32, image);
        RequireType(nameof(Patchify), StorageType, patches);
        int count = BeginPatches(nameof(Patchify), patches);
        KernelParameters parameters = new(stackalloc byte[64]);
        parameters.Add(Address(image));
        parameters.Add(image.Shape[0]);
        parameters.Add(Address(patches));
        AddPatches(ref parameters, count, image, patchSize, leadingTokens);
        Launch(PatchesKernel.ToPatches, BlocksOf(count, PatchesKernel.Threads), parameters.Packed);
    }

    /// <inheritdoc/>
    protected override void UnpatchifyCore(Tensor tokens, Tensor image, int patchSize, int leadingTokens)
    {
        RequireType(nameof(Unpatchify), StorageType, tokens);
        RequireType(nameof(Unpatchify), DType.F32, image);
        int count = BeginPatches(nameof(Unpatchify), tokens);
        KernelParameters parameters = new(stackalloc byte[64]);
        parameters.Add(Address(tokens));
        parameters.Add(Address(image));
        AddPatches(ref parameters, count, image, patchSize, leadingTokens);
        Launch(PatchesKernel.ToImage, BlocksOf(count, PatchesKernel.Threads), parameters.Packed);
    }

    /// <inheritdoc/>
    protected override void UnpatchifyBackwardCore(Tensor dImage, Tensor dTokens, int patchSize, int leadingTokens)
    {
        RequireType(nameof(UnpatchifyBackward), DType.F32, dImage);
        RequireType(nameof(UnpatchifyBackward), StorageType, dTokens);
        int count = BeginPatches(nameof(UnpatchifyBackward), dTokens);
        KernelParameters parameters = new(stackalloc byte[64]);
        parameters.Add(Address(dImage));
        parameters.Add(Address(dTokens));
        AddPatches(ref parameters, count, dImage, patchSize, leadingTokens);
        Launch(PatchesKernel.ToTokens, BlocksOf(count, PatchesKernel.Threads), parameters.Packed);
    }

    private int BeginPatches(string op, Tensor patches)
    {
        int count = RequireInt32(op, patches);
        BeginOp(op, flops: 0, bytes: count * (long)(sizeof(float) + StorageType.Size()));
        return count;
    }

    private static void AddPatches(ref KernelParameters parameters, int count, Tensor image, int patchSize, int leadingTokens)
    {
        parameters.Add(count);
        parameters.Add(image.Shape[1]);
        parameters.Add(image.Shape[2]);
        parameters.Add(image.Shape[3]);
        parameters.Add(patchSize);
        parameters.Add(leadingTokens);
    }

    // Kernels of one thread per element count in 32 bits.
    private static int RequireInt32(string op, Tensor tensor) => tensor.Shape.Count <= int.MaxValue - 1024
        ? (int)tensor.Shape.Count
        : throw new ArgumentException($"{op}: {tensor.Shape} has more elements than one launch counts (2^31); use smaller batches");
}
