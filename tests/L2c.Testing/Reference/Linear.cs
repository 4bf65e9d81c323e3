using System.Numerics;

namespace L2c.Testing;

public static partial class Reference
{
    /// <summary>y[m,n] = act(before[m,n] + sum_k x[m,k] w[n,k] + bias[n])</summary>
    /// <param name="x">[M,K].</param>
    /// <param name="weight">[N,K].</param>
    /// <param name="bias">[N], or null.</param>
    /// <param name="inputs">K.</param>
    /// <param name="activation">Null for none.</param>
    /// <param name="before">[M,N]: what the sums begin with; null for zeros.</param>
    public static T[] Linear<T>(float[] x, float[] weight, float[]? bias, int inputs, Func<T, T>? activation = null, float[]? before = null)
        where T : IFloatingPointIeee754<T>
    {
        int rows = x.Length / inputs, outputs = weight.Length / inputs;
        var y = new T[rows * outputs];
        for (int m = 0; m < rows; m++)
        {
            for (int n = 0; n < outputs; n++)
            {
                T sum = before is null ? T.Zero : Of<T>(before[m * outputs + n]);
                for (int k = 0; k < inputs; k++)
                {
                    sum += Of<T>(x[m * inputs + k]) * Of<T>(weight[n * inputs + k]);
                }

                if (bias is not null)
                {
                    sum += Of<T>(bias[n]);
                }

                y[m * outputs + n] = activation is null ? sum : activation(sum);
            }
        }

        return y;
    }
}
