using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>Four vectors as one: a function of it is four independent chains, one op of each after the other, which hides the ops' latency. A
/// loop over single vectors does not: a core's scheduler holds the waiting ops of two or three.</summary>
internal unsafe struct Wide<V> : IFloats<Wide<V>>
    where V : unmanaged, IFloats<V>
{
    /// <summary>The first vector.</summary>
    public V A;

    /// <summary>The second vector.</summary>
    public V B;

    /// <summary>The third vector.</summary>
    public V C;

    /// <summary>The fourth vector.</summary>
    public V D;

    /// <inheritdoc/>
    public static int Count => 4 * V.Count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide<V> Broadcast(float value)
    {
        V one = V.Broadcast(value);
        return new Wide<V> { A = one, B = one, C = one, D = one };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide<V> Load(float* source) => new()
    {
        A = V.Load(source),
        B = V.Load(source + V.Count),
        C = V.Load(source + 2 * V.Count),
        D = V.Load(source + 3 * V.Count),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Wide<V> value, float* destination)
    {
        V.Store(value.A, destination);
        V.Store(value.B, destination + V.Count);
        V.Store(value.C, destination + 2 * V.Count);
        V.Store(value.D, destination + 3 * V.Count);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide<V> LoadBFloat16(ushort* source) => new()
    {
        A = V.LoadBFloat16(source),
        B = V.LoadBFloat16(source + V.Count),
        C = V.LoadBFloat16(source + 2 * V.Count),
        D = V.LoadBFloat16(source + 3 * V.Count),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBFloat16(Wide<V> value, ushort* destination)
    {
        V.StoreBFloat16(value.A, destination);
        V.StoreBFloat16(value.B, destination + V.Count);
        V.StoreBFloat16(value.C, destination + 2 * V.Count);
        V.StoreBFloat16(value.D, destination + 3 * V.Count);
    }

    /// <inheritdoc/>
    public static Wide<V> LoadPart(float* source, int count, float fill) => new()
    {
        A = Part(source, count, fill),
        B = Part(source + V.Count, count - V.Count, fill),
        C = Part(source + 2 * V.Count, count - 2 * V.Count, fill),
        D = Part(source + 3 * V.Count, count - 3 * V.Count, fill),
    };

    /// <inheritdoc/>
    public static void StorePart(Wide<V> value, float* destination, int count)
    {
        StorePart(value.A, destination, count);
        StorePart(value.B, destination + V.Count, count - V.Count);
        StorePart(value.C, destination + 2 * V.Count, count - 2 * V.Count);
        StorePart(value.D, destination + 3 * V.Count, count - 3 * V.Count);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide<V> MultiplyAdd(Wide<V> x, Wide<V> y, Wide<V> z) => new()
    {
        A = V.MultiplyAdd(x.A, y.A, z.A),
        B = V.MultiplyAdd(x.B, y.B, z.B),
        C = V.MultiplyAdd(x.C, y.C, z.C),
        D = V.MultiplyAdd(x.D, y.D, z.D),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide<V> Min(Wide<V> x, Wide<V> y) => new() { A = V.Min(x.A, y.A), B = V.Min(x.B, y.B), C = V.Min(x.C, y.C), D = V.Min(x.D, y.D) };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide<V> Max(Wide<V> x, Wide<V> y) => new() { A = V.Max(x.A, y.A), B = V.Max(x.B, y.B), C = V.Max(x.C, y.C), D = V.Max(x.D, y.D) };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide<V> MaxOrNaN(Wide<V> x, Wide<V> y) => new()
    {
        A = V.MaxOrNaN(x.A, y.A),
        B = V.MaxOrNaN(x.B, y.B),
        C = V.MaxOrNaN(x.C, y.C),
        D = V.MaxOrNaN(x.D, y.D),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide<V> Abs(Wide<V> value) => new() { A = V.Abs(value.A), B = V.Abs(value.B), C = V.Abs(value.C), D = V.Abs(value.D) };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide<V> IfNegative(Wide<V> value, Wide<V> then, Wide<V> otherwise) => new()
    {
        A = V.IfNegative(value.A, then.A, otherwise.A),
        B = V.IfNegative(value.B, then.B, otherwise.B),
        C = V.IfNegative(value.C, then.C, otherwise.C),
        D = V.IfNegative(value.D, then.D, otherwise.D),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide<V> Sqrt(Wide<V> value) => new() { A = V.Sqrt(value.A), B = V.Sqrt(value.B), C = V.Sqrt(value.C), D = V.Sqrt(value.D) };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide<V> Round(Wide<V> value) => new() { A = V.Round(value.A), B = V.Round(value.B), C = V.Round(value.C), D = V.Round(value.D) };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide<V> Scale(Wide<V> value, Wide<V> exponent) => new()
    {
        A = V.Scale(value.A, exponent.A),
        B = V.Scale(value.B, exponent.B),
        C = V.Scale(value.C, exponent.C),
        D = V.Scale(value.D, exponent.D),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide<V> ScaleOnce(Wide<V> value, Wide<V> exponent) => new()
    {
        A = V.ScaleOnce(value.A, exponent.A),
        B = V.ScaleOnce(value.B, exponent.B),
        C = V.ScaleOnce(value.C, exponent.C),
        D = V.ScaleOnce(value.D, exponent.D),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide<V> PowerOfTwo(Wide<V> x) =>
        new() { A = V.PowerOfTwo(x.A), B = V.PowerOfTwo(x.B), C = V.PowerOfTwo(x.C), D = V.PowerOfTwo(x.D) };

    /// <inheritdoc/>
    public static float Sum(Wide<V> value) => V.Sum(value.A + value.B + (value.C + value.D));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide<V> operator +(Wide<V> x, Wide<V> y) => new() { A = x.A + y.A, B = x.B + y.B, C = x.C + y.C, D = x.D + y.D };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide<V> operator -(Wide<V> x, Wide<V> y) => new() { A = x.A - y.A, B = x.B - y.B, C = x.C - y.C, D = x.D - y.D };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide<V> operator *(Wide<V> x, Wide<V> y) => new() { A = x.A * y.A, B = x.B * y.B, C = x.C * y.C, D = x.D * y.D };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide<V> operator /(Wide<V> x, Wide<V> y) => new() { A = x.A / y.A, B = x.B / y.B, C = x.C / y.C, D = x.D / y.D };

    private static V Part(float* source, int count, float fill) => count <= 0 ? V.Broadcast(fill) : Partial.Load<V>(source, count, fill);

    private static void StorePart(V value, float* destination, int count)
    {
        if (count > 0)
        {
            Partial.Store(value, destination, count);
        }
    }
}
