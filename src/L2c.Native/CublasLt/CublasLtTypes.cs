using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace L2c.Native;

/// <summary>A cuBLASLt handle: one per device and process is enough.</summary>
/// <param name="Handle">The library's opaque pointer.</param>
public readonly record struct cublasLtHandle_t(nint Handle);

/// <summary>The description of an operation.</summary>
/// <param name="Handle">The library's opaque pointer.</param>
public readonly record struct cublasLtMatmulDesc_t(nint Handle);

/// <summary>The description of a matrix.</summary>
/// <param name="Handle">The library's opaque pointer.</param>
public readonly record struct cublasLtMatrixLayout_t(nint Handle);

/// <summary>Wishes for the heuristic.</summary>
/// <param name="Handle">The library's opaque pointer.</param>
public readonly record struct cublasLtMatmulPreference_t(nint Handle);

/// <summary>An algorithm: opaque, but plain bytes, which may be kept in a file for the same library version and device.</summary>
/// <remarks>Source: cublasLt.h, <c>uint64_t data[8]</c>.</remarks>
[InlineArray(8)]
public struct cublasLtMatmulAlgo_t : IEquatable<cublasLtMatmulAlgo_t>
{
    private ulong _data;

    /// <summary>Whether the bytes agree.</summary>
    public static bool operator ==(cublasLtMatmulAlgo_t left, cublasLtMatmulAlgo_t right) => left.Equals(right);

    /// <summary>Whether the bytes differ.</summary>
    public static bool operator !=(cublasLtMatmulAlgo_t left, cublasLtMatmulAlgo_t right) => !left.Equals(right);

    /// <inheritdoc/>
    public readonly bool Equals(cublasLtMatmulAlgo_t other) => ((ReadOnlySpan<ulong>)this).SequenceEqual(other);

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is cublasLtMatmulAlgo_t other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(MemoryMarshal.AsBytes((ReadOnlySpan<ulong>)this));
        return hash.ToHashCode();
    }
}

/// <summary>One answer of the heuristic.</summary>
/// <param name="algo">The algorithm.</param>
/// <param name="workspaceSize">Device memory that it needs, in bytes.</param>
/// <param name="state">Success when the algorithm can be used.</param>
/// <param name="wavesCount">How often the device is filled: 1.0 is full once.</param>
/// <remarks>Source: cublasLt.h; the last 16 bytes are reserved there.</remarks>
[StructLayout(LayoutKind.Sequential, Size = 96)]
public readonly record struct cublasLtMatmulHeuristicResult_t(cublasLtMatmulAlgo_t algo, nuint workspaceSize, cublasStatus_t state, float wavesCount);
