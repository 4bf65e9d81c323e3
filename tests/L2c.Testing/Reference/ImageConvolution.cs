using System.Numerics;

namespace L2c.Testing;

public static partial class Reference
{
    /// <summary>y[b,o,i,j] = bias[o] + sum_{c,p,q} weight[o,c,p,q] x[b,c, i + p - 1, j + q - 1], zeros outside the image.</summary>
    /// <param name="x">[B,C,H,W].</param>
    /// <param name="weight">[O,C,3,3].</param>
    /// <param name="bias">[O], or null.</param>
    /// <param name="channels">C.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <returns>[B,O,H,W].</returns>
    public static T[] ImageConvolution<T>(float[] x, float[] weight, float[]? bias, int channels, int height, int width)
        where T : IFloatingPointIeee754<T>
    {
        int batch = x.Length / (channels * height * width), outputs = weight.Length / (channels * 9);
        var y = new T[batch * outputs * height * width];
        foreach ((int b, int o, int i, int j) in Pixels(batch, outputs, height, width))
        {
            T sum = bias is null ? T.Zero : Of<T>(bias[o]);
            foreach ((int c, int p, int q) in Taps(channels))
            {
                if (i + p - 1 >= 0 && i + p - 1 < height && j + q - 1 >= 0 && j + q - 1 < width)
                {
                    sum += Of<T>(weight[((o * channels) + c) * 9 + 3 * p + q]) * Of<T>(x[((b * channels + c) * height + i + p - 1) * width + j + q - 1]);
                }
            }

            y[((b * outputs + o) * height + i) * width + j] = sum;
        }

        return y;
    }

    /// <summary>The gradient of <see cref="ImageConvolution"/> to x, by handing every gradient back to what it was computed from.</summary>
    /// <param name="dy">[B,O,H,W].</param>
    /// <param name="weight">[O,C,3,3].</param>
    /// <param name="channels">C.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <returns>[B,C,H,W].</returns>
    public static T[] ImageConvolutionBackward<T>(float[] dy, float[] weight, int channels, int height, int width)
        where T : IFloatingPointIeee754<T>
    {
        int outputs = weight.Length / (channels * 9), batch = dy.Length / (outputs * height * width);
        var dx = new T[batch * channels * height * width];
        foreach ((int b, int o, int i, int j) in Pixels(batch, outputs, height, width))
        {
            foreach ((int c, int p, int q) in Taps(channels))
            {
                if (i + p - 1 >= 0 && i + p - 1 < height && j + q - 1 >= 0 && j + q - 1 < width)
                {
                    dx[((b * channels + c) * height + i + p - 1) * width + j + q - 1] +=
                        Of<T>(weight[((o * channels) + c) * 9 + 3 * p + q]) * Of<T>(dy[((b * outputs + o) * height + i) * width + j]);
                }
            }
        }

        return dx;
    }

    private static IEnumerable<(int C, int P, int Q)> Taps(int channels) =>
        from c in Enumerable.Range(0, channels)
        from p in Enumerable.Range(0, 3)
        from q in Enumerable.Range(0, 3)
        select (c, p, q);
}
