using L2c.Model.Samplers;

namespace L2c.Model.Training;

/// <summary>Weights of the squared error of the noise by timestep, which keep the many timesteps of little noise from outweighing the others:
/// <code>
/// SNR    = alphaBar / (1 - alphaBar)
/// weight = min(SNR, gamma) / SNR
/// </code></summary>
/// <remarks>Source: Hang et al. 2023, "Efficient Diffusion Training via Min-SNR Weighting Strategy", section 3.4, for a network that predicts the
/// noise; published with gamma = 5. The bound's term keeps its weight, as in their code.</remarks>
public static class MinSnr
{
    /// <summary>The weight of a timestep.</summary>
    /// <param name="process">With its timesteps.</param>
    /// <param name="t">Index into them.</param>
    /// <param name="gamma">Above 0; null for a weight of 1 everywhere.</param>
    public static double Weight(NoiseSchedule process, int t, double? gamma)
    {
        double snr = process.AlphasCumprod[t] / (1 - process.AlphasCumprod[t]);
        return gamma is { } most ? Math.Min(snr, most) / snr : 1;
    }
}
