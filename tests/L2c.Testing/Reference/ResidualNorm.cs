using System.Numerics;

namespace L2c.Testing;

public static partial class Reference
{
    /// <summary>x[b,t] + gate0[b] branch0[b,t] + gate1[b] branch1[b,t] + ...</summary>
    /// <param name="x">[B,T,C], or [T,C] for every image.</param>
    /// <param name="terms">Branches [B,T,C] with gates [B,C]; a null gate stands for 1.</param>
    /// <param name="batch">B.</param>
    /// <param name="tokens">T.</param>
    /// <param name="channels">C.</param>
    public static T[] Residual<T>(float[] x, (float[] Branch, float[]? Gate)[] terms, int batch, int tokens, int channels)
        where T : IFloatingPointIeee754<T>
    {
        var sum = new T[batch * tokens * channels];
        for (int i = 0; i < sum.Length; i++)
        {
            int b = i / (tokens * channels), c = i % channels;
            sum[i] = Of<T>(x[i % x.Length]);
            foreach ((float[] branch, float[]? gate) in terms)
            {
                sum[i] += gate is null ? Of<T>(branch[i]) : Of<T>(gate[b * channels + c]) * Of<T>(branch[i]);
            }
        }

        return sum;
    }

    /// <summary>(x - mean) / sqrt(variance + epsilon) over the last axis; the variance is the mean of the squared differences.</summary>
    public static T[] LayerNorm<T>(T[] x, int channels, double epsilon)
        where T : IFloatingPointIeee754<T>
    {
        var y = new T[x.Length];
        T count = T.CreateChecked(channels);
        for (int row = 0; row < x.Length; row += channels)
        {
            T mean = T.Zero, variance = T.Zero;
            for (int c = 0; c < channels; c++)
            {
                mean += x[row + c];
            }

            mean /= count;
            for (int c = 0; c < channels; c++)
            {
                variance += (x[row + c] - mean) * (x[row + c] - mean);
            }

            variance /= count;
            for (int c = 0; c < channels; c++)
            {
                y[row + c] = (x[row + c] - mean) / T.Sqrt(variance + Of<T>(epsilon));
            }
        }

        return y;
    }

    /// <summary>x[b,t,c] (1 + scale[b,c]) + shift[b,c]</summary>
    public static T[] Modulate<T>(T[] x, float[] scale, float[] shift, int tokens, int channels)
        where T : IFloatingPointIeee754<T> => Apply(x, scale, shift, tokens, channels, T.One);

    /// <summary>x[b,t,c] weight[c] + bias[c]</summary>
    public static T[] Affine<T>(T[] x, float[] weight, float[] bias, int channels)
        where T : IFloatingPointIeee754<T> => Apply(x, weight, bias, x.Length / channels, channels, T.Zero);

    private static T[] Apply<T>(T[] x, float[] scale, float[] shift, int tokens, int channels, T offset)
        where T : IFloatingPointIeee754<T>
    {
        var y = new T[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            int at = i / (tokens * channels) * channels + i % channels;
            y[i] = x[i] * (offset + Of<T>(scale[at])) + Of<T>(shift[at]);
        }

        return y;
    }
}
