using System.Numerics;

namespace L2c.Testing;

public static partial class Reference
{
    /// <summary>d/dx of x s(x) with s(x) = 1 / (1 + exp(-x)): s (1 + x (1 - s)).</summary>
    public static T SiluGradient<T>(T x)
        where T : IFloatingPointIeee754<T>
    {
        T s = T.One / (T.One + T.Exp(-x));
        return s * (T.One + x * (T.One - s));
    }

    /// <summary>d/dx of <see cref="GeluTanh"/>: (1 + h) / 2 + x/2 (1 - h^2) u', with h = tanh u.</summary>
    public static T GeluTanhGradient<T>(T x)
        where T : IFloatingPointIeee754<T>
    {
        T factor = Of<T>(Math.Sqrt(2 / Math.PI)), cubic = Of<T>(0.044715);
        T h = T.Tanh(factor * (x + cubic * x * x * x));
        return Of<T>(0.5) * (T.One + h) + Of<T>(0.5) * x * (T.One - h * h) * factor * (T.One + Of<T>(3.0) * cubic * x * x);
    }

    /// <summary>d/dx of <see cref="GeluErf"/>: Phi(x) + x phi(x).</summary>
    public static T GeluErfGradient<T>(T x)
        where T : IFloatingPointIeee754<T>
    {
        T cumulative = Of<T>(0.5) * (T.One + Of<T>(Erf(double.CreateChecked(x * Of<T>(Math.Sqrt(0.5))))));
        return cumulative + x * T.Exp(-x * x / Of<T>(2.0)) * Of<T>(1 / Math.Sqrt(2 * Math.PI));
    }

    /// <summary>d/dx of <see cref="Relu"/>: 1 above 0, 0 elsewhere, NaN where x is.</summary>
    public static T ReluGradient<T>(T x)
        where T : IFloatingPointIeee754<T> => x > T.Zero ? T.One : T.IsNaN(x) ? x : T.Zero;
}
