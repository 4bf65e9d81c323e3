using L2c.Kernels.Cuda;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    protected override void ActivateCore(Tensor x, Tensor y, Activation activation)
    {
        RequireType(nameof(Activate), StorageType, x, y);
        BeginOp(nameof(Activate), flops: 0, bytes: 2 * x.Shape.Count * StorageType.Size());
        BiasActivation(x, default, y, activation);
    }

    /// <inheritdoc/>
    protected override void ActivateBackwardCore(Tensor dy, Tensor x, Tensor dx, Activation activation)
    {
        RequireType(nameof(ActivateBackward), StorageType, dy, x, dx);
        BeginOp(nameof(ActivateBackward), flops: 0, bytes: 3 * x.Shape.Count * StorageType.Size());
        TimesSlope(dy, x, dx, activation);
    }

    // Part of an op that has begun.
    private void TimesSlope(Tensor dy, Tensor x, Tensor dx, Activation activation)
    {
        KernelParameters parameters = new(stackalloc byte[64]);
        parameters.Add(Address(dy));
        parameters.Add(dy.RowStride);
        parameters.Add(Address(x));
        parameters.Add(x.RowStride);
        parameters.Add(Address(dx));
        parameters.Add(dx.RowStride);
        parameters.Add(dx.Columns);
        parameters.Add(DeviceActivation.NumberOf(activation));
        bool isFast = dx.Columns % Float8.Count == 0 && Alignment16.Holds(dy, x, dx);
        Launch(isFast ? ActivateBackwardKernel.Fast : ActivateBackwardKernel.Plain, new LaunchSize(dx.Rows), parameters.Packed);
    }
}
