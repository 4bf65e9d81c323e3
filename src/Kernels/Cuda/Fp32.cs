using System.Runtime.CompilerServices;
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

    /// <summary>2^a within 2 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float PowerOfTwo(float a)
    {
        CudaAsm.Emit("ex2.approx.f32 %0, %1;", out float result, a);
        return result;
    }

    /// <summary>2^a within 2 ulp, and 0 where that is below 2^-126: one instruction, where <see cref="PowerOfTwo"/> scales twice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float PowerOfTwoOrZero(float a)
    {
        CudaAsm.Emit("ex2.approx.ftz.f32 %0, %1;", out float result, a);
        return result;
    }
}
