using System.Runtime.CompilerServices;

namespace L2c.Kernels.Cuda;

/// <summary>One lane's share of a row in registers: TChunks times eight channels, 256 channels apart. Spelt out because the compiler unrolls no
/// loops, and an array with a loop's index would live in memory.</summary>
/// <remarks>Every chunk but the last is inside the row for all lanes. Where the last is not, it holds zeros and is neither loaded nor stored.
/// Positions are elements from the address to the lane's first channel.</remarks>
internal readonly struct RegisterRow<TElement, TChunks>
    where TElement : unmanaged, IElement
    where TChunks : unmanaged, IInteger
{
    private readonly Float8 _v0;
    private readonly Float8 _v1;
    private readonly Float8 _v2;
    private readonly Float8 _v3;
    private readonly Float8 _v4;
    private readonly Float8 _v5;
    private readonly Float8 _v6;
    private readonly Float8 _v7;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private RegisterRow(
        Float8 v0,
        Float8 v1,
        Float8 v2,
        Float8 v3,
        Float8 v4,
        Float8 v5,
        Float8 v6,
        Float8 v7)
    {
        _v0 = v0;
        _v1 = v1;
        _v2 = v2;
        _v3 = v3;
        _v4 = v4;
        _v5 = v5;
        _v6 = v6;
        _v7 = v7;
    }

    /// <summary>Reads a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RegisterRow<TElement, TChunks> Load(ulong address, long at, bool inLast) => new(
        Load(0, address, at, inLast),
        Load(1, address, at, inLast),
        Load(2, address, at, inLast),
        Load(3, address, at, inLast),
        Load(4, address, at, inLast),
        Load(5, address, at, inLast),
        Load(6, address, at, inLast),
        Load(7, address, at, inLast));

    /// <summary>A number in every channel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RegisterRow<TElement, TChunks> Of(float value)
    {
        Float8 eight = new(value, value, value, value, value, value, value, value);
        return new RegisterRow<TElement, TChunks>(eight, eight, eight, eight, eight, eight, eight, eight);
    }

    /// <summary>Adds another row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RegisterRow<TElement, TChunks> Add(ulong address, long at, bool inLast) => new(
        Has(0) ? _v0 + Load(0, address, at, inLast) : default,
        Has(1) ? _v1 + Load(1, address, at, inLast) : default,
        Has(2) ? _v2 + Load(2, address, at, inLast) : default,
        Has(3) ? _v3 + Load(3, address, at, inLast) : default,
        Has(4) ? _v4 + Load(4, address, at, inLast) : default,
        Has(5) ? _v5 + Load(5, address, at, inLast) : default,
        Has(6) ? _v6 + Load(6, address, at, inLast) : default,
        Has(7) ? _v7 + Load(7, address, at, inLast) : default);

    /// <summary>Adds the elementwise product of two rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RegisterRow<TElement, TChunks> AddProduct(ulong address, long at, ulong other, long otherAt, bool inLast) => new(
        Has(0) ? Float8.MultiplyAdd(Load(0, other, otherAt, inLast), Load(0, address, at, inLast), _v0) : default,
        Has(1) ? Float8.MultiplyAdd(Load(1, other, otherAt, inLast), Load(1, address, at, inLast), _v1) : default,
        Has(2) ? Float8.MultiplyAdd(Load(2, other, otherAt, inLast), Load(2, address, at, inLast), _v2) : default,
        Has(3) ? Float8.MultiplyAdd(Load(3, other, otherAt, inLast), Load(3, address, at, inLast), _v3) : default,
        Has(4) ? Float8.MultiplyAdd(Load(4, other, otherAt, inLast), Load(4, address, at, inLast), _v4) : default,
        Has(5) ? Float8.MultiplyAdd(Load(5, other, otherAt, inLast), Load(5, address, at, inLast), _v5) : default,
        Has(6) ? Float8.MultiplyAdd(Load(6, other, otherAt, inLast), Load(6, address, at, inLast), _v6) : default,
        Has(7) ? Float8.MultiplyAdd(Load(7, other, otherAt, inLast), Load(7, address, at, inLast), _v7) : default);

    /// <summary>Adds a row that is in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RegisterRow<TElement, TChunks> Add(RegisterRow<TElement, TChunks> other) => new(
        Has(0) ? _v0 + other._v0 : default,
        Has(1) ? _v1 + other._v1 : default,
        Has(2) ? _v2 + other._v2 : default,
        Has(3) ? _v3 + other._v3 : default,
        Has(4) ? _v4 + other._v4 : default,
        Has(5) ? _v5 + other._v5 : default,
        Has(6) ? _v6 + other._v6 : default,
        Has(7) ? _v7 + other._v7 : default);

    /// <summary>Adds the elementwise product of a row in registers and another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RegisterRow<TElement, TChunks> AddProduct(RegisterRow<TElement, TChunks> row, ulong other, long otherAt, bool inLast) => new(
        Has(0) ? Float8.MultiplyAdd(Load(0, other, otherAt, inLast), row._v0, _v0) : default,
        Has(1) ? Float8.MultiplyAdd(Load(1, other, otherAt, inLast), row._v1, _v1) : default,
        Has(2) ? Float8.MultiplyAdd(Load(2, other, otherAt, inLast), row._v2, _v2) : default,
        Has(3) ? Float8.MultiplyAdd(Load(3, other, otherAt, inLast), row._v3, _v3) : default,
        Has(4) ? Float8.MultiplyAdd(Load(4, other, otherAt, inLast), row._v4, _v4) : default,
        Has(5) ? Float8.MultiplyAdd(Load(5, other, otherAt, inLast), row._v5, _v5) : default,
        Has(6) ? Float8.MultiplyAdd(Load(6, other, otherAt, inLast), row._v6, _v6) : default,
        Has(7) ? Float8.MultiplyAdd(Load(7, other, otherAt, inLast), row._v7, _v7) : default);

    /// <summary>Adds a row times a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RegisterRow<TElement, TChunks> AddProduct(ulong address, long at, float factor, bool inLast) => new(
        Has(0) ? Float8.MultiplyAdd(Load(0, address, at, inLast), factor, _v0) : default,
        Has(1) ? Float8.MultiplyAdd(Load(1, address, at, inLast), factor, _v1) : default,
        Has(2) ? Float8.MultiplyAdd(Load(2, address, at, inLast), factor, _v2) : default,
        Has(3) ? Float8.MultiplyAdd(Load(3, address, at, inLast), factor, _v3) : default,
        Has(4) ? Float8.MultiplyAdd(Load(4, address, at, inLast), factor, _v4) : default,
        Has(5) ? Float8.MultiplyAdd(Load(5, address, at, inLast), factor, _v5) : default,
        Has(6) ? Float8.MultiplyAdd(Load(6, address, at, inLast), factor, _v6) : default,
        Has(7) ? Float8.MultiplyAdd(Load(7, address, at, inLast), factor, _v7) : default);

    /// <summary>Adds a row of another storage type times a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RegisterRow<TElement, TChunks> AddProductOf<TOther>(ulong address, long at, float factor, bool inLast)
        where TOther : unmanaged, IElement => new(
        Has(0) ? Float8.MultiplyAdd(RegisterRow<TOther, TChunks>.Load(0, address, at, inLast), factor, _v0) : default,
        Has(1) ? Float8.MultiplyAdd(RegisterRow<TOther, TChunks>.Load(1, address, at, inLast), factor, _v1) : default,
        Has(2) ? Float8.MultiplyAdd(RegisterRow<TOther, TChunks>.Load(2, address, at, inLast), factor, _v2) : default,
        Has(3) ? Float8.MultiplyAdd(RegisterRow<TOther, TChunks>.Load(3, address, at, inLast), factor, _v3) : default,
        Has(4) ? Float8.MultiplyAdd(RegisterRow<TOther, TChunks>.Load(4, address, at, inLast), factor, _v4) : default,
        Has(5) ? Float8.MultiplyAdd(RegisterRow<TOther, TChunks>.Load(5, address, at, inLast), factor, _v5) : default,
        Has(6) ? Float8.MultiplyAdd(RegisterRow<TOther, TChunks>.Load(6, address, at, inLast), factor, _v6) : default,
        Has(7) ? Float8.MultiplyAdd(RegisterRow<TOther, TChunks>.Load(7, address, at, inLast), factor, _v7) : default);

    /// <summary>Subtracts a number; what is outside the row stays 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RegisterRow<TElement, TChunks> Minus(float value, bool inLast) => new(
        IsInside(0, inLast) ? _v0 - value : default,
        IsInside(1, inLast) ? _v1 - value : default,
        IsInside(2, inLast) ? _v2 - value : default,
        IsInside(3, inLast) ? _v3 - value : default,
        IsInside(4, inLast) ? _v4 - value : default,
        IsInside(5, inLast) ? _v5 - value : default,
        IsInside(6, inLast) ? _v6 - value : default,
        IsInside(7, inLast) ? _v7 - value : default);

    /// <summary>Multiplies by a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RegisterRow<TElement, TChunks> Times(float value) => new(
        Has(0) ? _v0 * value : default,
        Has(1) ? _v1 * value : default,
        Has(2) ? _v2 * value : default,
        Has(3) ? _v3 * value : default,
        Has(4) ? _v4 * value : default,
        Has(5) ? _v5 * value : default,
        Has(6) ? _v6 * value : default,
        Has(7) ? _v7 * value : default);

    /// <summary>This (offset + scale) + shift, elementwise with two rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RegisterRow<TElement, TChunks> Modulate(ulong scale, long scaleAt, float offset, ulong shift, long shiftAt, bool inLast) => new(
        Has(0) ? Float8.MultiplyAdd(_v0, Load(0, scale, scaleAt, inLast) + offset, Load(0, shift, shiftAt, inLast)) : default,
        Has(1) ? Float8.MultiplyAdd(_v1, Load(1, scale, scaleAt, inLast) + offset, Load(1, shift, shiftAt, inLast)) : default,
        Has(2) ? Float8.MultiplyAdd(_v2, Load(2, scale, scaleAt, inLast) + offset, Load(2, shift, shiftAt, inLast)) : default,
        Has(3) ? Float8.MultiplyAdd(_v3, Load(3, scale, scaleAt, inLast) + offset, Load(3, shift, shiftAt, inLast)) : default,
        Has(4) ? Float8.MultiplyAdd(_v4, Load(4, scale, scaleAt, inLast) + offset, Load(4, shift, shiftAt, inLast)) : default,
        Has(5) ? Float8.MultiplyAdd(_v5, Load(5, scale, scaleAt, inLast) + offset, Load(5, shift, shiftAt, inLast)) : default,
        Has(6) ? Float8.MultiplyAdd(_v6, Load(6, scale, scaleAt, inLast) + offset, Load(6, shift, shiftAt, inLast)) : default,
        Has(7) ? Float8.MultiplyAdd(_v7, Load(7, scale, scaleAt, inLast) + offset, Load(7, shift, shiftAt, inLast)) : default);

    /// <summary>Rounds and writes the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ulong address, long at, bool inLast)
    {
        Store(0, _v0, address, at, inLast);
        Store(1, _v1, address, at, inLast);
        Store(2, _v2, address, at, inLast);
        Store(3, _v3, address, at, inLast);
        Store(4, _v4, address, at, inLast);
        Store(5, _v5, address, at, inLast);
        Store(6, _v6, address, at, inLast);
        Store(7, _v7, address, at, inLast);
    }

    /// <summary>The sum of this lane's channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum()
    {
        Float8 sum = _v0;
        sum = Has(1) ? sum + _v1 : sum;
        sum = Has(2) ? sum + _v2 : sum;
        sum = Has(3) ? sum + _v3 : sum;
        sum = Has(4) ? sum + _v4 : sum;
        sum = Has(5) ? sum + _v5 : sum;
        sum = Has(6) ? sum + _v6 : sum;
        sum = Has(7) ? sum + _v7 : sum;
        return Float8.Sum(sum);
    }

    /// <summary>The sum of the squares of this lane's channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float SumOfSquares()
    {
        Float8 sum = Float8.MultiplyAdd(_v0, _v0, default);
        sum = Has(1) ? Float8.MultiplyAdd(_v1, _v1, sum) : sum;
        sum = Has(2) ? Float8.MultiplyAdd(_v2, _v2, sum) : sum;
        sum = Has(3) ? Float8.MultiplyAdd(_v3, _v3, sum) : sum;
        sum = Has(4) ? Float8.MultiplyAdd(_v4, _v4, sum) : sum;
        sum = Has(5) ? Float8.MultiplyAdd(_v5, _v5, sum) : sum;
        sum = Has(6) ? Float8.MultiplyAdd(_v6, _v6, sum) : sum;
        sum = Has(7) ? Float8.MultiplyAdd(_v7, _v7, sum) : sum;
        return Float8.Sum(sum);
    }

    // Known when the kernel is compiled: chunks beyond the last cost nothing.
    private static bool Has(int chunk) => chunk < default(TChunks).Value;

    private static bool IsInside(int chunk, bool inLast) => chunk < default(TChunks).Value - 1 || (chunk == default(TChunks).Value - 1 && inLast);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Float8 Load(int chunk, ulong address, long at, bool inLast) =>
        IsInside(chunk, inLast) ? default(TElement).Load8(address, at + (chunk * Float8.PerWarp)) : default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(int chunk, Float8 values, ulong address, long at, bool inLast)
    {
        if (IsInside(chunk, inLast))
        {
            default(TElement).Store8(address, at + (chunk * Float8.PerWarp), values);
        }
    }
}
