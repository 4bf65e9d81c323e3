using L2c.Kernels.Cuda;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    protected override void ImageConvolutionCore(Tensor x, Tensor weight, Tensor bias, Tensor y) =>
        Convolve(nameof(ImageConvolution), x, weight, ConvolutionTaps.Forward(weight), bias, y);

    /// <inheritdoc/>
    protected override void ImageConvolutionBackwardCore(Tensor dy, Tensor weight, Tensor dx) =>
        Convolve(nameof(ImageConvolutionBackward), dy, weight, ConvolutionTaps.Backward(weight), default, dx);

    private void Convolve(string op, Tensor x, Tensor weight, ConvolutionTaps taps, Tensor bias, Tensor y)
    {
        RequireType(op, DType.F32, x, y);
        RequireType(op, StorageType, weight, bias);
        int count = RequireInt32(op, y), inputs = x.Shape[1];
        BeginOp(op, flops: 2L * ConvolutionTaps.Count * inputs * count, bytes: (x.Shape.Count + count) * sizeof(float));
        KernelParameters parameters = new(stackalloc byte[128]);
        parameters.Add(Address(x));
        parameters.Add(Address(weight));
        parameters.Add(taps.Output);
        parameters.Add(taps.Input);
        parameters.Add(taps.First);
        parameters.Add(taps.Step);
        parameters.Add(Address(bias));
        parameters.Add(Address(y));
        parameters.Add(count);
        parameters.Add(inputs);
        parameters.Add(y.Shape[1]);
        parameters.Add(y.Shape[2]);
        parameters.Add(y.Shape[3]);
        Launch(ImageConvolutionKernel.Template, BlocksOf(count, ImageConvolutionKernel.Threads), parameters.Packed);
    }
}
