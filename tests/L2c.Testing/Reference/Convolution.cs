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
        T[] weights = Array.ConvertAll(weight, Of<T>), values = Array.ConvertAll(x, Of<T>);
        (int B, int I, int J)[] places = [.. Windows(shape, window)];
        Parallel.For(0, places.Length, at =>
        {
            (int Tap, int Pixel)[] inside = [.. Inside(shape, window, places[at].B, places[at].I, places[at].J)];
            for (int o = 0; o < outputs; o += 4)
            {
                int last = outputs - 1;
                int o1 = Math.Min(o + 1, last), o2 = Math.Min(o + 2, last), o3 = Math.Min(o + 3, last); // several sums, since one waits for itself
                (T s0, T s1, T s2, T s3) = (Start(o), Start(o1), Start(o2), Start(o3));
                foreach ((int tap, int pixel) in inside)
                {
                    ReadOnlySpan<T> seen = values.AsSpan(pixel * channels, channels);
                    ReadOnlySpan<T> w0 = Row(o, tap), w1 = Row(o1, tap), w2 = Row(o2, tap), w3 = Row(o3, tap);
                    for (int c = 0; c < seen.Length; c++)
                    {
                        s0 += w0[c] * seen[c];
                        s1 += w1[c] * seen[c];
                        s2 += w2[c] * seen[c];
                        s3 += w3[c] * seen[c];
                    }
                }

                (y[at * outputs + o], y[at * outputs + o1]) = (End(s0, o), End(s1, o1));
                (y[at * outputs + o2], y[at * outputs + o3]) = (End(s2, o2), End(s3, o3));
            }

            T Start(int o) => before is null ? T.Zero : Of<T>(before[at * outputs + o]);
        });
        return y;

        ReadOnlySpan<T> Row(int o, int tap) => weights.AsSpan(o * inputs + tap * channels, channels);

        T End(T sum, int o)
        {
            sum = bias is null ? sum : sum + Of<T>(bias[o]);
            return activation is null ? sum : activation(sum);
        }
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
