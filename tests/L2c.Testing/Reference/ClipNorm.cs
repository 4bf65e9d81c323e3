using System.Numerics;

namespace L2c.Testing;

public static partial class Reference
{
    /// <summary>The norm of a gradient, and what it is multiplied by so that its norm is at most <paramref name="most"/>: clip_grad_norm_.</summary>
    public static (T Norm, T Scale) ClipNorm<T>(float[] g, float most)
        where T : IFloatingPointIeee754<T>
    {
        T sum = T.Zero;
        foreach (float value in g)
        {
            sum += Of<T>(value) * Of<T>(value);
        }

        T norm = T.Sqrt(sum);
        return (norm, T.Min(T.One, Of<T>(most) / (norm + Of<T>(1e-6))));
    }
}
