using System.Collections.Immutable;
using L2c.Kernels;
using L2c.Model.Caching;

namespace L2c.Model.Samplers;

/// <summary>The noise schedule of a diffusion process and the tables that its samplers read, all float64 and indexed by respaced timestep.</summary>
/// <remarks>
/// Symbols of Ho et al. 2020: β_t, α_t = 1 - β_t, ᾱ_t = ∏ α_s. Tables carry the names and the order of operations of the published
/// gaussian_diffusion.py; consumers round to float32 as that code does.
/// </remarks>
public sealed class NoiseSchedule
{
    /// <summary>Timesteps of the process that the networks are trained on.</summary>
    public const int TrainingTimesteps = 1000;

    private NoiseSchedule(ImmutableArray<double> betas, ImmutableArray<int> timestepMap)
    {
        int n = betas.Length;
        double[] alphasCumprod = new double[n];
        double product = 1;
        for (int i = 0; i < n; i++)
        {
            product *= 1 - betas[i];
            alphasCumprod[i] = product;
        }

        Betas = betas;
        TimestepMap = timestepMap;
        AlphasCumprod = [.. alphasCumprod];
        AlphasCumprodPrev = [1, .. alphasCumprod[..^1]];
        SqrtAlphasCumprod = Table(i => Math.Sqrt(AlphasCumprod[i]));
        SqrtOneMinusAlphasCumprod = Table(i => Math.Sqrt(1 - AlphasCumprod[i]));
        SqrtRecipAlphasCumprod = Table(i => Math.Sqrt(1 / AlphasCumprod[i]));
        SqrtRecipm1AlphasCumprod = Table(i => Math.Sqrt((1 / AlphasCumprod[i]) - 1));
        PosteriorVariance = Table(i => betas[i] * (1 - AlphasCumprodPrev[i]) / (1 - AlphasCumprod[i]));
        PosteriorLogVarianceClipped = Table(i => Math.Log(n == 1 ? betas[0] : PosteriorVariance[Math.Max(i, 1)]));
        PosteriorMeanCoef1 = Table(i => betas[i] * Math.Sqrt(AlphasCumprodPrev[i]) / (1 - AlphasCumprod[i]));
        PosteriorMeanCoef2 = Table(i => (1 - AlphasCumprodPrev[i]) * Math.Sqrt(1 - betas[i]) / (1 - AlphasCumprod[i]));
    }

    /// <summary>The process of DiT: 1000 timesteps, β linear from 1e-4 to 2e-2 (Ho et al. 2020, section 4).</summary>
    /// <remarks>Samplers respace it even to all 1000 timesteps, as published, which changes last bits of the float64 tables.</remarks>
    public static NoiseSchedule Linear { get; } = Of(Evenly(1e-4, 2e-2), firstTimestep: 0);

    /// <summary>The process of U-ViT: 1000 timesteps, √β linear, β from 0.00085 to 0.012, as in Stable Diffusion. U-ViT counts them from 1.</summary>
    public static NoiseSchedule ScaledLinear { get; } =
        Of(Array.ConvertAll(Evenly(Math.Sqrt(0.00085), Math.Sqrt(0.012)), root => root * root), firstTimestep: 1);

    /// <summary>Number of timesteps.</summary>
    public int Count => Betas.Length;

    /// <summary>β_t. After respacing: the variance of one jump, 1 - ᾱ_t / ᾱ of the kept timestep before it.</summary>
    public ImmutableArray<double> Betas { get; }

    /// <summary>The timestep of the training process that the network is given, 0 .. 999 or, of <see cref="ScaledLinear"/>, 1 .. 1000.</summary>
    public ImmutableArray<int> TimestepMap { get; }

    /// <summary>ᾱ_t.</summary>
    public ImmutableArray<double> AlphasCumprod { get; }

    /// <summary>ᾱ_{t-1}, with ᾱ_{-1} = 1.</summary>
    public ImmutableArray<double> AlphasCumprodPrev { get; }

    /// <summary>√ᾱ_t.</summary>
    public ImmutableArray<double> SqrtAlphasCumprod { get; }

    /// <summary>√(1 - ᾱ_t).</summary>
    public ImmutableArray<double> SqrtOneMinusAlphasCumprod { get; }

    /// <summary>√(1 / ᾱ_t).</summary>
    public ImmutableArray<double> SqrtRecipAlphasCumprod { get; }

    /// <summary>√(1 / ᾱ_t - 1).</summary>
    public ImmutableArray<double> SqrtRecipm1AlphasCumprod { get; }

    /// <summary>β̃_t, the variance of q(x_{t-1} | x_t, x_0) (Ho et al. 2020, equation 7); 0 at t = 0.</summary>
    public ImmutableArray<double> PosteriorVariance { get; }

