using System.Runtime.CompilerServices;
using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>y[b,i,j,c] = max, mean or rectified mean over the pixels of the window that lie inside the image.</summary>
/// <remarks>
/// Shapes   x: [B,H,W,C], y: [B,H',W',C], any row strides; fewer than 2^31 elements of y.
/// Numbers  fp32: sums in the order (p, q), times the reciprocal of their number; one rounding to the storage type. A NaN in the window gives NaN.
/// Traffic  B H W C elements read, as many times as windows overlap but from the caches, and B H' W' C written.
/// Launch   grid [H' W' C / elements of a block, B], 256 threads. The fast level takes C a multiple of 8 and rows at multiples of 16 bytes, eight
///          channels of an output per thread; the plain level takes anything, one.
/// </remarks>
internal static class PoolingKernel
{
    /// <summary>Threads per block.</summary>
    public const int Threads = 256;

    private static readonly KernelTemplate _fastMaximum = new(typeof(PoolingKernel), nameof(Eights), Threads, typeof(MaximumPool));
    private static readonly KernelTemplate _fastMean = new(typeof(PoolingKernel), nameof(Eights), Threads, typeof(MeanPool));
    private static readonly KernelTemplate _fastRectified = new(typeof(PoolingKernel), nameof(Eights), Threads, typeof(RectifiedMeanPool));
    private static readonly KernelTemplate _plainMaximum = new(typeof(PoolingKernel), nameof(Scalars), Threads, typeof(MaximumPool));
    private static readonly KernelTemplate _plainMean = new(typeof(PoolingKernel), nameof(Scalars), Threads, typeof(MeanPool));
    private static readonly KernelTemplate _plainRectified = new(typeof(PoolingKernel), nameof(Scalars), Threads, typeof(RectifiedMeanPool));

    /// <summary>The kernel for every storage type, of the fast level or the plain one.</summary>
    public static KernelTemplate For(Pool pool, bool isFast) => (pool, isFast) switch
    {
        (Pool.Max, true) => _fastMaximum,
        (Pool.Max, false) => _plainMaximum,
        (Pool.Average, true) => _fastMean,
        (Pool.Average, false) => _plainMean,
        (_, true) => _fastRectified,
        _ => _plainRectified,
    };

    /// <summary>Eight channels per thread.</summary>
    public static void Eights<TElement, TPool>(
        ulong x,
        int xStride,
        int height,
        int width,
        ulong y,
        int yStride,
        int outputHeight,
        int outputWidth,
        int channels,
        int windowHeight,
        int windowWidth,
        int stride,
        int top,
        int left)
        where TElement : unmanaged, IElement
        where TPool : unmanaged, IPool
    {
        int wide = channels / Float8.Count, eight = (Grid.IdxX * Threads) + Group.IdxX, output = Integers.Divide(eight, wide);
        int c = (eight - (output * wide)) * Float8.Count;
        if (output >= outputHeight * outputWidth)
        {
            return;
        }

        int outputRow = Integers.Divide(output, outputWidth), i = (outputRow * stride) - top, j = ((output - (outputRow * outputWidth)) * stride) - left;
        int firstRow = IntrinsicMath.Max(i, 0), rows = IntrinsicMath.Min(i + windowHeight, height) - firstRow;
        int firstColumn = IntrinsicMath.Max(j, 0), columns = IntrinsicMath.Min(j + windowWidth, width) - firstColumn;

        // A division's subroutine is called here, before there are sums to keep.
        float factor = default(TPool).Factor(rows * columns);
        Float8 value = default(Float8) + default(TPool).Start;
        long at = ((((((long)Grid.IdxY * height) + firstRow) * width) + firstColumn) * xStride) + c, line = (long)(width - columns) * xStride;
        for (int row = 0; row < rows; row++, at += line)
        {
            for (int column = 0; column < columns; column++, at += xStride)
            {
                value = default(TPool).Join(value, default(TElement).Load8(x, at));
            }
        }

        default(TElement).Store8(y, ((((long)Grid.IdxY * outputHeight * outputWidth) + output) * yStride) + c, default(TPool).Finish(value * factor));
    }

