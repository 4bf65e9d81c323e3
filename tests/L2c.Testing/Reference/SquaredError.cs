using System.Numerics;

namespace L2c.Testing;

public static partial class Reference
{
    /// <summary>dA = scale (a - b) and sums[n] = sum_i (a[n,i] - b[n,i])^2 over the first elements of an image; dA of the others is 0.</summary>
    /// <param name="a">[N, ..].</param>
    /// <param name="b">[N, ..].</param>
    /// <param name="counted">Elements of an image that are compared.</param>
    /// <param name="scale">Of the gradient.</param>
    /// <param name="images">N.</param>
    public static (T[] DA, T[] Sums) SquaredError<T>(float[] a, float[] b, int counted, float scale, int images)
        where T : IFloatingPointIeee754<T>
    {
        var dA = new T[a.Length];
        var sums = new T[images];
        int size = a.Length / images;
        for (int i = 0; i < a.Length; i++)
        {
            if (i % size >= counted)
            {
                continue;
            }

            T difference = Of<T>(a[i]) - Of<T>(b[i]);
            dA[i] = Of<T>(scale) * difference;
            sums[i / size] += difference * difference;
        }

        return (dA, sums);
    }
}
