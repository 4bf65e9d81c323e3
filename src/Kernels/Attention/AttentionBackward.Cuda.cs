using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    protected override void AttentionBackwardCore(Tensor qkv, Tensor y, Tensor dy, Tensor dQkv, int heads)
    {
        const string Op = nameof(AttentionBackward);
        RequireType(Op, StorageType, qkv, y, dy, dQkv);
        int batch = y.Shape[0], tokens = y.Shape[1], channels = y.Columns, headWidth = channels / heads;
        const int Widest = PlainAttentionKernel.MaxHeadWidth;
        int queryBytes = AttentionBackwardKernel.QueryBytes(headWidth), keyBytes = AttentionBackwardKernel.KeyBytes(headWidth);
        Require(headWidth <= Widest, Op, $"heads of {headWidth} (at most {Widest})");
        Require(
            keyBytes <= _sharedBytesPerBlock,
            Op,
            $"heads of {headWidth} need {keyBytes} bytes of shared memory, {Name} grants {_sharedBytesPerBlock}");
        Require(heads <= MaxGridExtent && batch <= MaxGridExtent, Op, $"{heads} heads, {batch} images (at most {MaxGridExtent} of each)");
        BeginOp(
            Op,
            flops: 10L * batch * heads * tokens * tokens * headWidth,
            bytes: 8L * batch * tokens * channels * StorageType.Size());

        CUdeviceptr statistics = Scratch(Op, (long)batch * heads * tokens * AttentionBackwardKernel.Statistics * sizeof(float));
        float scale = (float)(Math.Log2(Math.E) / Math.Sqrt(headWidth)), factor = (float)(1 / Math.Sqrt(headWidth));
        LaunchSize grid = new(Blocks(tokens, AttentionBackwardKernel.RowsPerBlock), heads, batch);
        KernelParameters forQueries = new(stackalloc byte[64]), forKeys = new(stackalloc byte[64]);
        forQueries.Add(Address(qkv));
        forQueries.Add(Address(dy));
        forQueries.Add(Address(dQkv));
        forQueries.Add(statistics);
        forQueries.Add(tokens);
        forQueries.Add(channels);
        forQueries.Add(headWidth);
        forQueries.Add(scale);
        forQueries.Add(factor);
        forKeys.Add(Address(qkv));
        forKeys.Add(Address(dy));
        forKeys.Add(Address(dQkv));
        forKeys.Add(statistics);
        forKeys.Add(tokens);
        forKeys.Add(channels);
        forKeys.Add(headWidth);
        forKeys.Add(scale);
        forKeys.Add(factor);
        Launch(AttentionBackwardKernel.ForQueries, grid, queryBytes, MostShared(AttentionBackwardKernel.QueryBytes(Widest)), forQueries.Packed);
        Launch(AttentionBackwardKernel.ForKeys, grid, keyBytes, MostShared(AttentionBackwardKernel.KeyBytes(Widest)), forKeys.Packed);
    }

    private int MostShared(int wanted) => Math.Min(wanted, _sharedBytesPerBlock);
}
