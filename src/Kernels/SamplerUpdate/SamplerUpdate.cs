namespace L2c.Kernels;

/// <summary>One step of a sampler as numbers; see <see cref="Device.SamplerUpdate"/> for what each multiplies. fp32, as the published code uses its tables.</summary>
/// <remarks>What a sampler does not use stays 0 or false.</remarks>
public readonly record struct SamplerCoefficients
{
    /// <summary>a: sqrt(1 / alphaBar).</summary>
    public float XToX0 { get; init; }

    /// <summary>b: sqrt(1 / alphaBar - 1).</summary>
    public float EpsToX0 { get; init; }

    /// <summary>Weight of x0 in the mean.</summary>
    public float MeanX0 { get; init; }

    /// <summary>Weight of eps in the mean (DDIM).</summary>
    public float MeanEps { get; init; }

    /// <summary>Weight of x in the mean (DDPM).</summary>
    public float MeanX { get; init; }

    /// <summary>d mean / d eps, its way through x0 included, where x0 is not clamped.</summary>
    public double EpsToMean => MeanEps - ((double)MeanX0 * EpsToX0);

    /// <summary>Standard deviation where it is fixed.</summary>
    public float Sigma { get; init; }

    /// <summary>Whether the network's variance channels interpolate between the two logarithms below.</summary>
    public bool LearnedVariance { get; init; }

    /// <summary>log of the posterior variance, clipped: the variance at v = -1.</summary>
    public float MinLogVariance { get; init; }

    /// <summary>log beta: the variance at v = 1.</summary>
    public float MaxLogVariance { get; init; }

    /// <summary>Whether x0 is clamped to [-1, 1] (and eps recomputed from it).</summary>
    public bool ClipX0 { get; init; }

    /// <summary>Whether noise is added at all: false at the last step and for DDIM with eta 0. The noise need not exist then.</summary>
    public bool UsesNoise { get; init; }
}

public abstract partial class Device
{
    /// <summary>Guidance and one sampler step in one pass, in fp32:
    /// <code>
    /// eps   = guided channel: u + s (e - u); other channels: e             e: row n of output, u: row N + n
    /// x0    = a x - b eps                                                   clamped if asked, then eps = (a x - x0) / b
    /// mean  = MeanX0 x0 + MeanEps eps + MeanX x
    /// std   = learned: exp(0.5 (f max + (1 - f) min)), f = (v + 1) / 2      v: the variance channel of row n
    /// x     = mean + std noise
    /// </code></summary>
    /// <param name="output">[B,OC,H,W], the network's output: B = N without guidance, 2N with (conditional rows first). OC = C, or 2C with variance channels last.</param>
    /// <param name="guidanceScale">[1], s, read at replay time; none without guidance.</param>
    /// <param name="guidedChannels">How many leading channels are guided: 3 as published (a quirk of DiT), C for all.</param>
    /// <param name="coefficients">The step.</param>
    /// <param name="noise">[N,C,H,W]; none if the step uses none.</param>
    /// <param name="x">[N,C,H,W], updated in place: one row per image.</param>
    /// <param name="x0">[N,C,H,W], receives the predicted x0; none if not wanted.</param>
    /// <param name="guided">[B,OC,H,W], receives the output after guidance as published (guided channels equal in both halves); none if not wanted.</param>
    /// <remarks>Source   Ho and Salimans 2022, equation 6; Song et al. 2021, equation 12; Nichol and Dhariwal 2021, equation 15.</remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void SamplerUpdate(
        Tensor output,
        Tensor guidanceScale,
        int guidedChannels,
        in SamplerCoefficients coefficients,
        Tensor noise,
        Tensor x,
        Tensor x0 = default,
        Tensor guided = default)
    {
        const string Op = nameof(SamplerUpdate);
        Require(x.Shape.Rank == 4 && output.Shape.Rank == 4, Op, $"x {x.Shape} and output {output.Shape} must be [N,C,H,W] and [B,OC,H,W]");
        Require(
            output.IsContiguous && x.IsContiguous && IsContiguousOrNone(noise) && IsContiguousOrNone(x0) && IsContiguousOrNone(guided),
            Op,
            $"x {x.Shape}, output {output.Shape}, noise, x0 and guided must be contiguous");
        Require(guidanceScale.IsNone || guidanceScale.Shape.Count == 1, Op, $"guidance scale {guidanceScale.Shape} must be [1]");
        int images = x.Shape[0], channels = x.Shape[1];
        Require(output.Shape[2] == x.Shape[2] && output.Shape[3] == x.Shape[3], Op, $"output {output.Shape} does not match x {x.Shape} (H and W must agree)");
        Require(output.Shape[0] == (guidanceScale.IsNone ? images : 2 * images), Op, $"output {output.Shape} does not match x {x.Shape} (B is N, or 2N with guidance)");
        Require(output.Shape[1] == channels || output.Shape[1] == 2 * channels, Op, $"output {output.Shape} does not match x {x.Shape} (OC is C or 2C)");
        Require(!coefficients.LearnedVariance || output.Shape[1] == 2 * channels, Op, $"output {output.Shape} has no variance channels");
        Require(guidedChannels >= 0 && guidedChannels <= channels, Op, $"{guidedChannels} guided channels of {channels}");
        Require(!coefficients.UsesNoise || noise.Shape == x.Shape, Op, $"noise {noise.Shape} does not match x {x.Shape}");
        Require(x0.IsNone || x0.Shape == x.Shape, Op, $"x0 {x0.Shape} does not match x {x.Shape}");
        Require(guided.IsNone || guided.Shape == output.Shape, Op, $"guided {guided.Shape} does not match output {output.Shape}");
        SamplerUpdateCore(output, guidanceScale, guidedChannels, coefficients, noise, x, x0, guided);

        static bool IsContiguousOrNone(Tensor tensor) => tensor.IsNone || tensor.IsContiguous;
    }

    /// <summary>The device's form of <see cref="SamplerUpdate"/>; shapes have been checked.</summary>
    protected abstract void SamplerUpdateCore(
        Tensor output,
        Tensor guidanceScale,
        int guidedChannels,
        in SamplerCoefficients coefficients,
        Tensor noise,
        Tensor x,
        Tensor x0,
        Tensor guided);
}
