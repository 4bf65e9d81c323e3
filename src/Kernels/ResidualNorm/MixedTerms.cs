using System.Runtime.CompilerServices;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>Which structure carries the terms of a launch.</summary>
internal enum TermsForm
{
    /// <summary><see cref="SingleTerms"/>.</summary>
    Single,
    /// <summary><see cref="WeightedTerms"/>.</summary>
    Weighted,
    /// <summary><see cref="MixedTerms"/>.</summary>
    Mixed,
}

/// <summary><see cref="WeightedTerms"/> of which some are in bfloat16 beside a stream in fp32: outputs that are kept in half the memory.</summary>
/// <param name="terms">The terms; those without factors get the bits that <see cref="SingleTerms"/> gives.</param>
/// <param name="converted">Bit i: whether the source of term i is in bfloat16.</param>
internal readonly struct MixedTerms(WeightedTerms terms, int converted) : IDeviceTerms
{
    private readonly WeightedTerms _terms = terms;
    private readonly int _converted = converted;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RegisterRow<TElement, TChunks> AddTo<TElement, TChunks>(RegisterRow<TElement, TChunks> x, long at, int image, int lane, bool inLast)
        where TElement : unmanaged, IElement
        where TChunks : unmanaged, IInteger
    {
        // -0 + v is v, also where v is a zero.
        RegisterRow<TElement, TChunks> branch = RegisterRow<TElement, TChunks>.Of(-0f);
        for (int i = 0; i < _terms.Count; i++)
        {
            WeightedTerm term = _terms.At(i);
            branch = IsConverted(i)
                ? branch.AddProductOf<Bf16Element>(term.Term.Source, at, term.Factor, inLast)
                : branch.AddProduct(term.Term.Source, at, term.Factor, inLast);
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
        for (int i = 0; i < _terms.Count; i++)
        {
            WeightedTerm term = _terms.At(i);
            float source = IsConverted(i) ? default(Bf16Element).Load(term.Term.Source, at) : default(TElement).Load(term.Term.Source, at);
            branch = Fp32.MultiplyAdd(term.Factor, source, branch);
            if (term.Closes)
            {
                ulong gate = term.Term.Gate;
                value = gate == 0 ? value + branch : Fp32.MultiplyAdd(default(TElement).Load(gate, term.Term.GateAt(image) + channel), branch, value);
                branch = -0f;
            }
        }

        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsConverted(int i) => ((_converted >> i) & 1) != 0;
}
