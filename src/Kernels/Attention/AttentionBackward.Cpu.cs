namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void AttentionBackwardCore(Tensor qkv, Tensor dy, Tensor dQkv, int heads)
    {
        RequireOwn(nameof(AttentionBackward), DType.F32, qkv, dy, dQkv);
        Enqueue(new AttentionBackwardArguments(qkv, dy, dQkv, heads));
    }
}
