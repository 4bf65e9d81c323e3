using System.Numerics;
using L2c.Kernels;

namespace L2c.Testing;

public static partial class Reference
{
    /// <summary>y[b,i,j,o] = act(before[b,i,j,o] + sum_{p,q,c} weight[o,p,q,c] x[b, i S + p - Top, j S + q - Left, c] + bias[o]), zeros outside the
    /// image.</summary>
    /// <param name="x">[B,H,W,C].</param>
    /// <param name="shape">Of x.</param>
    /// <param name="weight">[O,h,w,C].</param>
    /// <param name="bias">[O], or null.</param>
    /// <param name="window">h, w, stride S and padding.</param>
    /// <param name="activation">Null for none.</param>
    /// <param name="before">[B,H',W',O]: what the sums begin with; null for zeros.</param>
    /// <returns>[B,H',W',O].</returns>
    public static T[] Convolution<T>(
        float[] x, Shape shape, float[] weight, float[]? bias, Window window, Func<T, T>? activation = null, float[]? before = null)
        where T : IFloatingPointIeee754<T>
    {
        int channels = shape[3], inputs = window.Pixels * channels, outputs = weight.Length / inputs;
        var y = new T[shape[0] * window.OutputHeight(shape[1]) * window.OutputWidth(shape[2]) * outputs];
        int at = 0;
        foreach ((int b, int i, int j) in Windows(shape, window))
        {
            (int Tap, int Pixel)[] inside = [.. Inside(shape, window, b, i, j)];
            for (int o = 0; o < outputs; o++, at++)
            {
                T sum = before is null ? T.Zero : Of<T>(before[at]);
                foreach ((int tap, int pixel) in inside)
                {
                    ReadOnlySpan<float> w = weight.AsSpan(o * inputs + tap * channels, channels), values = x.AsSpan(pixel * channels, channels);
                    for (int c = 0; c < channels; c++)
                    {
                        sum += Of<T>(w[c]) * Of<T>(values[c]);
                    }
                }

                sum = bias is null ? sum : sum + Of<T>(bias[o]);
                y[at] = activation is null ? sum : activation(sum);
            }
        }

        return y;
    }

    /// <summary>Images and outputs (b, i, j) of a window, in order.</summary>
    private static IEnumerable<(int B, int I, int J)> Windows(Shape shape, Window window) =>
        from b in Enumerable.Range(0, shape[0])
        from i in Enumerable.Range(0, window.OutputHeight(shape[1]))
        from j in Enumerable.Range(0, window.OutputWidth(shape[2]))
        select (b, i, j);

    /// <summary>The pixels of a window that lie inside the image: their number in the window, and in [B,H,W].</summary>
    private static IEnumerable<(int Tap, int Pixel)> Inside(Shape shape, Window window, int b, int i, int j) =>
        from p in Enumerable.Range(0, window.Height)
        from q in Enumerable.Range(0, window.Width)
        let row = i * window.Stride + p - window.Top
        let column = j * window.Stride + q - window.Left
        where row >= 0 && row < shape[1] && column >= 0 && column < shape[2]
        select (p * window.Width + q, (b * shape[1] + row) * shape[2] + column);
}
