namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void ConvertCore(Tensor x, Tensor y)
    {
        RequireOwn(nameof(Convert), DType.F32, x);
        RequireOwn(nameof(Convert), DType.BF16, y);
        Enqueue(new ConvertArguments(x, y));
    }
}
