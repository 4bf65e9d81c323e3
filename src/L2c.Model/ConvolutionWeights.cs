using L2c.Kernels;

namespace L2c.Model;

/// <summary>A convolution's weight, bias and window.</summary>
/// <param name="Weight">O x (h w C), the channel innermost, in the device's layout.</param>
/// <param name="Bias">[O].</param>
/// <param name="Window">Size, stride and padding.</param>
internal readonly record struct ConvolutionWeights(Matrix Weight, Tensor Bias, Window Window)
{
    /// <summary>Enqueues y = act(x * W + b), or y = act(y + x * W + b).</summary>
    /// <param name="device">Where the op goes.</param>
    /// <param name="x">[B,H,W,C].</param>
    /// <param name="y">[B,H',W',O].</param>
    /// <param name="activation">Applied in the epilogue.</param>
    /// <param name="accumulates">Whether the result is added to what y holds.</param>
    public void Forward(Device device, Tensor x, Tensor y, Activation activation = Activation.None, bool accumulates = false) =>
        device.Convolution(x, Weight, Bias, y, Window, activation, accumulates);
}
