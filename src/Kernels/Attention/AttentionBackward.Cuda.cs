using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    protected override void AttentionBackwardCore(Tensor qkv, Tensor dy, Tensor dQkv, int heads)
    {
        const string Op = nameof(AttentionBackward);
        RequireType(Op, StorageType, qkv, dy, dQkv);
        int batch = dy.Shape[0], tokens = dy.Shape[1], channels = dy.Columns, headWidth = channels / heads;
        const int Widest = PlainAttentionKernel.MaxHeadWidth;
        Require(headWidth <= Widest, Op, $"heads of {headWidth} (at most {Widest})");
        Require(heads <= MaxGridExtent && batch <= MaxGridExtent, Op, $"{heads} heads, {batch} images (at most {MaxGridExtent} of each)");
        BeginOp(
            Op,
            flops: 10L * batch * heads * tokens * tokens * headWidth,
            bytes: 7L * batch * tokens * channels * StorageType.Size());

        CUdeviceptr statistics = Scratch(Op, (long)batch * heads * tokens * AttentionBackwardKernel.Statistics * sizeof(float));
        if (FlashBackward.For(StorageType, headWidth) is { } flash && Alignment16.Holds(qkv, dy, dQkv))
        {
            int shared = FlashAttentionKernel.SharedBytes(headWidth);
            Backward(flash.ForQueries, FlashBackwardKernel.RowsPerBlock, shared, shared, isPlain: false);
            Backward(flash.ForKeys, FlashBackwardKernel.RowsPerBlock, shared, shared, isPlain: false);
            return;
        }

        int queryBytes = AttentionBackwardKernel.QueryBytes(headWidth), keyBytes = AttentionBackwardKernel.KeyBytes(headWidth);
        Require(
            keyBytes <= _sharedBytesPerBlock,
            Op,
            $"heads of {headWidth} need {keyBytes} bytes of shared memory, {Name} grants {_sharedBytesPerBlock}");
        int mostQuery = Math.Min(AttentionBackwardKernel.QueryBytes(Widest), _sharedBytesPerBlock);
        int mostKey = Math.Min(AttentionBackwardKernel.KeyBytes(Widest), _sharedBytesPerBlock);
        Backward(AttentionBackwardKernel.ForQueries, AttentionBackwardKernel.RowsPerBlock, queryBytes, mostQuery, isPlain: true);
        Backward(AttentionBackwardKernel.ForKeys, AttentionBackwardKernel.RowsPerBlock, keyBytes, mostKey, isPlain: true);

        void Backward(KernelTemplate kernel, int rowsPerBlock, int sharedBytes, int maxSharedBytes, bool isPlain)
        {
            KernelParameters parameters = new(stackalloc byte[64]);
            parameters.Add(Address(qkv));
            parameters.Add(Address(dy));
            parameters.Add(Address(dQkv));
            parameters.Add(statistics);
            parameters.Add(tokens);
            parameters.Add(channels);
            if (isPlain)
            {
                parameters.Add(headWidth);
            }

            parameters.Add((float)(Math.Log2(Math.E) / Math.Sqrt(headWidth)));
            parameters.Add((float)(1 / Math.Sqrt(headWidth)));
            Launch(kernel, new LaunchSize(Blocks(tokens, rowsPerBlock), heads, batch), sharedBytes, maxSharedBytes, parameters.Packed);
        }
    }
}
