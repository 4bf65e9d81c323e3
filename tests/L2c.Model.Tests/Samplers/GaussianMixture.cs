using L2c.Model.Samplers;

namespace L2c.Model.Tests.Samplers;

/// <summary>Data of which every diffused score is known: numbers from a mixture of two normal distributions, under the continuous variance-preserving
/// process with β from 0.1 to 20 (Song et al. 2021, score-based generative modeling, appendix C).</summary>
internal static class GaussianMixture
{
    private const double BetaMin = 0.1, BetaMax = 20;

    private static readonly (double Weight, double Mean, double Deviation)[] _parts = [(0.4, -0.6, 0.3), (0.6, 0.8, 0.5)];

    /// <summary>The process as samplers take it.</summary>
    public static ContinuousSchedule Process { get; } = new LinearSchedule();

    /// <summary>α_t, t in [0, 1].</summary>
    public static double Alpha(double t) => Math.Exp(LogAlpha(t));

    /// <summary>σ_t = √(1 - α_t²).</summary>
    public static double Sigma(double t) => Math.Sqrt(-Math.Exp(2 * LogAlpha(t)) + 1);

    /// <summary>λ_t = ln(α_t / σ_t).</summary>
    public static double Lambda(double t) => Math.Log(Alpha(t) / Sigma(t));

    /// <summary>t of a λ.</summary>
    public static double Time(double lambda)
    {
        double logAlpha = -0.5 * Math.Log(1 + Math.Exp(-2 * lambda)), half = BetaMin / 2, quarter = (BetaMax - BetaMin) / 4;
        return (-half + Math.Sqrt((half * half) - (4 * quarter * logAlpha))) / (2 * quarter);
    }

    /// <summary>What a perfect network answers: ε = -σ_t times the score of x_t.</summary>
    public static double Eps(double x, double t)
    {
        (double alpha, double sigma) = (Alpha(t), Sigma(t));
        (double density, double slope) = (0, 0);
        foreach ((double weight, double mean, double deviation) in _parts)
        {
            double variance = (alpha * alpha * deviation * deviation) + (sigma * sigma), distance = x - (alpha * mean);
            double part = weight / Math.Sqrt(variance) * Math.Exp(-distance * distance / (2 * variance));
            density += part;
            slope -= part * distance / variance;
        }

        return -sigma * slope / density;
    }

    /// <summary>The data that ε says lie behind x.</summary>
    public static double X0(double x, double t) => (x - (Sigma(t) * Eps(x, t))) / Alpha(t);

    /// <summary>Times from one to another at equal distances of λ, one more than steps.</summary>
    public static double[] Grid(double from, double to, int steps)
    {
        (double first, double last) = (Lambda(from), Lambda(to));
        return [.. Enumerable.Range(0, steps + 1).Select(i => Time(first + ((last - first) * i / steps)))];
    }

    private static double LogAlpha(double t) => -(((BetaMax - BetaMin) * t * t / 4) + (BetaMin * t / 2));

    /// <summary>In double precision, rounded once. A network of this process is given t itself.</summary>
    private sealed class LinearSchedule : ContinuousSchedule
    {
        public override float Alpha(float t) => (float)GaussianMixture.Alpha(t);

        public override float Sigma(float t) => (float)GaussianMixture.Sigma(t);

        public override float Lambda(float t) => (float)GaussianMixture.Lambda(t);

        public override float Time(float lambda) => (float)GaussianMixture.Time(lambda);

        public override float NetworkTime(float t) => t;
    }
}
