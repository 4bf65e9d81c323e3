namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void SquaredErrorCore(Tensor a, Tensor b, float scale, Tensor dA, Tensor sums)
    {
        RequireOwn(nameof(SquaredError), DType.F32, a, b, dA, sums);
        Enqueue(new SquaredErrorArguments(a, b, scale, dA, sums));
    }
}
