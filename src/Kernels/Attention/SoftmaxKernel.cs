using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>w[t,s] = softmax over s of scale s[t,s]: what stands between the two products of attention with heads wider than other kernels
/// hold.</summary>
/// <remarks>
/// Shapes   scores: [R,T] fp32, weights: [R,T] in the storage type, both with rows a multiple of 8 elements apart.
/// Numbers  fp32 with the row's maximum subtracted. A thread adds every 256th weight, ascending, then come the warps: the order depends on T alone.
/// Traffic  R T scores read three times, twice from the caches, and R T weights written.
/// Launch   grid [R], one block of 256 threads per row.
/// </remarks>
internal static unsafe class SoftmaxKernel
{
    /// <summary>The kernel for every storage type.</summary>
    public static readonly KernelTemplate Template = new(typeof(SoftmaxKernel), nameof(Softmax), BlockSum.Threads);

    /// <summary>Block r computes row r.</summary>
    /// <param name="scores">Address.</param>
    /// <param name="weights">Address.</param>
    /// <param name="pitch">Elements from one row to the next, of both.</param>
    /// <param name="keys">T.</param>
    /// <param name="scale">log2(e) / sqrt(D).</param>
    public static void Softmax<TElement>(ulong scores, ulong weights, int pitch, int keys, float scale)
        where TElement : unmanaged, IElement
    {
        ArrayView<float> maxima = SharedMemory.Allocate<float>(BlockSum.Warps), sums = SharedMemory.Allocate<float>(BlockSum.Warps);
        long at = (long)Grid.IdxX * pitch;
        float* row = (float*)scores + at;

        // A NaN may be lost here: its own weight is NaN, and so are the sum and the others.
        float maximum = float.NegativeInfinity;
        for (int key = Group.IdxX; key < keys; key += BlockSum.Threads)
        {
            maximum = IntrinsicMath.Max(maximum, row[key]);
        }

        maximum = BlockSum.Largest(maximum, maxima);
        float sum = 0;
        for (int key = Group.IdxX; key < keys; key += BlockSum.Threads)
        {
            sum += Weight(row[key], maximum, scale);
        }

        sum = BlockSum.Of(sum, sums);
        for (int key = Group.IdxX; key < keys; key += BlockSum.Threads)
        {
            default(TElement).Store(weights, at + key, Fp32.Divide(Weight(row[key], maximum, scale), sum));
        }
    }

    private static float Weight(float score, float maximum, float scale) => Fp32.PowerOfTwoOrZero((score - maximum) * scale);
}
