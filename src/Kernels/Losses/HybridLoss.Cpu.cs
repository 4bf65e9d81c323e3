namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void HybridLossCore(Tensor output, Tensor noise, Tensor x0, Tensor xt, Tensor table, Tensor dOutput, Tensor losses)
    {
        RequireOwn(nameof(HybridLoss), DType.F32, output, noise, x0, xt, table, dOutput, losses);
        Enqueue(new HybridLossArguments(output, noise, x0, xt, table, dOutput, losses));
    }
}
