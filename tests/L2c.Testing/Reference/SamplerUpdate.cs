using System.Numerics;

namespace L2c.Testing;

/// <summary>One sampler step's numbers, named as in the papers.</summary>
/// <param name="A">x0 = A x - B eps.</param>
/// <param name="B">See <paramref name="A"/>.</param>
/// <param name="MeanX0">mean = MeanX0 x0 + MeanEps eps + MeanX x.</param>
/// <param name="MeanEps">See <paramref name="MeanX0"/>.</param>
/// <param name="MeanX">See <paramref name="MeanX0"/>.</param>
/// <param name="Sigma">Standard deviation of the noise where it is not learned.</param>
/// <param name="LogVariances">(min, max) of a learned variance, else null.</param>
/// <param name="Clip">Whether x0 is clamped to [-1, 1] and eps recomputed.</param>
public sealed record ReferenceStep(
    float A, float B, float MeanX0, float MeanEps, float MeanX, float Sigma, (float Min, float Max)? LogVariances, bool Clip);

public static partial class Reference
{
    /// <summary>Classifier-free guidance u + s (e - u) on the leading channels, then one sampler step.</summary>
    /// <param name="output">[N or 2N, OC, pixels]; conditional rows first.</param>
    /// <param name="scale">s; null without guidance.</param>
    /// <param name="guidedChannels">How many channels are guided; the others use the conditional row alone.</param>
    /// <param name="step">The step.</param>
    /// <param name="noise">[N,C,pixels], or null.</param>
    /// <param name="x">[N,C,pixels].</param>
    /// <param name="images">N.</param>
    /// <param name="channels">C.</param>
    /// <returns>The next x and the predicted x0, [N,C,pixels]; the output after guidance, in the shape of <paramref name="output"/>.</returns>
    public static (T[] X, T[] X0, T[] Guided) SamplerUpdate<T>(
        float[] output, float? scale, int guidedChannels, ReferenceStep step, float[]? noise, float[] x, int images, int channels)
        where T : IFloatingPointIeee754<T>
    {
        int pixels = x.Length / (images * channels);
        int outputChannels = output.Length / ((scale is null ? 1 : 2) * images * pixels);
        T[] guided = Guide<T>(output, scale, guidedChannels, images, outputChannels, pixels);
        var next = new T[x.Length];
        var predicted = new T[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            int n = i / (channels * pixels), c = i / pixels % channels, p = i % pixels;
            T eps = guided[(n * outputChannels + c) * pixels + p];
            T x0 = Of<T>(step.A) * Of<T>(x[i]) - Of<T>(step.B) * eps;
            if (step.Clip)
            {
                x0 = T.Clamp(x0, -T.One, T.One);
                eps = (Of<T>(step.A) * Of<T>(x[i]) - x0) / Of<T>(step.B);
            }

            T mean = Of<T>(step.MeanX0) * x0 + Of<T>(step.MeanEps) * eps + Of<T>(step.MeanX) * Of<T>(x[i]);
            T deviation = Of<T>(step.Sigma);
            if (step.LogVariances is (float min, float max))
            {
                T f = (guided[(n * outputChannels + channels + c) * pixels + p] + T.One) / Of<T>(2.0);
                deviation = T.Exp(Of<T>(0.5) * (f * Of<T>(max) + (T.One - f) * Of<T>(min)));
            }

            predicted[i] = x0;
            next[i] = noise is null ? mean : mean + deviation * Of<T>(noise[i]);
        }

        return (next, predicted, guided);
    }

    private static T[] Guide<T>(float[] output, float? scale, int guidedChannels, int images, int outputChannels, int pixels)
        where T : IFloatingPointIeee754<T>
    {
        T[] guided = Array.ConvertAll(output, Of<T>);
        if (scale is not null)
        {
            int half = images * outputChannels * pixels;
            for (int i = 0; i < half; i++)
            {
                if (i / pixels % outputChannels < guidedChannels)
                {
                    T e = guided[i], u = guided[half + i];
                    guided[i] = guided[half + i] = u + Of<T>(scale.Value) * (e - u);
                }
            }
        }

        return guided;
    }
}
