using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What a backward kernel computes of a term.</summary>
/// <param name="dSource">Address of the source's gradient; 0 for "not wanted".</param>
/// <param name="slope">What the source is multiplied by for dScalar; it is not read where this is 0.</param>
internal readonly struct SourceGradient(ulong dSource, float slope)
{
    public readonly ulong DSource = dSource;
    public readonly float Slope = slope;
}

/// <summary>Those of the terms of a branch: a structure among the kernel's parameters.</summary>
internal readonly struct SourceGradients(ReadOnlySpan<SourceGradient> gradients)
{
    private readonly SourceGradient _gradient0 = gradients[0];
    private readonly SourceGradient _gradient1 = gradients[1];
    private readonly SourceGradient _gradient2 = gradients[2];
    private readonly SourceGradient _gradient3 = gradients[3];
    private readonly SourceGradient _gradient4 = gradients[4];
    private readonly SourceGradient _gradient5 = gradients[5];

    /// <summary>That of term i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public SourceGradient At(int i) =>
        i == 0 ? _gradient0 : i == 1 ? _gradient1 : i == 2 ? _gradient2 : i == 3 ? _gradient3 : i == 4 ? _gradient4 : _gradient5;
}