    /// <summary>ln β̃_t, with β̃_1 in place of β̃_0 = 0. Of a process with one timestep: ln β_0 (the published code has no entry there
    /// and fails; the value is never used, because the last step adds no noise).</summary>
    public ImmutableArray<double> PosteriorLogVarianceClipped { get; }

    /// <summary>Coefficient of x_0 in the mean of q(x_{t-1} | x_t, x_0) (Ho et al. 2020, equation 7).</summary>
    public ImmutableArray<double> PosteriorMeanCoef1 { get; }

    /// <summary>Coefficient of x_t in the mean of q(x_{t-1} | x_t, x_0) (Ho et al. 2020, equation 7).</summary>
    public ImmutableArray<double> PosteriorMeanCoef2 { get; }

    /// <summary>The process that visits only some timesteps of this one, with the same ᾱ there (Nichol and Dhariwal 2021, section 4).</summary>
    /// <param name="timesteps">Indices into this schedule, strictly ascending, at least one; see <see cref="Respacing"/>.</param>
    /// <exception cref="ArgumentException">The indices are empty, out of range or not ascending.</exception>
    public NoiseSchedule Respace(IReadOnlyList<int> timesteps)
    {
        if (timesteps.Count == 0)
        {
            throw new ArgumentException("no timesteps to keep; keep at least one", nameof(timesteps));
        }

        ImmutableArray<double>.Builder betas = ImmutableArray.CreateBuilder<double>(timesteps.Count);
        ImmutableArray<int>.Builder map = ImmutableArray.CreateBuilder<int>(timesteps.Count);
        double lastAlphaCumprod = 1;
        int last = -1;
        foreach (int t in timesteps)
        {
            if (t <= last || t >= Count)
            {
                throw new ArgumentException($"timestep {t} after {last}: timesteps must ascend and be below {Count}", nameof(timesteps));
            }

            betas.Add(1 - (AlphasCumprod[t] / lastAlphaCumprod));
            map.Add(TimestepMap[t]);
            lastAlphaCumprod = AlphasCumprod[t];
            last = t;
        }

        return new NoiseSchedule(betas.MoveToImmutable(), map.MoveToImmutable());
    }

    /// <summary>x_0 from x_t and the network's ε: √(1 / ᾱ_t) x_t - √(1 / ᾱ_t - 1) ε (Ho et al. 2020, equation 15).</summary>
    /// <param name="t">Index into this schedule.</param>
    public SamplerPrediction Prediction(int t) => new()
    {
        InputToX0 = (float)SqrtRecipAlphasCumprod[t],
        EpsToX0 = (float)SqrtRecipm1AlphasCumprod[t],
    };

    /// <summary>A table of a sampler that evaluates the network once per timestep, from the last to the first.</summary>
    /// <param name="row">The row of a timestep of this schedule, and for the role that the published method gives it.</param>
    internal SamplerEvaluation[] OnePerStep(Func<int, EvaluationRole, SamplerEvaluation> row)
    {
        EvaluationRole[] roles = PublishedRoles.OnePerStep(Count);
        return [.. roles.Select((role, e) => row(PublishedRoles.RowOfOnePerStep(Count, e), role))];
    }

    /// <summary>q(x_t | x_0): √ᾱ_t x_0 + √(1 - ᾱ_t) noise (Ho et al. 2020, equation 4), in fp32 with both factors rounded to it, as
    /// published.</summary>
    /// <param name="t">Index into this schedule.</param>
    /// <param name="x0">The data.</param>
    /// <param name="noise">N(0,1), as long.</param>
    /// <param name="noised">Receives x_t, as long; may be either.</param>
    public void AddNoise(int t, ReadOnlySpan<float> x0, ReadOnlySpan<float> noise, Span<float> noised)
    {
        float signal = (float)SqrtAlphasCumprod[t], deviation = (float)SqrtOneMinusAlphasCumprod[t];
        for (int i = 0; i < noised.Length; i++)
        {
            noised[i] = (signal * x0[i]) + (deviation * noise[i]);
        }
    }

    /// <summary>A process of any β.</summary>
    /// <param name="betas">By timestep.</param>
    /// <param name="firstTimestep">What the network calls the first.</param>
    internal static NoiseSchedule Of(double[] betas, int firstTimestep) => new([.. betas], [.. Enumerable.Range(firstTimestep, betas.Length)]);

    private static double[] Evenly(double first, double last)
    {
        double increment = (last - first) / (TrainingTimesteps - 1);
        double[] values = new double[TrainingTimesteps];
        for (int i = 0; i < values.Length - 1; i++)
        {
            values[i] = first + (i * increment);
        }

        values[^1] = last;
        return values;
    }

    private ImmutableArray<double> Table(Func<int, double> entry) => [.. Enumerable.Range(0, Count).Select(entry)];
}
