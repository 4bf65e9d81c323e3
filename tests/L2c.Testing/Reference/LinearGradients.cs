using System.Numerics;

namespace L2c.Testing;

public static partial class Reference
{
    /// <summary>dx[m,k] = sum_n dy[m,n] w[n,k]</summary>
    /// <param name="dy">[M,N].</param>
    /// <param name="weight">[N,K].</param>
    /// <param name="inputs">K.</param>
    /// <returns>[M,K].</returns>
    public static T[] LinearInputGradient<T>(float[] dy, float[] weight, int inputs)
        where T : IFloatingPointIeee754<T>
    {
        int outputs = weight.Length / inputs, rows = dy.Length / outputs;
        var dx = new T[rows * inputs];
        for (int m = 0; m < rows; m++)
        {
            for (int k = 0; k < inputs; k++)
            {
                for (int n = 0; n < outputs; n++)
                {
                    dx[m * inputs + k] += Of<T>(dy[m * outputs + n]) * Of<T>(weight[n * inputs + k]);
                }
            }
        }

        return dx;
    }

    /// <summary>dW[n,k] = sum_m dy[m,n] x[m,k]</summary>
    /// <param name="dy">[M,N].</param>
    /// <param name="x">[M,K].</param>
    /// <param name="rows">M.</param>
    /// <returns>[N,K].</returns>
    public static T[] LinearWeightGradient<T>(float[] dy, float[] x, int rows)
        where T : IFloatingPointIeee754<T>
    {
        int outputs = dy.Length / rows, inputs = x.Length / rows;
        var dWeight = new T[outputs * inputs];
        for (int n = 0; n < outputs; n++)
        {
            for (int k = 0; k < inputs; k++)
            {
                for (int m = 0; m < rows; m++)
                {
                    dWeight[n * inputs + k] += Of<T>(dy[m * outputs + n]) * Of<T>(x[m * inputs + k]);
                }
            }
        }

        return dWeight;
    }

    /// <summary>sums[n] = sum_m x[m,n]</summary>
    /// <param name="x">[M,N].</param>
    /// <param name="columns">N.</param>
    /// <returns>[N].</returns>
    public static T[] ColumnSums<T>(float[] x, int columns)
        where T : IFloatingPointIeee754<T>
    {
        var sums = new T[columns];
        for (int i = 0; i < x.Length; i++)
        {
            sums[i % columns] += Of<T>(x[i]);
        }

        return sums;
    }
}
