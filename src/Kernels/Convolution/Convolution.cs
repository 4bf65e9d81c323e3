namespace L2c.Kernels;

public abstract partial class Device
{
    /// <summary>y[b,i,j,o] = act(bias[o] + sum_{p,q,c} W[o,(p,q,c)] x[b, i S + p - Top, j S + q - Left, c]), zeros outside the image; with
    /// <paramref name="accumulates"/> y[b,i,j,o] is added before the activation.</summary>
    /// <param name="x">[B,H,W,C], any row stride.</param>
    /// <param name="weight">O x (window's height, window's width, C), the channel innermost: PyTorch's [O,C,h,w] permuted to [O,h,w,C].</param>
    /// <param name="bias">[O], or none.</param>
    /// <param name="y">[B,H',W',O], any row stride, so that it may be some channels of a wider image; must not overlap x.</param>
    /// <param name="window">Size, stride S and padding; H' and W' follow from it.</param>
    /// <param name="activation">Applied in the epilogue.</param>
    /// <param name="accumulates">Whether the result is added to what y holds, as a residual connection does.</param>
    /// <remarks>
    /// Numbers  as <see cref="Linear"/> with K = h w C in the order (p, q, c).
    /// Traffic  B H W C + O K + B H' W' O elements; rows of x are read in place (CPU) or gathered through scratch memory (CUDA).
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void Convolution(
        Tensor x, Matrix weight, Tensor bias, Tensor y, Window window, Activation activation = Activation.None, bool accumulates = false)
    {
        const string Op = nameof(Convolution);
        RequireWindow(Op, x, y, window);
        Require(
            weight.Inputs == (long)window.Pixels * x.Columns && weight.Outputs == y.Columns, Op,
            $"weight [{weight.Outputs}, {weight.Inputs}] does not match x {x.Shape}, y {y.Shape} and window {window} (O, and K = h w C)");
        Require(
            bias.IsNone || bias.Shape.Count == weight.Outputs, Op,
            $"bias {bias.Shape} does not match weight [{weight.Outputs}, {weight.Inputs}] (O must agree)");
        if (window.IsPixel)
        {
            LinearCore(x, weight, bias, y, activation, accumulates);
        }
        else
        {
            ConvolutionCore(x, weight, bias, y, window, activation, accumulates);
        }
    }

    private static void RequireWindow(string op, Tensor x, Tensor y, Window window)
    {
        Require(window.IsValid, op, $"window {window}: sizes and stride must be at least 1, paddings at least 0 and smaller than the window");
        Require(x.Shape.Rank == 4 && y.Shape.Rank == 4, op, $"x {x.Shape} and y {y.Shape} must be [B,H,W,C]");
        Require(
            x.Shape[0] == y.Shape[0] && window.OutputHeight(x.Shape[1]) == y.Shape[1] && window.OutputWidth(x.Shape[2]) == y.Shape[2], op,
            $"y {y.Shape} is not what window {window} makes of x {x.Shape} (B, H' and W')");
    }

    /// <summary>The device's form of <see cref="Convolution"/> of a window of several pixels; shapes have been checked.</summary>
    protected abstract void ConvolutionCore(Tensor x, Matrix weight, Tensor bias, Tensor y, Window window, Activation activation, bool accumulates);
}
