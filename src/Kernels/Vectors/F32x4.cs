using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace L2c.Kernels;

/// <summary>Four lanes: SSE, NEON, or the runtime's scalar fallback.</summary>
internal readonly unsafe struct F32x4(Vector128<float> lanes) : IFloats<F32x4>
{
    private readonly Vector128<float> _lanes = lanes;

    /// <inheritdoc/>
    public static int Count => Vector128<float>.Count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Broadcast(float value) => new(Vector128.Create(value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Load(float* source) => new(Vector128.Load(source));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(F32x4 value, float* destination) => value._lanes.Store(destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 LoadPart(float* source, int count, float fill) =>
        new(Vector128.Create(source[0], count > 1 ? source[1] : fill, count > 2 ? source[2] : fill, fill));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePart(F32x4 value, float* destination, int count)
    {
        destination[0] = value._lanes[0];
        if (count > 1)
        {
            destination[1] = value._lanes[1];
        }

        if (count > 2)
        {
            destination[2] = value._lanes[2];
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 LoadBFloat16(ushort* source) =>
        new((Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(source)).AsUInt16()) << 16).AsSingle());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBFloat16(F32x4 value, ushort* destination)
    {
        Vector128<uint> bits = BFloat16.Bits(value._lanes);
        Unsafe.WriteUnaligned(destination, Vector128.Narrow(bits, bits).AsUInt64().ToScalar());
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 MultiplyAdd(F32x4 a, F32x4 b, F32x4 c) => new(Vector128.MultiplyAddEstimate(a._lanes, b._lanes, c._lanes));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Min(F32x4 a, F32x4 b) => new(Vector128.MinNative(a._lanes, b._lanes));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Max(F32x4 a, F32x4 b) => new(Vector128.MaxNative(a._lanes, b._lanes));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 MaxOrNaN(F32x4 a, F32x4 b) => new(Vector128.Max(a._lanes, b._lanes));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Abs(F32x4 value) => new(Vector128.Abs(value._lanes));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 IfNegative(F32x4 value, F32x4 then, F32x4 otherwise) =>
        new(Vector128.ConditionalSelect(Vector128.LessThan(value._lanes, Vector128<float>.Zero), then._lanes, otherwise._lanes));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Sqrt(F32x4 value) => new(Vector128.Sqrt(value._lanes));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Round(F32x4 value) => new(Vector128.Round(value._lanes));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Scale(F32x4 value, F32x4 exponent)
    {
        // Two factors, because 2^n itself leaves the exponent range near overflow and in the subnormals.
        Vector128<int> whole = Vector128.ConvertToInt32Native(exponent._lanes);
        Vector128<int> half = whole >> 1;
        Vector128<int> bias = Vector128.Create(127);
        Vector128<float> first = ((half + bias) << 23).AsSingle();
        Vector128<float> second = ((whole - half + bias) << 23).AsSingle();
        return new(value._lanes * first * second);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 ScaleOnce(F32x4 value, F32x4 exponent) =>
        new(value._lanes * (Vector128.ConvertToInt32Native(exponent._lanes + Vector128.Create(127f)) << 23).AsSingle());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 PowerOfTwo(F32x4 x)
    {
        Vector128<float> exponent = Vector128.MaxNative(Vector128.Create(-126f), x._lanes), whole = Vector128.Floor(exponent);
        Vector128<int> bits = Elementary.PowerOfTwoOfFraction<F32x4>(new(exponent - whole))._lanes.AsInt32();
        return new((bits + (Vector128.ConvertToInt32Native(whole) << 23)).AsSingle());
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(F32x4 value) => Vector128.Sum(value._lanes);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator +(F32x4 left, F32x4 right) => new(left._lanes + right._lanes);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator -(F32x4 left, F32x4 right) => new(left._lanes - right._lanes);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator *(F32x4 left, F32x4 right) => new(left._lanes * right._lanes);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator /(F32x4 left, F32x4 right) => new(left._lanes / right._lanes);
}
