using System.Numerics;

namespace L2c.Kernels;

/// <summary>A vector of <see cref="Count"/> fp32 lanes. Kernels are written once over it; the JIT makes one specialisation per instruction set.</summary>
/// <typeparam name="V">The implementing type.</typeparam>
/// <remarks>Lanes never mix except in <see cref="Sum"/>, so a value's position never changes its result.</remarks>
internal unsafe interface IFloats<V> :
    IAdditionOperators<V, V, V>,
    ISubtractionOperators<V, V, V>,
    IMultiplyOperators<V, V, V>,
    IDivisionOperators<V, V, V>
    where V : unmanaged, IFloats<V>
{
    /// <summary>Lanes: 16, 8 or 4; in <see cref="Wide{V}"/> four times as many.</summary>
    static abstract int Count { get; }

    /// <summary>The same value in every lane.</summary>
    static abstract V Broadcast(float value);

    /// <summary>Reads <see cref="Count"/> consecutive values, at any alignment.</summary>
    static abstract V Load(float* source);

    /// <summary>Writes <see cref="Count"/> consecutive values, at any alignment.</summary>
    static abstract void Store(V value, float* destination);

    /// <summary>Reads <paramref name="count"/> values, fewer than <see cref="Count"/>, and no memory behind them; the other lanes hold
    /// <paramref name="fill"/>.</summary>
    static abstract V LoadPart(float* source, int count, float fill);

    /// <summary>Writes the first <paramref name="count"/> lanes, fewer than <see cref="Count"/>.</summary>
    static abstract void StorePart(V value, float* destination, int count);

    /// <summary>Reads <see cref="Count"/> consecutive bfloat16 values: exact.</summary>
    static abstract V LoadBFloat16(ushort* source);

    /// <summary>Writes <see cref="Count"/> values as bfloat16, rounded to nearest, ties to even; NaN stays NaN.</summary>
    static abstract void StoreBFloat16(V value, ushort* destination);

    /// <summary>a b + c, rounded once where the instruction set can.</summary>
    static abstract V MultiplyAdd(V a, V b, V c);

    /// <summary>The smaller of each pair; where <paramref name="b"/> is NaN, NaN.</summary>
    static abstract V Min(V a, V b);

    /// <summary>The larger of each pair; where <paramref name="b"/> is NaN, NaN.</summary>
    static abstract V Max(V a, V b);

    /// <summary>The larger of each pair; where either is NaN, NaN.</summary>
    static abstract V MaxOrNaN(V a, V b);

    /// <summary>Without the sign.</summary>
    static abstract V Abs(V value);

    /// <summary>Of each pair <paramref name="then"/> where <paramref name="value"/> is below 0; the other where it is 0, above, or NaN.</summary>
    static abstract V IfNegative(V value, V then, V otherwise);

    /// <summary>The square root, correctly rounded.</summary>
    static abstract V Sqrt(V value);

    /// <summary>The nearest integer, ties to even.</summary>
    static abstract V Round(V value);

    /// <summary>value 2^exponent for integral exponents in [-252, 254]; gradual underflow and overflow as IEEE 754.</summary>
    static abstract V Scale(V value, V exponent);

    /// <summary>value 2^exponent for integral exponents in [-126, 127] and value in [0.5, 2]; infinity for 128 and value at least 1, and for -127
    /// something below 2^-125.</summary>
    static abstract V ScaleOnce(V value, V exponent);

    /// <summary>2^x for x at most 0, within 3 ulp from -126 on, so that 2^0 may be 0.99999994; below, something in [0, 2^-125].</summary>
    /// <remarks>The weights of a softmax, with the fewest operations that fp32 allows: attention is bound by them. One of a row is 2^0, beside
    /// which 2^-125 is nothing.</remarks>
    static abstract V PowerOfTwo(V x);

    /// <summary>Sum of all lanes, in an order fixed by <see cref="Count"/>.</summary>
    static abstract float Sum(V value);
}
