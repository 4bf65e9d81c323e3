namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    protected override void ConvolutionCore(Tensor x, Matrix weight, Tensor bias, Tensor y, Window window, Activation activation, bool accumulates) => throw new NotSupportedException(nameof(Convolution));
}
