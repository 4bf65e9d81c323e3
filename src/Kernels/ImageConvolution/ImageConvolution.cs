namespace L2c.Kernels;

public abstract partial class Device
{
    /// <summary>y[b,o,i,j] = bias[o] + sum_{c,p,q} weight[o,c,p,q] x[b,c, i + p - 1, j + q - 1], zeros outside the image: a 3x3 convolution between
    /// images of few channels.</summary>
    /// <param name="x">[B,C,H,W], contiguous, fp32.</param>
    /// <param name="weight">[O,C,3,3], contiguous, as PyTorch stores it.</param>
    /// <param name="bias">[O], or none.</param>
    /// <param name="y">[B,O,H,W], contiguous, fp32; must not overlap x.</param>
    /// <remarks>
    /// Numbers  fp32: a chain of multiply-adds from the bias over c, p and q.
    /// Traffic  (C + O) B H W values. Nothing is blocked for many channels: U-ViT ends with it, on the 3 or 4 channels of the output.
    /// Source   Bao et al. 2022, U-ViT: libs/uvit.py, final_layer.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void ImageConvolution(Tensor x, Tensor weight, Tensor bias, Tensor y)
    {
        const string Op = nameof(ImageConvolution);
        RequireConvolution(Op, "x", x, weight, "y", y);
        Require(bias.IsNone || bias.Shape.Count == y.Shape[1], Op, $"bias {bias.Shape} does not match y {y.Shape} (O must agree)");
        ImageConvolutionCore(x, weight, bias, y);
    }

    /// <summary>dx[b,c,i,j] = sum_{o,p,q} weight[o,c,p,q] dy[b,o, i + 1 - p, j + 1 - q], zeros outside the image: the gradient of
    /// <see cref="ImageConvolution"/> to its input.</summary>
    /// <param name="dy">[B,O,H,W], contiguous, fp32.</param>
    /// <param name="weight">[O,C,3,3], contiguous: that of the forward.</param>
    /// <param name="dx">[B,C,H,W], contiguous, fp32; must not overlap dy.</param>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void ImageConvolutionBackward(Tensor dy, Tensor weight, Tensor dx)
    {
        RequireConvolution(nameof(ImageConvolutionBackward), "dx", dx, weight, "dy", dy);
        ImageConvolutionBackwardCore(dy, weight, dx);
    }

    private static void RequireConvolution(string op, string xName, Tensor x, Tensor weight, string yName, Tensor y)
    {
        Require(
            x.Shape.Rank == 4 && y.Shape.Rank == 4 && x.IsContiguous && y.IsContiguous, op,
            $"{xName} {x.Shape} and {yName} {y.Shape} must be [B,C,H,W] and [B,O,H,W], contiguous");
        Require(
            weight.Shape.Rank == 4 && weight.IsContiguous && weight.Shape[2] == 3 && weight.Shape[3] == 3, op,
            $"weight {weight.Shape} must be [O,C,3,3], contiguous");
        Require(
            x.Shape[0] == y.Shape[0] && x.Shape[2] == y.Shape[2] && x.Shape[3] == y.Shape[3], op,
            $"{xName} {x.Shape} does not match {yName} {y.Shape} (B, H and W must agree)");
        Require(
            weight.Shape[0] == y.Shape[1] && weight.Shape[1] == x.Shape[1], op,
            $"weight {weight.Shape} does not match {xName} {x.Shape} and {yName} {y.Shape} (C and O must agree)");
    }

    /// <summary>The device's form of <see cref="ImageConvolution"/>; shapes have been checked.</summary>
    protected abstract void ImageConvolutionCore(Tensor x, Tensor weight, Tensor bias, Tensor y);

    /// <summary>The device's form of <see cref="ImageConvolutionBackward"/>; shapes have been checked.</summary>
    protected abstract void ImageConvolutionBackwardCore(Tensor dy, Tensor weight, Tensor dx);
}

/// <summary>Where the taps of a 3x3 convolution lie in a weight [O,C,3,3]: value (p, q) of output a and input c is at
/// a Output + c Input + First + (3 p + q) Step.</summary>
/// <remarks>The gradient to the input is a convolution, too: with the two channels exchanged and the taps in reverse.</remarks>
internal readonly record struct ConvolutionTaps(int Output, int Input, int First, int Step)
{
    /// <summary>Taps of one pair of channels.</summary>
    public const int Count = 9;

    /// <summary>y from x.</summary>
    public static ConvolutionTaps Forward(Tensor weight) => new(weight.Shape[1] * Count, Count, 0, 1);

    /// <summary>dx from dy.</summary>
    public static ConvolutionTaps Backward(Tensor weight) => new(Count, weight.Shape[1] * Count, Count - 1, -1);
}
