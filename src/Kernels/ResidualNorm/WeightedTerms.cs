using System.Runtime.CompilerServices;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>A term with its factor.</summary>
/// <param name="term">Its source, and the gate of its branch.</param>
/// <param name="scalar">Address of an fp32 factor, read when the kernel runs; 0 for 1.</param>
/// <param name="weight">A further factor.</param>
/// <param name="closes">Whether it is the last of its branch.</param>
internal readonly unsafe struct WeightedTerm(SingleTerm term, ulong scalar, float weight, bool closes)
{
    public readonly SingleTerm Term = term;
    private readonly ulong _scalar = scalar;
    private readonly float _weight = weight;
    private readonly int _closes = closes ? 1 : 0;

    /// <summary>Whether this is the last term of its branch.</summary>
    public bool Closes => _closes != 0;

    /// <summary>What the source is multiplied by.</summary>
    public float Factor
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _scalar == 0 ? _weight : _weight * *(float*)_scalar;
    }
}

/// <summary>Up to <see cref="Max"/> terms of whole branches, each the weighted sum of its terms.</summary>
internal readonly struct WeightedTerms(ReadOnlySpan<WeightedTerm> terms, int count) : IDeviceTerms
{
    /// <summary>Terms of a launch at most.</summary>
    public const int Max = ResidualTerm.MaxPerBranch;

    private readonly WeightedTerm _term0 = terms[0];
    private readonly WeightedTerm _term1 = terms[1];
    private readonly WeightedTerm _term2 = terms[2];
    private readonly WeightedTerm _term3 = terms[3];
    private readonly WeightedTerm _term4 = terms[4];
    private readonly WeightedTerm _term5 = terms[5];

    /// <summary>How many there are.</summary>
    public readonly int Count = count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RegisterRow<TElement, TChunks> AddTo<TElement, TChunks>(RegisterRow<TElement, TChunks> x, long at, int image, int lane, bool inLast)
        where TElement : unmanaged, IElement
        where TChunks : unmanaged, IInteger
    {
        // -0 + v is v, also where v is a zero.
        RegisterRow<TElement, TChunks> branch = RegisterRow<TElement, TChunks>.Of(-0f);
        for (int i = 0; i < Count; i++)
        {
            WeightedTerm term = At(i);
            branch = branch.AddProduct(term.Term.Source, at, term.Factor, inLast);
            if (term.Closes)
            {
                ulong gate = term.Term.Gate;
                x = gate == 0 ? x.Add(branch) : x.AddProduct(branch, gate, term.Term.GateAt(image) + lane, inLast);
                branch = RegisterRow<TElement, TChunks>.Of(-0f);
            }
        }

        return x;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float AddTo<TElement>(float value, long at, int image, int channel)
        where TElement : unmanaged, IElement
    {
        float branch = -0f;
        for (int i = 0; i < Count; i++)
        {
            WeightedTerm term = At(i);
            branch = Fp32.MultiplyAdd(term.Factor, default(TElement).Load(term.Term.Source, at), branch);
            if (term.Closes)
            {
                ulong gate = term.Term.Gate;
                value = gate == 0 ? value + branch : Fp32.MultiplyAdd(default(TElement).Load(gate, term.Term.GateAt(image) + channel), branch, value);
                branch = -0f;
            }
        }

        return value;
    }

    /// <summary>Term i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WeightedTerm At(int i) => i == 0 ? _term0 : i == 1 ? _term1 : i == 2 ? _term2 : i == 3 ? _term3 : i == 4 ? _term4 : _term5;
}
