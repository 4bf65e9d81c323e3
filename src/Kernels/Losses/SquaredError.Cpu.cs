namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void SquaredErrorCore(Tensor a, Tensor b, int counted, float scale, Tensor dA, Tensor sums)
    {
        RequireOwn(nameof(SquaredError), DType.F32, a, b, dA, sums);
        Enqueue(new SquaredErrorArguments(a, b, counted, scale, dA, sums));
    }
}
