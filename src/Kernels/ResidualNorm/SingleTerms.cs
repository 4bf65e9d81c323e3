using System.Runtime.CompilerServices;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>The terms that a launch of the residual norm adds: a structure among the kernel's parameters, and how they are added.</summary>
internal interface IDeviceTerms
{
    /// <summary>A lane's share of a row with all terms added.</summary>
    /// <param name="x">The row.</param>
    /// <param name="at">Elements from the start of a source to the lane's first channel.</param>
    /// <param name="image">The row's image.</param>
    /// <param name="lane">The lane's first channel.</param>
    /// <param name="inLast">Whether the lane's last chunk is inside the row.</param>
    RegisterRow<TElement, TChunks> AddTo<TElement, TChunks>(RegisterRow<TElement, TChunks> x, long at, int image, int lane, bool inLast)
        where TElement : unmanaged, IElement
        where TChunks : unmanaged, IInteger;

    /// <summary>One element with all terms added.</summary>
    /// <param name="value">The element.</param>
    /// <param name="at">Its position in a source.</param>
    /// <param name="image">Its image.</param>
    /// <param name="channel">Its channel.</param>
    float AddTo<TElement>(float value, long at, int image, int channel)
        where TElement : unmanaged, IElement;
}

/// <summary>A branch that is one source without factors.</summary>
/// <param name="source">Its address.</param>
/// <param name="gate">That of its gates; 0 for a gate of 1.</param>
/// <param name="gateStride">Elements from one image's gates to the next.</param>
/// <param name="gateLast">Image b reads row min(b, last).</param>
internal readonly struct SingleTerm(ulong source, ulong gate, int gateStride, int gateLast)
{
    public readonly ulong Source = source;
    public readonly ulong Gate = gate;
    public readonly int GateStride = gateStride;
    public readonly int GateLast = gateLast;

    /// <summary>Elements from the start of the gates to those of an image.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long GateAt(int image) => (long)ILGPU.IntrinsicMath.Min(image, GateLast) * GateStride;
}

/// <summary>Up to <see cref="Max"/> branches that are one source each, without factors.</summary>
internal readonly struct SingleTerms(ReadOnlySpan<SingleTerm> terms, int count) : IDeviceTerms
{
    /// <summary>Terms of a launch at most.</summary>
    public const int Max = ResidualTerm.MaxPerPass;

    private readonly SingleTerm _term0 = terms[0];
    private readonly SingleTerm _term1 = terms[1];
    private readonly SingleTerm _term2 = terms[2];
    private readonly SingleTerm _term3 = terms[3];
    private readonly int _count = count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RegisterRow<TElement, TChunks> AddTo<TElement, TChunks>(RegisterRow<TElement, TChunks> x, long at, int image, int lane, bool inLast)
        where TElement : unmanaged, IElement
        where TChunks : unmanaged, IInteger
    {
        for (int i = 0; i < _count; i++)
        {
            SingleTerm term = At(i);
            x = term.Gate == 0 ? x.Add(term.Source, at, inLast) : x.AddProduct(term.Source, at, term.Gate, term.GateAt(image) + lane, inLast);
        }

        return x;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float AddTo<TElement>(float value, long at, int image, int channel)
        where TElement : unmanaged, IElement
    {
        for (int i = 0; i < _count; i++)
        {
            SingleTerm term = At(i);
            float addend = default(TElement).Load(term.Source, at);
            value = term.Gate == 0
                ? value + addend
                : Fp32.MultiplyAdd(default(TElement).Load(term.Gate, term.GateAt(image) + channel), addend, value);
        }

        return value;
    }

    // Field by field: chosen as a whole, ptxas 12.4 spills a register of fp32 rows of 768 channels.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private SingleTerm At(int i) => new(
        i == 0 ? _term0.Source : i == 1 ? _term1.Source : i == 2 ? _term2.Source : _term3.Source,
        i == 0 ? _term0.Gate : i == 1 ? _term1.Gate : i == 2 ? _term2.Gate : _term3.Gate,
        i == 0 ? _term0.GateStride : i == 1 ? _term1.GateStride : i == 2 ? _term2.GateStride : _term3.GateStride,
        i == 0 ? _term0.GateLast : i == 1 ? _term1.GateLast : i == 2 ? _term2.GateLast : _term3.GateLast);
}
