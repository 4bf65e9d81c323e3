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
        Vector512.IsHardwareAccelerated && Avx512F.IsSupported && Avx512DQ.IsSupported ? InstructionSet.Avx512
        : Avx2.IsSupported && Fma.IsSupported ? InstructionSet.Avx2
        : InstructionSet.Portable;

    /// <summary>What <c>L2C_ISA</c> asks for; <see cref="Best"/> where it asks for nothing.</summary>
    /// <param name="variable">Reads an environment variable.</param>
    /// <exception cref="InstructionSetException">No such set, or not on this machine.</exception>
    public static InstructionSet Choose(Func<string, string?> variable)
    {
        const string name = "L2C_ISA";
        string? wanted = variable(name);
        InstructionSet? set = wanted?.ToLowerInvariant() switch
        {
            null or "" => Best,
            "avx512" => InstructionSet.Avx512,
            "avx2" => InstructionSet.Avx2,
            "portable" => InstructionSet.Portable,
            _ => null,
        };
        return set is null ? throw new InstructionSetException($"{name}={wanted}: no such vectors are known; give avx512, avx2 or portable, or unset it")
            : set > Best ? throw new InstructionSetException($"{name}={wanted}: this machine has {Best.Label()} at best; unset it")
            : set.Value;
    }

    /// <summary>As shown in a device's name.</summary>
    public static string Label(this InstructionSet set) => set switch
    {
        InstructionSet.Avx512 => "AVX-512",
        InstructionSet.Avx2 => "AVX2",
        _ => "portable",
    };
}

/// <summary>The environment asks for vectors that the CPU device cannot compute with. The message says what to do.</summary>
public sealed class InstructionSetException(string message) : Exception(message);
