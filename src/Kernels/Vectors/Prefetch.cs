using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace L2c.Kernels;

/// <summary>A hint that memory will be read soon. It changes no result and may point anywhere, also where no memory is.</summary>
internal static unsafe class Prefetch
{
    /// <summary>Floats in a cache line of 64 bytes.</summary>
    public const int LineFloats = 16;

    /// <summary>Asks for the cache line of an address; nothing where the processor has no such instruction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Line(float* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(address);
        }
    }
}
