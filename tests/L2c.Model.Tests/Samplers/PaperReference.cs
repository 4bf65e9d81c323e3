using L2c.Kernels;
using L2c.Model.Samplers;

namespace L2c.Model.Tests.Samplers;

/// <summary>One sampler step in double precision, written from the papers' equations and not from the tables under test.</summary>
internal static class PaperReference
{
    /// <summary>Song et al. 2021, equations 12 and 16.</summary>
    public static double Ddim(double alphaBar, double alphaBarPrev, double eta, double x, double eps, double noise)
    {
        double sigma = eta * Math.Sqrt((1 - alphaBarPrev) / (1 - alphaBar)) * Math.Sqrt(1 - (alphaBar / alphaBarPrev));
        double predictedX0 = (x - (Math.Sqrt(1 - alphaBar) * eps)) / Math.Sqrt(alphaBar);
        double direction = Math.Sqrt(Math.Max(0, 1 - alphaBarPrev - (sigma * sigma))) * eps;
        return (Math.Sqrt(alphaBarPrev) * predictedX0) + direction + (sigma * noise);
    }

    /// <summary>Mean of Ho et al. 2020, equation 11; variance of Nichol and Dhariwal 2021, equation 15, or β (Ho et al., section 3.2).</summary>
    /// <remarks>v is the network's interpolation in [-1, 1], or null for fixed variance.</remarks>
    public static double Ddpm(double alphaBar, double alphaBarPrev, double x, double eps, double? v, double noise)
    {
        double alpha = alphaBar / alphaBarPrev;
        double beta = 1 - alpha;
        double mean = (x - (beta / Math.Sqrt(1 - alphaBar) * eps)) / Math.Sqrt(alpha);
        double betaTilde = (1 - alphaBarPrev) / (1 - alphaBar) * beta;
        double weight = ((v ?? 1) + 1) / 2;
        double variance = weight == 1 ? beta : Math.Exp((weight * Math.Log(beta)) + ((1 - weight) * Math.Log(betaTilde)));
        return mean + (Math.Sqrt(variance) * noise);
    }

    /// <summary>ᾱ of the training process by its definition.</summary>
    public static double AlphaBar(int timestep) =>
        Enumerable.Range(0, timestep + 1).Aggregate(1.0, (product, s) => product * (1 - (1e-4 + (s * (2e-2 - 1e-4) / 999))));

    /// <summary>The elementwise operation that <see cref="SamplerEvaluation"/> documents, without clipping.</summary>
    public static (double Next, double X0, double Scale) Apply(SamplerEvaluation step, double x, double eps, double v, double noise)
    {
        SamplerPrediction p = step.Prediction;
        LinearUpdate w = step.Updates.Single();
        double x0 = (p.InputToX0 * x) - (p.EpsToX0 * eps);
        double f = (v + 1) / 2;
        double draw = w.Noise * (p.LearnedVariance ? Math.Exp(0.5 * ((f * p.MaxLogVariance) + ((1 - f) * p.MinLogVariance))) : 1) * noise;
        double next = (w.X0 * x0) + (w.Eps * eps) + (w.X * x) + draw;
        double scale = Math.Abs(w.X0 * p.InputToX0 * x) + Math.Abs(w.X0 * p.EpsToX0 * eps) + Math.Abs(w.Eps * eps) + Math.Abs(w.X * x) + Math.Abs(draw);
        return (next, x0, scale);
    }
}
