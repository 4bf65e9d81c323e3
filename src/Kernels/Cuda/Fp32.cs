using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace L2c.Kernels.Cuda;

/// <summary>fp32 arithmetic in kernels whose rounding is stated. Plain <c>a * b + c</c> may or may not be fused by NVIDIA's assembler.</summary>
internal static class Fp32
{
    /// <summary>a b + c, rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MultiplyAdd(float a, float b, float c)
    {
        CudaAsm.Emit("fma.rn.f32 %0, %1, %2, %3;", out float result, a, b, c);
        return result;
    }

    /// <summary>a b, rounded and never fused with an addition.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Multiply(float a, float b)
    {
        CudaAsm.Emit("mul.rn.f32 %0, %1, %2;", out float result, a, b);
        return result;
    }

    /// <summary>1 / a within 1 ulp: one instruction, where a division is a subroutine.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Reciprocal(float a)
    {
        CudaAsm.Emit("rcp.approx.f32 %0, %1;", out float result, a);
        return result;
    }

    /// <summary>2^a within 2 ulp, and 0 where that is below 2^-126: one instruction, where the form without .ftz scales twice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float PowerOfTwoOrZero(float a)
    {
        CudaAsm.Emit("ex2.approx.ftz.f32 %0, %1;", out float result, a);
        return result;
    }

    /// <summary>a / b, correctly rounded, and computed where it stands: the compiler moves its own division into loops that use the result.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Divide(float a, float b)
    {
        CudaAsm.Emit("div.rn.f32 %0, %1, %2;", out float result, a, b);
        return result;
    }

    /// <summary>The square root, correctly rounded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SquareRoot(float a)
    {
        CudaAsm.Emit("sqrt.rn.f32 %0, %1;", out float result, a);
        return result;
    }

    /// <summary>The larger one, NaN where either is: the plain maximum of a number and NaN is the number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaximumOrNaN(float a, float b)
    {
        CudaAsm.Emit("max.NaN.f32 %0, %1, %2;", out float result, a, b);
        return result;
    }

    /// <summary>exp(x) within 1.5 ulp: <see cref="Elementary.Exp"/> operation by operation, so that it gives the CPU's bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Exp(float x)
    {
        x = IntrinsicMath.Max(-150f, IntrinsicMath.Min(150f, x));
        CudaAsm.Emit("cvt.rni.s32.f32 %0, %1;", out int n, Multiply(x, 1.44269502f));
        float r = MultiplyAdd(n, -0.693115234375f, x);
        r = MultiplyAdd(n, -3.19461833e-5f, r);
        float q = MultiplyAdd(0.00139262504f, r, 0.00836323295f);
        q = MultiplyAdd(q, r, 0.0416665524f);
        q = MultiplyAdd(q, r, 0.166665763f);
        q = MultiplyAdd(q, r, 0.5f);
        q = MultiplyAdd(Multiply(q, r), r, r) + 1f;

        // Two factors, because 2^n itself leaves the exponent range near overflow and in the subnormals.
        int half = n >> 1;
        return Multiply(Multiply(q, PowerOfTwo(half)), PowerOfTwo(n - half));
    }

    // 2^n from the exponent field, n in -126 .. 127.
    private static float PowerOfTwo(int n) => Interop.IntAsFloat((uint)(n + 127) << 23);
}
