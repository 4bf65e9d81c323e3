using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace L2c.Kernels;

/// <summary>Eight lanes: AVX2 with FMA.</summary>
internal readonly unsafe struct F32x8(Vector256<float> lanes) : IFloats<F32x8>
{
    private readonly Vector256<float> _lanes = lanes;

    /// <inheritdoc/>
    public static int Count => Vector256<float>.Count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Broadcast(float value) => new(Vector256.Create(value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Load(float* source) => new(Vector256.Load(source));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(F32x8 value, float* destination) => value._lanes.Store(destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 LoadPart(float* source, int count, float fill) =>
        new(Vector256.ConditionalSelect(Mask(count), Avx.MaskLoad(source, Mask(count)), Vector256.Create(fill)));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePart(F32x8 value, float* destination, int count) =>
        Avx.MaskStore(destination, Mask(count), value._lanes);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 LoadBFloat16(ushort* source) =>
        new((Avx2.ConvertToVector256Int32(Vector128.Load(source)).AsUInt32() << 16).AsSingle());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBFloat16(F32x8 value, ushort* destination)
    {
        Vector256<uint> bits = BFloat16.Bits(value._lanes);
        Vector128.Narrow(bits.GetLower(), bits.GetUpper()).Store(destination);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 MultiplyAdd(F32x8 a, F32x8 b, F32x8 c) => new(Vector256.MultiplyAddEstimate(a._lanes, b._lanes, c._lanes));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Min(F32x8 a, F32x8 b) => new(Vector256.MinNative(a._lanes, b._lanes));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Max(F32x8 a, F32x8 b) => new(Vector256.MaxNative(a._lanes, b._lanes));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 MaxOrNaN(F32x8 a, F32x8 b) => new(Vector256.Max(a._lanes, b._lanes));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Abs(F32x8 value) => new(Vector256.Abs(value._lanes));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 IfNegative(F32x8 value, F32x8 then, F32x8 otherwise) =>
        new(Vector256.ConditionalSelect(Vector256.LessThan(value._lanes, Vector256<float>.Zero), then._lanes, otherwise._lanes));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Sqrt(F32x8 value) => new(Vector256.Sqrt(value._lanes));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Round(F32x8 value) => new(Vector256.Round(value._lanes));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Scale(F32x8 value, F32x8 exponent)
    {
        // Two factors, because 2^n itself leaves the exponent range near overflow and in the subnormals.
        Vector256<int> whole = Vector256.ConvertToInt32Native(exponent._lanes);
        Vector256<int> half = whole >> 1;
        Vector256<int> bias = Vector256.Create(127);
        Vector256<float> first = ((half + bias) << 23).AsSingle();
        Vector256<float> second = ((whole - half + bias) << 23).AsSingle();
        return new(value._lanes * first * second);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 ScaleOnce(F32x8 value, F32x8 exponent) =>
        new(value._lanes * (Vector256.ConvertToInt32Native(exponent._lanes + Vector256.Create(127f)) << 23).AsSingle());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 PowerOfTwo(F32x8 x)
    {
        Vector256<float> exponent = Vector256.MaxNative(Vector256.Create(-126f), x._lanes), whole = Vector256.Floor(exponent);
        Vector256<int> bits = Elementary.PowerOfTwoOfFraction<F32x8>(new(exponent - whole))._lanes.AsInt32();
        return new((bits + (Vector256.ConvertToInt32Native(whole) << 23)).AsSingle());
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(F32x8 value) => Vector256.Sum(value._lanes);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator +(F32x8 left, F32x8 right) => new(left._lanes + right._lanes);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator -(F32x8 left, F32x8 right) => new(left._lanes - right._lanes);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator *(F32x8 left, F32x8 right) => new(left._lanes * right._lanes);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator /(F32x8 left, F32x8 right) => new(left._lanes / right._lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Mask(int count) => Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(count)).AsSingle();
}
