namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void ImageConvolutionCore(Tensor x, Tensor weight, Tensor bias, Tensor y)
    {
        RequireOwn(nameof(ImageConvolution), DType.F32, x, weight, bias, y);
        Enqueue(new ImageConvolutionArguments(nameof(ImageConvolution), x, weight, ConvolutionTaps.Forward(weight), bias, y));
    }

    /// <inheritdoc/>
    protected override void ImageConvolutionBackwardCore(Tensor dy, Tensor weight, Tensor dx)
    {
        RequireOwn(nameof(ImageConvolutionBackward), DType.F32, dy, weight, dx);
        Enqueue(new ImageConvolutionArguments(nameof(ImageConvolutionBackward), dy, weight, ConvolutionTaps.Backward(weight), default, dx));
    }
}
