using System.Numerics;

namespace L2c.Testing;

public static partial class Reference
{
    /// <summary>y[b,t,h,:] = sum_s softmax_s(scale q[b,t,h] . k[b,s,h]) v[b,s,h,:]</summary>
    /// <param name="qkv">[B,T,3,H,D].</param>
    /// <param name="tokens">T.</param>
    /// <param name="heads">H.</param>
    /// <param name="headWidth">D.</param>
    /// <param name="scale">Null for 1/sqrt(D).</param>
    /// <returns>[B,T,H,D].</returns>
    public static T[] Attention<T>(float[] qkv, int tokens, int heads, int headWidth, double? scale = null)
        where T : IFloatingPointIeee754<T>
    {
        int channels = heads * headWidth, batch = qkv.Length / (3 * channels * tokens);
        T factor = Of<T>(scale ?? 1 / Math.Sqrt(headWidth));
        var y = new T[batch * tokens * channels];
        for (int b = 0; b < batch; b++)
        {
            for (int h = 0; h < heads; h++)
            {
                for (int t = 0; t < tokens; t++)
                {
                    var scores = new T[tokens];
                    for (int s = 0; s < tokens; s++)
                    {
                        for (int d = 0; d < headWidth; d++)
                        {
                            scores[s] += At(b, t, 0, h, d) * At(b, s, 1, h, d);
                        }

                        scores[s] *= factor;
                    }

                    T[] weights = Softmax(scores);
                    for (int s = 0; s < tokens; s++)
                    {
                        for (int d = 0; d < headWidth; d++)
                        {
                            y[((b * tokens + t) * heads + h) * headWidth + d] += weights[s] * At(b, s, 2, h, d);
                        }
                    }
                }
            }
        }

        return y;

        T At(int b, int t, int part, int h, int d) => Of<T>(qkv[(((b * tokens + t) * 3 + part) * heads + h) * headWidth + d]);
    }

    /// <summary>exp(x_i - max x) / sum_j exp(x_j - max x)</summary>
    public static T[] Softmax<T>(T[] x)
        where T : IFloatingPointIeee754<T>
    {
        T largest = x[0], sum = T.Zero;
        foreach (T value in x)
        {
            largest = T.Max(largest, value);
        }

        T[] y = Array.ConvertAll(x, value => T.Exp(value - largest));
        foreach (T value in y)
        {
            sum += value;
        }

        return Array.ConvertAll(y, value => value / sum);
    }
}
