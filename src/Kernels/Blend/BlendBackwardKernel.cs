using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>dFresh = w d, and dWeight[r] = sum_c d[r,c] (fresh[r,c] - cached[r,c]).</summary>
/// <remarks>
/// Shapes   d, fresh, cached and dFresh: [R,C], contiguous; dFresh may be d, and may be 0 for "not wanted". w: [1] fp32, read when the kernel runs.
///          dWeight: [R] fp32.
/// Numbers  fp32; dFresh is rounded once. A lane sums its own columns, then a butterfly over the warp: the order depends on C alone.
/// Traffic  3 reads and up to 1 write per element.
/// Launch   4 warps per block, one row each; no shared memory. The fast level takes C a multiple of 8 and addresses at multiples of 16 bytes, eight
///          columns per lane and step; the plain level takes anything.
/// </remarks>
internal static unsafe class BlendBackwardKernel
{
    /// <summary>Rows that one block computes.</summary>
    public const int RowsPerBlock = Threads / 32;

    private const int Threads = 128;

    /// <summary>The fast level.</summary>
    public static readonly KernelTemplate Fast = new(typeof(BlendBackwardKernel), nameof(Eights), Threads);

    /// <summary>The plain level.</summary>
    public static readonly KernelTemplate Plain = new(typeof(BlendBackwardKernel), nameof(Scalars), Threads);

    /// <summary>Warp i of block j computes row 4 j + i, eight columns per lane and step.</summary>
    public static void Eights<TElement>(
        ulong d, ulong fresh, ulong cached, ulong weight, ulong dFresh, ulong dWeight, int rows, int columns)
        where TElement : unmanaged, IElement
    {
        int row = (Grid.IdxX * RowsPerBlock) + (Group.IdxX / 32);
        if (row >= rows)
        {
            return;
        }

        long at = (long)row * columns;
        float w = *(float*)weight;
        Float8 sum = default;
        for (int c = (Group.IdxX % 32) * Float8.Count; c < columns; c += Float8.PerWarp)
        {
            Float8 gradient = default(TElement).Load8(d, at + c);
            sum = Float8.MultiplyAdd(gradient, default(TElement).Load8(fresh, at + c) - default(TElement).Load8(cached, at + c), sum);
            if (dFresh != 0)
            {
                default(TElement).Store8(dFresh, at + c, gradient * w);
            }
        }

        float total = Lanes.Sum(Float8.Sum(sum));
        if (Group.IdxX % 32 == 0)
        {
            ((float*)dWeight)[row] = total;
        }
    }

    /// <summary>Warp i of block j computes row 4 j + i, one column per lane and step.</summary>
    public static void Scalars<TElement>(
        ulong d, ulong fresh, ulong cached, ulong weight, ulong dFresh, ulong dWeight, int rows, int columns)
        where TElement : unmanaged, IElement
    {
        int row = (Grid.IdxX * RowsPerBlock) + (Group.IdxX / 32);
        if (row >= rows)
        {
            return;
        }

        long at = (long)row * columns;
        float w = *(float*)weight, sum = 0;
        for (int c = Group.IdxX % 32; c < columns; c += 32)
        {
            float gradient = default(TElement).Load(d, at + c);
            sum = Fp32.MultiplyAdd(gradient, default(TElement).Load(fresh, at + c) - default(TElement).Load(cached, at + c), sum);
            if (dFresh != 0)
            {
                default(TElement).Store(dFresh, at + c, gradient * w);
            }
        }

        float total = Lanes.Sum(sum);
        if (Group.IdxX % 32 == 0)
        {
            ((float*)dWeight)[row] = total;
        }
    }
}