    /// <summary>One channel per thread.</summary>
    public static void Scalars<TElement, TPool>(
        ulong x,
        int xStride,
        int height,
        int width,
        ulong y,
        int yStride,
        int outputHeight,
        int outputWidth,
        int channels,
        int windowHeight,
        int windowWidth,
        int stride,
        int top,
        int left)
        where TElement : unmanaged, IElement
        where TPool : unmanaged, IPool
    {
        int element = (Grid.IdxX * Threads) + Group.IdxX, output = Integers.Divide(element, channels), c = element - (output * channels);
        if (output >= outputHeight * outputWidth)
        {
            return;
        }

        int outputRow = Integers.Divide(output, outputWidth), i = (outputRow * stride) - top, j = ((output - (outputRow * outputWidth)) * stride) - left;
        int firstRow = IntrinsicMath.Max(i, 0), rows = IntrinsicMath.Min(i + windowHeight, height) - firstRow;
        int firstColumn = IntrinsicMath.Max(j, 0), columns = IntrinsicMath.Min(j + windowWidth, width) - firstColumn;

        // A division's subroutine is called here, before there are sums to keep.
        float factor = default(TPool).Factor(rows * columns);
        float value = default(TPool).Start;
        long at = ((((((long)Grid.IdxY * height) + firstRow) * width) + firstColumn) * xStride) + c, line = (long)(width - columns) * xStride;
        for (int row = 0; row < rows; row++, at += line)
        {
            for (int column = 0; column < columns; column++, at += xStride)
            {
                value = default(TPool).Join(value, default(TElement).Load(x, at));
            }
        }

        default(TElement).Store(y, ((((long)Grid.IdxY * outputHeight * outputWidth) + output) * yStride) + c, default(TPool).Finish(value * factor));
    }
}

/// <summary>What a pool makes of its pixels, known when the kernel is compiled.</summary>
internal interface IPool
{
    /// <summary>What to begin with.</summary>
    float Start { get; }

    /// <summary>What comes of the pixels so far and the next one.</summary>
    float Join(float value, float next);

    /// <summary>The same for eight channels.</summary>
    Float8 Join(Float8 value, Float8 next);

    /// <summary>Factor of the result of so many pixels.</summary>
    float Factor(int pixels);

    /// <summary>What is stored, of the result times its factor.</summary>
    float Finish(float value);

    /// <summary>The same for eight channels.</summary>
    Float8 Finish(Float8 value);
}

/// <summary><see cref="Pool.Max"/>.</summary>
internal readonly struct MaximumPool : IPool
{
    /// <inheritdoc/>
    public float Start => float.NegativeInfinity;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Join(float value, float next) => Fp32.MaximumOrNaN(value, next);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Float8 Join(Float8 value, Float8 next) => Float8.MaximumOrNaN(value, next);

    /// <inheritdoc/>
    public float Factor(int pixels) => 1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Finish(float value) => value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Float8 Finish(Float8 value) => value;
}

/// <summary><see cref="Pool.Average"/>.</summary>
internal readonly struct MeanPool : IPool
{
    /// <inheritdoc/>
    public float Start => 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Join(float value, float next) => value + next;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Float8 Join(Float8 value, Float8 next) => value + next;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Factor(int pixels) => Fp32.Divide(1, pixels);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Finish(float value) => value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Float8 Finish(Float8 value) => value;
}

/// <summary><see cref="Pool.RectifiedAverage"/>.</summary>
internal readonly struct RectifiedMeanPool : IPool
{
    /// <inheritdoc/>
    public float Start => 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Join(float value, float next) => value + next;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Float8 Join(Float8 value, Float8 next) => value + next;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Factor(int pixels) => Fp32.Divide(1, pixels);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Finish(float value) => DeviceActivation.Relu(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Float8 Finish(Float8 value) => Float8.Map<Relu>(value);
}
