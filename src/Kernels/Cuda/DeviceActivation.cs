using System.Runtime.CompilerServices;
using ILGPU;

namespace L2c.Kernels.Cuda;

/// <summary>Activations in kernels: the forms of <see cref="Elementary"/>, with the device's power of two and reciprocal.</summary>
/// <remarks>
/// Either is within 2 ulp, so that results are as exact as naive fp32 in absolute terms. All are x times a sigmoid or a tail probability: no tanh
/// (the hardware's has 11 bits) and no cancellation. Infinities give their limits, in derivatives too, and NaN stays NaN.
/// </remarks>
internal static class DeviceActivation
{
    private const float Log2E = 1.44269504f;

    /// <summary>What the host gives a kernel for an activation.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no form of it here: it would be left out.</exception>
    public static int NumberOf(Activation activation) => activation is >= Activation.None and <= Activation.Relu
        ? (int)activation
        : throw new ArgumentOutOfRangeException(nameof(activation), activation, "has no form on CUDA");

    /// <summary>One of <see cref="Activation"/>, known at run time; the same for all threads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Apply(float x, int activation) => activation == (int)Activation.Silu ? Silu(x)
        : activation == (int)Activation.GeluTanh ? GeluTanh(x)
        : activation == (int)Activation.GeluErf ? GeluErf(x)
        : activation == (int)Activation.Relu ? Relu(x)
        : x;

    /// <summary>The same for eight values: asked once, not once for each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 Apply(Float8 x, int activation) => activation == (int)Activation.Silu ? Float8.Map<Silu>(x)
        : activation == (int)Activation.GeluTanh ? Float8.Map<GeluTanh>(x)
        : activation == (int)Activation.GeluErf ? Float8.Map<GeluErf>(x)
        : activation == (int)Activation.Relu ? Float8.Map<Relu>(x)
        : x;

    /// <summary>max(x, 0): compared, because the hardware's maximum of a number and NaN is the number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Relu(float x) => x < 0 ? 0 : x;

    /// <summary>x / (1 + exp(-x)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Silu(float x) => TimesSigmoid(x, x);

    /// <summary>GELU in its tanh form: x / (1 + exp(-2u)), u = sqrt(2/pi) (x + 0.044715 x^3).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float GeluTanh(float x) => TimesSigmoid(x, x * Fp32.MultiplyAdd(0.0713548162f, x * x, 1.59576912f));

    /// <summary>GELU exactly: max(x, 0) - z Phi(-z), z = |x|; the polynomial is that of <see cref="Elementary.GeluErf"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float GeluErf(float x)
    {
        float z = IntrinsicMath.Min(15f, IntrinsicMath.Abs(x));
        float tail = TailFactor(z) * Fp32.PowerOfTwoOrZero(z * z * (-0.5f * Log2E));

        // The hardware's maximum of a number and NaN is the number.
        return (x < 0 ? 0 : x) - Fp32.Multiply(z, tail);
    }

    /// <summary>Derivative of one of <see cref="Activation"/>, known at run time; the same for all threads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Slope(float x, int activation) => activation == (int)Activation.Silu ? SiluSlope(x)
        : activation == (int)Activation.GeluTanh ? GeluTanhSlope(x)
        : activation == (int)Activation.GeluErf ? GeluErfSlope(x)
        : activation == (int)Activation.Relu ? ReluSlope(x)
        : 1;

    /// <summary>The same for eight values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 Slope(Float8 x, int activation) => activation == (int)Activation.Silu ? Float8.Map<SiluSlope>(x)
        : activation == (int)Activation.GeluTanh ? Float8.Map<GeluTanhSlope>(x)
        : activation == (int)Activation.GeluErf ? Float8.Map<GeluErfSlope>(x)
        : activation == (int)Activation.Relu ? Float8.Map<ReluSlope>(x)
        : default(Float8) + 1;

    /// <summary>1 above 0, else 0; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ReluSlope(float x) => x > 0 ? 1 : x <= 0 ? 0 : x;

    /// <summary>s (1 + x (1 - s)), s = 1 / (1 + exp(-x)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SiluSlope(float x)
    {
        // Beyond 80 the derivative is 0 or 1, and neither power nor reciprocal leaves the exponent range before.
        x = Clamp(x, 80);
        return SigmoidSlope(x, x, 1);
    }

    /// <summary>s (1 + x (1 - s) (2u)'), s = 1 / (1 + exp(-2u)), u as in <see cref="GeluTanh"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float GeluTanhSlope(float x)
    {
        x = Clamp(x, 10);
        float square = x * x;
        return SigmoidSlope(x, x * Fp32.MultiplyAdd(0.0713548162f, square, 1.59576912f), Fp32.MultiplyAdd(0.214064449f, square, 1.59576912f));
    }

    /// <summary>Phi(x) + x phi(x), Phi the normal distribution and phi its density.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float GeluErfSlope(float x)
    {
        x = Clamp(x, 15);
        float z = IntrinsicMath.Abs(x), power = Fp32.PowerOfTwoOrZero(z * z * (-0.5f * Log2E));
        float tail = TailFactor(z) * power;
        return Fp32.MultiplyAdd(x, 0.398942280f * power, x < 0 ? tail : 1 - tail);
    }

    // s (1 + x (1 - s) slope) of s = 1 / (1 + exp(-u)); 1 - s as a product, because the difference would cancel.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SigmoidSlope(float x, float u, float slope)
    {
        float power = Fp32.PowerOfTwoOrZero(u * -Log2E), sigmoid = Fp32.Reciprocal(1f + power);
        return sigmoid * Fp32.MultiplyAdd(x * (power * sigmoid), slope, 1);
    }

    // Comparisons, because the hardware's minimum of a number and NaN is the number.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Clamp(float x, float bound) => x > bound ? bound : x < -bound ? -bound : x;

    // Phi(-z) exp(z^2 / 2), z in 0 .. 15.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float TailFactor(float z)
    {
        float t = Fp32.Reciprocal(Fp32.MultiplyAdd(z, 0.212132037f, 1f));
        float p = -0.0653854087f;
        p = Fp32.MultiplyAdd(p, t, 0.245966971f);
        p = Fp32.MultiplyAdd(p, t, -0.263075531f);
        p = Fp32.MultiplyAdd(p, t, 0.282256812f);
        p = Fp32.MultiplyAdd(p, t, -0.0534914881f);
        p = Fp32.MultiplyAdd(p, t, 0.110269509f);
        p = Fp32.MultiplyAdd(p, t, 0.0733980313f);
        p = Fp32.MultiplyAdd(p, t, 0.0854745582f);
        p = Fp32.MultiplyAdd(p, t, 0.0845865309f);
        return p * t;
    }

    // Below -150 both factors are at their limits; stopping there turns -infinity into -0 and not into NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float TimesSigmoid(float x, float u) =>
        IntrinsicMath.Max(-150f, x) * Fp32.Reciprocal(1f + Fp32.PowerOfTwoOrZero(u * -Log2E));
}
