using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace L2c.Kernels;

/// <summary>Which vectors the CPU device computes with.</summary>
internal enum InstructionSet
{
    /// <summary>128-bit vectors, everywhere.</summary>
    Portable,
    /// <summary>256-bit vectors with FMA.</summary>
    Avx2,
    /// <summary>512-bit vectors.</summary>
    Avx512,
}

/// <summary>What this machine has.</summary>
internal static class InstructionSets
{
    /// <summary>The widest set that this machine has and the runtime uses.</summary>
    public static InstructionSet Best =>
        Vector512.IsHardwareAccelerated && Avx512F.IsSupported ? InstructionSet.Avx512
        : Avx2.IsSupported && Fma.IsSupported ? InstructionSet.Avx2
        : InstructionSet.Portable;

    /// <summary>As shown in a device's name.</summary>
    public static string Label(this InstructionSet set) => set switch
    {
        InstructionSet.Avx512 => "AVX-512",
        InstructionSet.Avx2 => "AVX2",
        _ => "portable",
    };
}
