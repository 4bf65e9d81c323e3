using System.Numerics;

namespace L2c.Testing;

/// <summary>What the network's output means in one evaluation, named as in the papers.</summary>
/// <param name="Input">The state that the network read.</param>
/// <param name="A">x0 = A input - B eps.</param>
/// <param name="B">See <paramref name="A"/>.</param>
/// <param name="LogVariances">(min, max) of a learned variance, else null.</param>
/// <param name="Clip">Whether x0 is clamped to [-1, 1] and eps recomputed.</param>
public sealed record ReferencePrediction(string Input, float A, float B, (float Min, float Max)? LogVariances = null, bool Clip = false);

/// <summary>A linear update: the target becomes the weighted sum of "x0", "eps", "noise" and states.</summary>
/// <param name="Target">The state that is set.</param>
/// <param name="Terms">In the order of the sum.</param>
public sealed record ReferenceUpdate(string Target, params (string Source, float Weight)[] Terms);

public static partial class Reference
{
    /// <summary>Classifier-free guidance u + s (e - u) on the leading channels, then the updates of one evaluation.</summary>
    /// <param name="output">[N or 2N, OC, pixels]; conditional rows first.</param>
    /// <param name="scale">s; null without guidance.</param>
    /// <param name="guidedChannels">How many channels are guided; the others use the conditional row alone.</param>
    /// <param name="prediction">The evaluation.</param>
    /// <param name="updates">All of them read the states as they are given.</param>
    /// <param name="states">[N,C,pixels] each, by name.</param>
    /// <param name="noise">[N,C,pixels], or null.</param>
    /// <param name="images">N.</param>
    /// <param name="channels">C.</param>
    /// <returns>What each target becomes, [N,C,pixels]; the output after guidance, in the shape of <paramref name="output"/>.</returns>
    public static (Dictionary<string, T[]> Targets, T[] Guided) SamplerUpdate<T>(
        float[] output,
        float? scale,
        int guidedChannels,
        ReferencePrediction prediction,
        IReadOnlyList<ReferenceUpdate> updates,
        IReadOnlyDictionary<string, float[]> states,
        float[]? noise,
        int images,
        int channels)
        where T : IFloatingPointIeee754<T>
    {
        int elements = states[prediction.Input].Length, pixels = elements / (images * channels);
        int outputChannels = output.Length / ((scale is null ? 1 : 2) * images * pixels);
        T[] guided = Guide<T>(output, scale, guidedChannels, images, outputChannels, pixels);
        var targets = updates.ToDictionary(update => update.Target, _ => new T[elements]);
        for (int i = 0; i < elements; i++)
        {
            int n = i / (channels * pixels), c = i / pixels % channels, p = i % pixels;
            T eps = guided[(n * outputChannels + c) * pixels + p];
            T scaled = Of<T>(prediction.A) * Of<T>(states[prediction.Input][i]);
            T x0 = scaled - Of<T>(prediction.B) * eps;
            if (prediction.Clip)
            {
                x0 = T.Clamp(x0, -T.One, T.One);
                eps = (scaled - x0) / Of<T>(prediction.B);
            }

            T draw = noise is null ? T.Zero : Of<T>(noise[i]);
            if (prediction.LogVariances is (float min, float max))
            {
                T f = (guided[(n * outputChannels + channels + c) * pixels + p] + T.One) / Of<T>(2.0);
                draw = T.Exp(Of<T>(0.5) * (f * Of<T>(max) + (T.One - f) * Of<T>(min))) * draw;
            }

            foreach (ReferenceUpdate update in updates)
            {
                targets[update.Target][i] = update.Terms.Aggregate(T.Zero, (sum, term) => sum + Of<T>(term.Weight) * term.Source switch
                {
                    "x0" => x0,
                    "eps" => eps,
                    "noise" => draw,
                    string state => Of<T>(states[state][i]),
                });
            }
        }

        return (targets, guided);
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
