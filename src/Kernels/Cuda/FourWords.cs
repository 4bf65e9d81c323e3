using System.Runtime.CompilerServices;
using ILGPU.Runtime.Cuda;

namespace L2c.Kernels.Cuda;

/// <summary>Sixteen bytes that a kernel moves in one access: four words, each a float or two halves.</summary>
/// <remarks>Inline assembly, because the compiler splits a structure behind a raw address into single words.</remarks>
internal readonly struct FourWords(uint x, uint y, uint z, uint w)
{
    public readonly uint X = x;
    public readonly uint Y = y;
    public readonly uint Z = z;
    public readonly uint W = w;

    /// <summary>Reads device memory.</summary>
    /// <param name="address">Aligned to 16 bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FourWords Load(ulong address)
    {
        Input<ulong> from = address;
        Output<uint> x = default, y = default, z = default, w = default;
        CudaAsm.EmitRef("ld.global.v4.b32 {%0, %1, %2, %3}, [%4];", ref x, ref y, ref z, ref w, ref from);
        return new FourWords(x.Value, y.Value, z.Value, w.Value);
    }

    /// <summary>Writes device memory.</summary>
    /// <param name="address">Aligned to 16 bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ulong address)
    {
        Input<ulong> to = address;
        Input<uint> x = X, y = Y, z = Z, w = W;
        CudaAsm.EmitRef("st.global.v4.b32 [%0], {%1, %2, %3, %4};", ref to, ref x, ref y, ref z, ref w);
    }
}
