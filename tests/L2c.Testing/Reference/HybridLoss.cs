using System.Numerics;

namespace L2c.Testing;

/// <summary>The tables of one image's timestep.</summary>
/// <param name="XToX0">x0 = XToX0 x - EpsToX0 eps.</param>
/// <param name="EpsToX0">See <paramref name="XToX0"/>.</param>
/// <param name="MeanX0">Posterior mean = MeanX0 x0 + MeanX x.</param>
/// <param name="MeanX">See <paramref name="MeanX0"/>.</param>
/// <param name="MinLogVariance">The posterior's, clipped.</param>
/// <param name="MaxLogVariance">log beta.</param>
/// <param name="IsFirst">Whether it is timestep 0.</param>
/// <param name="ErrorWeight">Weight of the squared error in the loss.</param>
public sealed record ReferenceTimestep(
    float XToX0, float EpsToX0, float MeanX0, float MeanX, float MinLogVariance, float MaxLogVariance, bool IsFirst, float ErrorWeight = 1);

public static partial class Reference
{
    /// <summary>Mean squared error of eps, and the bound's term in bits with the mean held constant; gradient of the mean over images of their
    /// sum, the error times its weight.</summary>
    /// <param name="output">[B,2C,H,W]: eps, then v.</param>
    /// <param name="noise">[B,C,H,W].</param>
    /// <param name="x0">[B,C,H,W].</param>
    /// <param name="xt">[B,C,H,W].</param>
    /// <param name="timesteps">One per image.</param>
    /// <returns>[B,2] (mse, vb) and [B,2C,H,W].</returns>
    public static (T[] Losses, T[] DOutput) HybridLoss<T>(float[] output, float[] noise, float[] x0, float[] xt, ReferenceTimestep[] timesteps)
        where T : IFloatingPointIeee754<T>
    {
        int images = timesteps.Length, size = x0.Length / images;
        var losses = new T[2 * images];
        var dOutput = new T[output.Length];
        T count = T.CreateChecked(size), ln2 = Of<T>(Math.Log(2)), all = T.CreateChecked(x0.Length);
        for (int i = 0; i < x0.Length; i++)
        {
            int image = i / size, at = image * 2 * size + i % size;
            ReferenceTimestep step = timesteps[image];
            T eps = Of<T>(output[at]), difference = eps - Of<T>(noise[i]);
            losses[2 * image] += difference * difference / count;
            dOutput[at] = Of<T>(step.ErrorWeight) * Of<T>(2.0) * difference / all;

            T min = Of<T>(step.MinLogVariance), max = Of<T>(step.MaxLogVariance), fraction = (Of<T>(output[at + size]) + T.One) / Of<T>(2.0);
            T logVariance = fraction * max + (T.One - fraction) * min;
            T predicted = Of<T>(step.XToX0) * Of<T>(xt[i]) - Of<T>(step.EpsToX0) * eps;
            T mean = Of<T>(step.MeanX0) * predicted + Of<T>(step.MeanX) * Of<T>(xt[i]);
            T trueMean = Of<T>(step.MeanX0) * Of<T>(x0[i]) + Of<T>(step.MeanX) * Of<T>(xt[i]);
            (T nats, T slope) = step.IsFirst ? NegativeLogLikelihood(Of<T>(x0[i]), mean, logVariance) : Divergence(trueMean, min, mean, logVariance);
            losses[2 * image + 1] += nats / ln2 / count;
            dOutput[at + size] = slope * (max - min) / Of<T>(2.0) / ln2 / all;
        }

        return (losses, dOutput);
    }

    /// <summary>KL of two normal distributions in nats, and its derivative by the second's log variance.</summary>
    public static (T Nats, T Slope) Divergence<T>(T mean1, T logVariance1, T mean2, T logVariance2)
        where T : IFloatingPointIeee754<T>
    {
        T ratio = T.Exp(logVariance1 - logVariance2), square = (mean1 - mean2) * (mean1 - mean2) * T.Exp(-logVariance2), half = Of<T>(0.5);
        return (half * (logVariance2 - logVariance1 + ratio - T.One + square), half * (T.One - ratio - square));
    }

    /// <summary>-log of the mass that a normal distribution gives to the grid value at x (256 values in [-1,1], the outer two with their tails) in
    /// nats, and its derivative by the log variance. The normal CDF is (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3))) / 2; masses are cut at 1e-12, with
    /// derivative 0.</summary>
    public static (T Nats, T Slope) NegativeLogLikelihood<T>(T x, T mean, T logVariance)
        where T : IFloatingPointIeee754<T>
    {
        T inverse = T.Exp(Of<T>(-0.5) * logVariance), halfStep = Of<T>(1 / 255.0), edge = Of<T>(0.999f);
        (T above, T slopeAbove) = Cumulative(inverse * (x - mean + halfStep));
        (T below, T slopeBelow) = Cumulative(inverse * (x - mean - halfStep));
        (T mass, T slope) = x < -edge ? (above, slopeAbove) : x > edge ? (T.One - below, -slopeBelow) : (above - below, slopeAbove - slopeBelow);
        T least = Of<T>(1e-12);
        return mass < least ? (-T.Log(least), T.Zero) : (-T.Log(mass), -slope / mass);
    }

    // The CDF at z, and its derivative by the log variance: dz = -z/2.
    private static (T Value, T Slope) Cumulative<T>(T z)
        where T : IFloatingPointIeee754<T>
    {
        T factor = Of<T>(Math.Sqrt(2 / Math.PI)), cubic = Of<T>(0.044715), half = Of<T>(0.5);
        T h = T.Tanh(factor * (z + cubic * z * z * z));
        return (half * (T.One + h), half * (T.One - h * h) * factor * (T.One + Of<T>(3.0) * cubic * z * z) * -half * z);
    }
}
