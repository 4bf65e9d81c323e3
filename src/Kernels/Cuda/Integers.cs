using System.Runtime.CompilerServices;
using ILGPU.Runtime.Cuda;

namespace L2c.Kernels.Cuda;

/// <summary>Integer arithmetic in kernels.</summary>
internal static class Integers
{
    /// <summary>a / b, neither negative, computed where it stands: the compiler moves its own division into loops that use the result.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Divide(int a, int b)
    {
        CudaAsm.Emit("div.u32 %0, %1, %2;", out int result, a, b);
        return result;
    }
}
