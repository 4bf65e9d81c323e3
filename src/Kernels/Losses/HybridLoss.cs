namespace L2c.Kernels;

/// <summary>Columns of the table that <see cref="Device.HybridLoss"/> reads for each image: the tables of its timestep, float64 rounded to
/// float32.</summary>
public enum HybridLossColumn
{
    /// <summary>sqrt(1 / alphaBar).</summary>
    XToX0,
    /// <summary>sqrt(1 / alphaBar - 1).</summary>
    EpsToX0,
    /// <summary>Coefficient of x0 in the posterior's mean.</summary>
    MeanX0,
    /// <summary>Coefficient of x_t in the posterior's mean.</summary>
    MeanX,
    /// <summary>log of the posterior variance, clipped: the variance at v = -1, and the true one.</summary>
    MinLogVariance,
    /// <summary>log beta: the variance at v = 1.</summary>
    MaxLogVariance,
    /// <summary>1 at timestep 0, where the bound's term is the likelihood of the data; 0 elsewhere.</summary>
    IsFirst,
    /// <summary>Weight of the squared error in the loss; 1 as published.</summary>
    ErrorWeight,
    /// <summary>How many columns there are.</summary>
    Count,
}

public abstract partial class Device
{
    /// <summary>The loss of a network that predicts noise and variance, and its gradient:
    /// <code>
    /// mse = mean (eps - noise)^2                                      over C, H, W
    /// vb  = mean KL(q(x_{t-1} | x_t, x0) || p(x_{t-1} | x_t)) / ln 2   p: mean from eps, held constant;
    ///                                                              variance exp(f max + (1 - f) min), f = (v + 1) / 2
    ///       at timestep 0: mean -log p(x0) / ln 2                      p discretised to 256 values, 1 / 127.5 apart
    /// loss = mean over images of (ErrorWeight mse + vb)
    /// </code></summary>
    /// <param name="output">[B,2C,H,W], contiguous, fp32: eps, then v.</param>
    /// <param name="noise">[B,C,H,W], contiguous, fp32: what was added.</param>
    /// <param name="x0">[B,C,H,W], contiguous, fp32: the data.</param>
    /// <param name="xt">[B,C,H,W], contiguous, fp32: the noised data.</param>
    /// <param name="table">[B, <see cref="HybridLossColumn.Count"/>], contiguous, F32, read at replay time.</param>
    /// <param name="dOutput">[B,2C,H,W], contiguous: gradient of the loss; may be output.</param>
    /// <param name="losses">[B,2] F32, contiguous: mse, without its weight, and vb of each image.</param>
    /// <remarks>
    /// Numbers  elements in fp32, sums of an image in fp32 in an order that depends on its size alone. Equal distributions have a KL of exactly 0.
    ///          The normal CDF is the published (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3))) / 2, in a form that does not cancel; probabilities
    ///          below 1e-12 count as 1e-12 and have no gradient; values of x0 beyond 0.999 have a tail. CPU: likelihoods in double precision.
    /// Traffic  7 B C H W elements.
    /// Source   Nichol and Dhariwal 2021, equations 15 and 16 and section 3.1 (L_hybrid: the mean's gradient is stopped; published weights are 1 and 1);
    ///          gaussian_diffusion.py, training_losses with LossType.MSE and ModelVarType.LEARNED_RANGE.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void HybridLoss(Tensor output, Tensor noise, Tensor x0, Tensor xt, Tensor table, Tensor dOutput, Tensor losses)
    {
        const string Op = nameof(HybridLoss);
        Shape image = x0.Shape, both = output.Shape;
        Require(both.Rank == 4 && image.Rank == 4, Op, $"output {both} and x0 {image} must be [B,2C,H,W] and [B,C,H,W]");
        bool alike = noise.Shape == image && xt.Shape == image && dOutput.Shape == both;
        Require(alike, Op, $"noise {noise.Shape}, xt {xt.Shape} and dOutput {dOutput.Shape} do not match x0 {image} and output {both}");
        bool agree = both[0] == image[0] && both[1] == 2 * image[1] && both[2] == image[2] && both[3] == image[3];
        Require(agree, Op, $"output {both} does not match x0 {image} (twice the channels, else the same)");
        bool contiguous = output.IsContiguous && noise.IsContiguous && x0.IsContiguous && xt.IsContiguous && dOutput.IsContiguous;
        Require(contiguous, Op, "images must be contiguous");
        const int Columns = (int)HybridLossColumn.Count;
        bool tableFits = table.DType == DType.F32 && table.IsContiguous && table.Rows == image[0] && table.Columns == Columns;
        Require(tableFits, Op, $"table {table.Shape} {table.DType} must be [B,{Columns}] F32, contiguous");
        bool lossesFit = losses.DType == DType.F32 && losses.IsContiguous && losses.Rows == image[0] && losses.Columns == 2;
        Require(lossesFit, Op, $"losses {losses.Shape} {losses.DType} must be [B,2] F32, contiguous");
        HybridLossCore(output, noise, x0, xt, table, dOutput, losses);
    }

    /// <summary>The device's form of <see cref="HybridLoss"/>; shapes have been checked.</summary>
    protected abstract void HybridLossCore(Tensor output, Tensor noise, Tensor x0, Tensor xt, Tensor table, Tensor dOutput, Tensor losses);
}
