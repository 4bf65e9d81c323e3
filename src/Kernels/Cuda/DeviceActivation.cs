using System.Runtime.CompilerServices;
using ILGPU;

namespace L2c.Kernels.Cuda;

/// <summary>Activations in kernels: the forms of <see cref="Elementary"/>, with the device's power of two and reciprocal.</summary>
/// <remarks>
/// Either is within 2 ulp, so that results are as exact as naive fp32 in absolute terms. All are x times a sigmoid or a tail probability: no tanh
/// (the hardware's has 11 bits) and no cancellation. Infinities give their limits.
/// </remarks>
internal static class DeviceActivation
{
    private const float Log2E = 1.44269504f;

    /// <summary>One of <see cref="Activation"/>, known at run time; the same for all threads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Apply(float x, int activation) => activation == (int)Activation.Silu ? Silu(x)
        : activation == (int)Activation.GeluTanh ? GeluTanh(x)
        : activation == (int)Activation.GeluErf ? GeluErf(x)
        : x;

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
        float tail = p * t * Fp32.PowerOfTwoOrZero(z * z * (-0.5f * Log2E));

        // The hardware's maximum of a number and NaN is the number.
        return (x < 0 ? 0 : x) - Fp32.Multiply(z, tail);
    }

    // Below -150 both factors are at their limits; stopping there turns -infinity into -0 and not into NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float TimesSigmoid(float x, float u) =>
        IntrinsicMath.Max(-150f, x) * Fp32.Reciprocal(1f + Fp32.PowerOfTwoOrZero(u * -Log2E));
}
