using System.Numerics;
using L2c.Kernels;

namespace L2c.Testing;

public static partial class Reference
{
    /// <summary>y[b,i,j,c] = max or mean of x over the pixels of the window that lie inside the image.</summary>
    /// <param name="x">[B,H,W,C].</param>
    /// <param name="shape">Of x.</param>
    /// <param name="window">Size, stride and padding.</param>
    /// <param name="pool">Which.</param>
    /// <returns>[B,H',W',C].</returns>
    public static T[] Pooling<T>(float[] x, Shape shape, Window window, Pool pool)
        where T : IFloatingPointIeee754<T>
    {
        int channels = shape[3];
        var y = new T[shape[0] * window.OutputHeight(shape[1]) * window.OutputWidth(shape[2]) * channels];
        int at = 0;
        foreach ((int b, int i, int j) in Windows(shape, window))
        {
            int[] inside = [.. Inside(shape, window, b, i, j).Select(pixel => pixel.Pixel)];
            for (int c = 0; c < channels; c++, at++)
            {
                T value = Of<T>(x[inside[0] * channels + c]);
                foreach (int pixel in inside[1..])
                {
                    T next = Of<T>(x[pixel * channels + c]);
                    value = pool == Pool.Max ? T.Max(value, next) : value + next;
                }

                T mean = value / T.CreateChecked(inside.Length);
                y[at] = pool switch { Pool.Max => value, Pool.Average => mean, _ => T.Max(mean, T.Zero) };
            }
        }

        return y;
    }
}
