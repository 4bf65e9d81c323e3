using System.Numerics;

namespace L2c.Testing;

public static partial class Reference
{
    /// <summary>dA = scale (a - b); sums[n] = sum_i (a[n,i] - b[n,i])^2</summary>
    /// <param name="a">[N, ..].</param>
    /// <param name="b">[N, ..].</param>
    /// <param name="scale">Of the gradient.</param>
    /// <param name="images">N.</param>
    public static (T[] DA, T[] Sums) SquaredError<T>(float[] a, float[] b, float scale, int images)
        where T : IFloatingPointIeee754<T>
    {
        var dA = new T[a.Length];
        var sums = new T[images];
        for (int i = 0; i < a.Length; i++)
        {
            T difference = Of<T>(a[i]) - Of<T>(b[i]);
            dA[i] = Of<T>(scale) * difference;
            sums[i / (a.Length / images)] += difference * difference;
        }

        return (dA, sums);
    }
}
