using System.Numerics;
using L2c.Kernels;

namespace L2c.Testing;

public static partial class Reference
{
    /// <summary>y[b,i,j,c] = act((x[b,i,j,c] - mean[b,g]) / sqrt(variance[b,g] + epsilon) gamma[c] + beta[c]) with g = c / (C / G): over all pixels and
    /// the C / G channels of a group; the variance is the mean of the squared differences.</summary>
    /// <param name="x">[B,H,W,C].</param>
    /// <param name="shape">Of x.</param>
    /// <param name="gamma">[C].</param>
    /// <param name="beta">[C].</param>
    /// <param name="groups">G.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="activation">Null for none.</param>
    public static T[] GroupNorm<T>(
        float[] x, Shape shape, float[] gamma, float[] beta, int groups, double epsilon, Func<T, T>? activation = null)
        where T : IFloatingPointIeee754<T>
    {
        int channels = shape[3], width = channels / groups, size = shape[1] * shape[2] * channels;
        var y = new T[x.Length];
        for (int group = 0; group < shape[0] * groups; group++)
        {
            int first = group / groups * size + group % groups * width, end = first + size;
            T mean = T.Zero, variance = T.Zero, count = T.CreateChecked(shape[1] * shape[2] * width);
            for (int pixel = first; pixel < end; pixel += channels)
            {
                for (int i = pixel; i < pixel + width; i++)
                {
                    mean += Of<T>(x[i]);
                }
            }

            mean /= count;
            for (int pixel = first; pixel < end; pixel += channels)
            {
                for (int i = pixel; i < pixel + width; i++)
                {
                    variance += (Of<T>(x[i]) - mean) * (Of<T>(x[i]) - mean);
                }
            }

            T deviation = T.Sqrt(variance / count + Of<T>(epsilon));
            for (int pixel = first; pixel < end; pixel += channels)
            {
                for (int i = pixel; i < pixel + width; i++)
                {
                    T value = (Of<T>(x[i]) - mean) / deviation * Of<T>(gamma[i % channels]) + Of<T>(beta[i % channels]);
                    y[i] = activation is null ? value : activation(value);
                }
            }
        }

        return y;
    }
}
