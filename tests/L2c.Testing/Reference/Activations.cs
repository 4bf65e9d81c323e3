using System.Numerics;

namespace L2c.Testing;

public static partial class Reference
{
    /// <summary>x / (1 + exp(-x)).</summary>
    public static T Silu<T>(T x)
        where T : IFloatingPointIeee754<T> => x / (T.One + T.Exp(-x));

    /// <summary>x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).</summary>
    public static T GeluTanh<T>(T x)
        where T : IFloatingPointIeee754<T> =>
        Of<T>(0.5) * x * (T.One + T.Tanh(Of<T>(Math.Sqrt(2 / Math.PI)) * (x + Of<T>(0.044715) * x * x * x)));

    /// <summary>x/2 (1 + erf(x / sqrt 2)).</summary>
    public static T GeluErf<T>(T x)
        where T : IFloatingPointIeee754<T> =>
        Of<T>(0.5) * x * (T.One + Of<T>(Erf(double.CreateChecked(x * Of<T>(Math.Sqrt(0.5))))));

    /// <summary>max(x, 0), NaN where x is.</summary>
    public static T Relu<T>(T x)
        where T : IFloatingPointIeee754<T> => T.Max(x, T.Zero);

    /// <summary>erf(x) to double precision: a series of positive terms below 3, the continued fraction of erfc above (Abramowitz and Stegun 7.1.6, 7.1.14).</summary>
    public static double Erf(double x)
    {
        double z = Math.Abs(x);
        double value;
        if (z < 3)
        {
            double term = z, sum = z;
            for (int n = 1; term > 1e-18 * sum; n++)
            {
                term *= 2 * z * z / (2 * n + 1);
                sum += term;
            }

            value = 2 / Math.Sqrt(Math.PI) * Math.Exp(-z * z) * sum;
        }
        else
        {
            double fraction = z;
            for (int n = 60; n > 0; n--)
            {
                fraction = z + n / 2.0 / fraction;
            }

            value = 1 - Math.Exp(-z * z) / (Math.Sqrt(Math.PI) * fraction);
        }

        return Math.CopySign(value, x);
    }
}
