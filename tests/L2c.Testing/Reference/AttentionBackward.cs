using System.Numerics;

namespace L2c.Testing;

public static partial class Reference
{
    /// <summary>The gradient of <see cref="Attention"/>: P = softmax(scale q k^T), dP = dy v^T, dS = P (dP - rowsum(P dP)) scale, dq = dS k,
    /// dk = dS^T q, dv = P^T dy.</summary>
    /// <param name="qkv">[B,T,3,H,D].</param>
    /// <param name="dy">[B,T,H,D].</param>
    /// <param name="tokens">T.</param>
    /// <param name="heads">H.</param>
    /// <param name="headWidth">D.</param>
    /// <param name="scale">Null for 1/sqrt(D).</param>
    /// <returns>dqkv: [B,T,3,H,D].</returns>
    public static T[] AttentionBackward<T>(float[] qkv, float[] dy, int tokens, int heads, int headWidth, double? scale = null)
        where T : IFloatingPointIeee754<T>
    {
        int channels = heads * headWidth, batch = dy.Length / (channels * tokens);
        T factor = Of<T>(scale ?? 1 / Math.Sqrt(headWidth));
        var dQkv = new T[qkv.Length];
        for (int b = 0; b < batch; b++)
        {
            for (int h = 0; h < heads; h++)
            {
                for (int t = 0; t < tokens; t++)
                {
                    T[] scores = new T[tokens], dWeights = new T[tokens];
                    for (int s = 0; s < tokens; s++)
                    {
                        for (int d = 0; d < headWidth; d++)
                        {
                            scores[s] += Of<T>(qkv[At(b, t, 0, h, d)]) * Of<T>(qkv[At(b, s, 1, h, d)]);
                            dWeights[s] += Slope(b, t, h, d) * Of<T>(qkv[At(b, s, 2, h, d)]);
                        }

                        scores[s] *= factor;
                    }

                    T[] weights = Softmax(scores);
                    T mean = T.Zero;
                    for (int s = 0; s < tokens; s++)
                    {
                        mean += weights[s] * dWeights[s];
                    }

                    for (int s = 0; s < tokens; s++)
                    {
                        T dScore = weights[s] * (dWeights[s] - mean) * factor;
                        for (int d = 0; d < headWidth; d++)
                        {
                            dQkv[At(b, t, 0, h, d)] += dScore * Of<T>(qkv[At(b, s, 1, h, d)]);
                            dQkv[At(b, s, 1, h, d)] += dScore * Of<T>(qkv[At(b, t, 0, h, d)]);
                            dQkv[At(b, s, 2, h, d)] += weights[s] * Slope(b, t, h, d);
                        }
                    }
                }
            }
        }

        return dQkv;

        int At(int b, int t, int part, int h, int d) => (((b * tokens + t) * 3 + part) * heads + h) * headWidth + d;

        T Slope(int b, int t, int h, int d) => Of<T>(dy[((b * tokens + t) * heads + h) * headWidth + d]);
    }
}
