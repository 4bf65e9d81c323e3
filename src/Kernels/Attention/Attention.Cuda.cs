using L2c.Kernels.Cuda;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    // Blocks of a grid in y and z.
    private const int MaxGridExtent = 65535;

    /// <inheritdoc/>
    protected override void AttentionCore(Tensor qkv, Tensor y, int heads)
    {
        RequireType(nameof(Attention), StorageType, qkv, y);
        int batch = y.Shape[0], tokens = y.Shape[1], channels = y.Columns, headWidth = channels / heads;
        Require(headWidth <= PlainAttentionKernel.MaxHeadWidth, nameof(Attention), $"heads of {headWidth} (at most {PlainAttentionKernel.MaxHeadWidth})");
        Require(heads <= MaxGridExtent && batch <= MaxGridExtent, nameof(Attention), $"{heads} heads, {batch} images (at most {MaxGridExtent} of each)");
        BeginOp(
            nameof(Attention),
            flops: 4L * batch * heads * tokens * tokens * headWidth,
            bytes: 4L * batch * tokens * channels * StorageType.Size());

        KernelParameters parameters = new(stackalloc byte[64]);
        parameters.Add(Address(qkv));
        parameters.Add(Address(y));
        parameters.Add(tokens);
        parameters.Add(channels);
        float scale = (float)(Math.Log2(Math.E) / Math.Sqrt(headWidth));
        if (FlashAttention.Has(StorageType, headWidth) && Sixteen.Divides(qkv, y))
        {
            parameters.Add(scale);
            int shared = FlashAttentionKernel.SharedBytes(headWidth);
            CudaKernel kernel = Kernel(FlashAttention.Method(StorageType, headWidth), FlashAttentionKernel.ThreadsPerBlock, shared);
            LaunchSize grid = new(Blocks(tokens, FlashAttentionKernel.QueriesPerBlock), heads, batch);
            Launch(kernel, grid, FlashAttentionKernel.ThreadsPerBlock, shared, parameters.Packed);
        }
        else
        {
            parameters.Add(headWidth);
            parameters.Add(scale);
            CudaKernel kernel = Kernel(
                PlainAttentionKernel.Template.For(StorageType),
                PlainAttentionKernel.ThreadsPerBlock,
                PlainAttentionKernel.SharedBytes(PlainAttentionKernel.MaxHeadWidth));
            LaunchSize grid = new(Blocks(tokens, PlainAttentionKernel.QueriesPerBlock), heads, batch);
            Launch(kernel, grid, PlainAttentionKernel.ThreadsPerBlock, PlainAttentionKernel.SharedBytes(headWidth), parameters.Packed);
        }
    }

    private static int Blocks(int count, int perBlock) => (count + perBlock - 1) / perBlock;
}
