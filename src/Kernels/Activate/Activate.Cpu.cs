namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void ActivateCore(Tensor x, Tensor y, Activation activation)
    {
        RequireOwn(nameof(Activate), DType.F32, x, y);
        Enqueue(new ActivateArguments(default, x, y, activation));
    }

    /// <inheritdoc/>
    protected override void ActivateBackwardCore(Tensor dy, Tensor x, Tensor dx, Activation activation)
    {
        RequireOwn(nameof(ActivateBackward), DType.F32, dy, x, dx);
        Enqueue(new ActivateArguments(dy, x, dx, activation));
    }
}
