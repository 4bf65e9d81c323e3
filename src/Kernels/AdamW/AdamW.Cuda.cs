using L2c.Kernels.Cuda;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    protected override void AdamWCore(Tensor weights, Tensor gradients, Tensor firstMoment, Tensor secondMoment, Tensor average, Tensor coefficients)
    {
        RequireType(nameof(AdamW), DType.F32, weights, gradients, firstMoment, secondMoment, average, coefficients);
        long count = weights.Shape.Count;
        BeginOp(nameof(AdamW), flops: 0, bytes: (average.IsNone ? 7 : 9) * count * sizeof(float));
        KernelParameters parameters = new(stackalloc byte[64]);
        parameters.Add(Address(weights));
        parameters.Add(Address(gradients));
        parameters.Add(Address(firstMoment));
        parameters.Add(Address(secondMoment));
        parameters.Add(Address(average));
        parameters.Add(Address(coefficients));
        parameters.Add(count);
        bool isFast = count % Float8.Count == 0;
        foreach (Tensor tensor in (ReadOnlySpan<Tensor>)[weights, gradients, firstMoment, secondMoment, average])
        {
            isFast &= tensor.Address % 16 == 0;
        }

        long threads = isFast ? count / Float8.Count : count;
        Launch(isFast ? AdamWKernel.Fast : AdamWKernel.Plain, BlocksOf(threads, AdamWKernel.Threads), parameters.Packed);
    }
}
