namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void AttentionCore(Tensor qkv, Tensor y, int heads)
    {
        RequireOwn(nameof(Attention), DType.F32, qkv, y);
        Enqueue(new AttentionArguments(qkv, y, heads));
    }
}
