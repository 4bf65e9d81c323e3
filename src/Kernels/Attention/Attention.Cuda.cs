using L2c.Kernels.Cuda;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    protected override void AttentionCore(Tensor qkv, Tensor y, int heads)
    {
        RequireType(nameof(Attention), StorageType, qkv, y);
        int batch = y.Shape[0], tokens = y.Shape[1], channels = y.Columns, headWidth = channels / heads;
        Require(
            heads <= MaxGridExtent && batch <= MaxGridExtent, nameof(Attention), $"{heads} heads, {batch} images (at most {MaxGridExtent} of each)");
        BeginOp(
            nameof(Attention),
            flops: 4L * batch * heads * tokens * tokens * headWidth,
            bytes: 4L * batch * tokens * channels * StorageType.Size());

        if (headWidth > PlainAttentionKernel.MaxHeadWidth)
        {
            AttentionByProducts(qkv, y, heads);
            return;
        }

        KernelParameters parameters = new(stackalloc byte[64]);
        parameters.Add(Address(qkv));
        parameters.Add(Address(y));
        parameters.Add(tokens);
        parameters.Add(channels);
        float scale = (float)(Math.Log2(Math.E) / Math.Sqrt(headWidth));
        if (FlashAttention.For(StorageType, headWidth) is { } flash && Alignment16.Holds(qkv, y))
        {
            parameters.Add(scale);
            int shared = FlashAttentionKernel.SharedBytes(headWidth);
            Launch(flash, new LaunchSize(FlashAttentionKernel.QueryBlocks(tokens), heads, batch), shared, shared, parameters.Packed);
        }
        else
        {
            parameters.Add(headWidth);
            parameters.Add(scale);
            Launch(
                PlainAttentionKernel.Template,
                new LaunchSize(Blocks(tokens, PlainAttentionKernel.QueriesPerBlock), heads, batch),
                PlainAttentionKernel.SharedBytes(headWidth),
                PlainAttentionKernel.SharedBytes(PlainAttentionKernel.MaxHeadWidth),
                parameters.Packed);
        }
    }

    private void Launch(KernelTemplate kernel, LaunchSize grid, int sharedBytes, int maxSharedBytes, ReadOnlySpan<byte> parameters) =>
        Launch(Kernel(kernel, maxSharedBytes), grid, kernel.Threads, sharedBytes, parameters);
}
