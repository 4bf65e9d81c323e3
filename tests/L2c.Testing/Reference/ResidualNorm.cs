using System.Numerics;

namespace L2c.Testing;

/// <summary>A term of the residual stream.</summary>
/// <param name="Source">[B,T,C].</param>
/// <param name="Gate">[B,C]; null stands for 1.</param>
/// <param name="Weight">What the source is multiplied by.</param>
/// <param name="Scalar">A further factor.</param>
/// <param name="Joins">Whether it belongs to the branch of the term before it.</param>
public sealed record ReferenceTerm(float[] Source, float[]? Gate = null, float Weight = 1, float Scalar = 1, bool Joins = false)
{
    /// <summary>weight scalar source, of one element.</summary>
    public T At<T>(int i)
        where T : IFloatingPointIeee754<T> =>
        T.CreateChecked(Weight) * T.CreateChecked(Scalar) * T.CreateChecked(Source[i]);
}

public static partial class Reference
{
    /// <summary>x[b,t] + gate0[b] branch0[b,t] + gate1[b] branch1[b,t] + ..., where a branch is the sum of weight scalar source over its terms.</summary>
    /// <param name="x">[B,T,C], or [T,C] for every image.</param>
    /// <param name="terms">In order; a branch's gate is that of its first term.</param>
    /// <param name="batch">B.</param>
    /// <param name="tokens">T.</param>
    /// <param name="channels">C.</param>
    public static T[] Residual<T>(float[] x, ReferenceTerm[] terms, int batch, int tokens, int channels)
        where T : IFloatingPointIeee754<T>
    {
        var sum = new T[batch * tokens * channels];
        for (int i = 0; i < sum.Length; i++)
        {
            int b = i / (tokens * channels), c = i % channels;
            sum[i] = Of<T>(x[i % x.Length]);
            for (int k = 0; k < terms.Length;)
            {
                ReferenceTerm first = terms[k];
                T branch = first.At<T>(i);
                for (k++; k < terms.Length && terms[k].Joins; k++)
                {
                    branch += terms[k].At<T>(i);
                }

                sum[i] += first.Gate is null ? branch : Of<T>(first.Gate[b * channels + c]) * branch;
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
