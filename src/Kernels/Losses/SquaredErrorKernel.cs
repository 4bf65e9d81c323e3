using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>dA[n,i] = scale (a[n,i] - b[n,i]) and sums[n] = sum_i (a[n,i] - b[n,i])^2 over an image's first elements; 0 in dA's others.</summary>
/// <remarks>
/// Shapes   a, b and dA: [N, ..] fp32, contiguous, fewer than 2^31 elements per image; dA may be a or b. sums: [N] fp32.
/// Numbers  fp32. A thread adds every 256th element, ascending, then a butterfly over the warp, then the warps: the order depends on the number
///          compared alone.
/// Traffic  2 reads and 1 write per element compared, 1 write per other: some megabytes once per step, so there is only the plain level.
/// Launch   grid [N], 256 threads, 32 bytes of static shared memory.
/// Source   Learning-to-Cache, equation 6.
/// </remarks>
internal static unsafe class SquaredErrorKernel
{
    /// <summary>The kernel; its tensors are fp32 in every precision.</summary>
    public static readonly KernelTemplate Template = new(typeof(SquaredErrorKernel), nameof(Images), BlockSum.Threads);

    /// <summary>Block n computes image n.</summary>
    public static void Images(ulong a, ulong b, int counted, float scale, ulong dA, ulong sums, int count)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(BlockSum.Warps);
        long at = (long)Grid.IdxX * count;
        float sum = 0;
        for (int i = Group.IdxX; i < count; i += BlockSum.Threads)
        {
            float difference = i < counted ? ((float*)a)[at + i] - ((float*)b)[at + i] : 0;
            sum = Fp32.MultiplyAdd(difference, difference, sum);
            ((float*)dA)[at + i] = scale * difference;
        }

        sum = BlockSum.Of(sum, shared);
        if (Group.IdxX == 0)
        {
            ((float*)sums)[Grid.IdxX] = sum;
        }
    }
}
