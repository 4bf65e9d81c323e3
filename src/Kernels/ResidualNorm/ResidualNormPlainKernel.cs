using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>The plain level of <see cref="Device.ResidualNorm"/>: any width and alignment, one block per row, nothing kept in registers.</summary>
/// <remarks>
/// Formula, shapes and parameters as in <see cref="ResidualNormKernel"/>, without its bounds on C.
/// Numbers  as there; the sum is recomputed for the mean, for the variance and for the result, always to the same bits. Each thread sums its own
///          channels, then a butterfly in the warp, then the warps in order.
/// Traffic  the same from memory; two further reads of x and branches come back from the caches.
/// Launch   grid [B T], 128 threads; 32 bytes of static shared memory. In place is safe: a thread reads and writes its own channels only.
/// </remarks>
internal static class ResidualNormPlainKernel
{
    /// <summary>Threads per block.</summary>
    public const int Threads = 128;

    private static readonly KernelTemplate _single = new(typeof(ResidualNormPlainKernel), nameof(Row), Threads, typeof(SingleTerms));
    private static readonly KernelTemplate _weighted = new(typeof(ResidualNormPlainKernel), nameof(Row), Threads, typeof(WeightedTerms));
    private static readonly KernelTemplate _mixed =
        KernelTemplate.OfFp32(typeof(ResidualNormPlainKernel), nameof(Row), Threads, typeof(MixedTerms));

    /// <summary>The kernel for every storage type.</summary>
    public static KernelTemplate For(TermsForm form) => form switch
    {
        TermsForm.Mixed => _mixed,
        TermsForm.Weighted => _weighted,
        _ => _single,
    };

    /// <summary>Block r computes row r.</summary>
    public static void Row<TElement, TTerms>(
        ulong xIn,
        int xRows,
        ulong xOut,
        ulong y,
        TTerms terms,
        ulong scale,
        int scaleStride,
        int scaleLast,
        ulong shift,
        int shiftStride,
        int shiftLast,
        float offset,
        float epsilon,
        int tokens,
        int channels)
        where TElement : unmanaged, IElement
        where TTerms : unmanaged, IDeviceTerms
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(Threads / 32);
        ArrayView<float> squares = SharedMemory.Allocate<float>(Threads / 32);
        int row = Grid.IdxX, image = row / tokens;
        long at = (long)row * channels, xAt = (long)(row % xRows) * channels;

        // Pass 0 sums, pass 1 sums squares, pass 2 writes.
        float mean = 0, factor = 0;
        for (int pass = y == 0 ? 2 : 0; pass < 3; pass++)
        {
            float partial = 0;
            for (int c = Group.IdxX; c < channels; c += Threads)
            {
                float value = terms.AddTo<TElement>(default(TElement).Load(xIn, xAt + c), at + c, image, c);
                float centred = value - mean;
                partial = pass == 0 ? partial + value : Fp32.MultiplyAdd(centred, centred, partial);
                if (pass == 2)
                {
                    if (xOut != 0)
                    {
                        default(TElement).Store(xOut, at + c, value);
                    }

                    if (y != 0)
                    {
                        float scales = default(TElement).Load(scale, ((long)IntrinsicMath.Min(image, scaleLast) * scaleStride) + c);
                        float shifts = default(TElement).Load(shift, ((long)IntrinsicMath.Min(image, shiftLast) * shiftStride) + c);
                        default(TElement).Store(y, at + c, Fp32.MultiplyAdd(Fp32.Multiply(centred, factor), offset + scales, shifts));
                    }
                }
            }

            if (pass == 0)
            {
                mean = Fp32.Divide(SumOfBlock(partial, sums), channels);
            }
            else if (pass == 1)
            {
                float variance = Fp32.Divide(SumOfBlock(partial, squares), channels);
                factor = Fp32.Divide(1f, Fp32.SquareRoot(variance + epsilon));
            }
        }
    }

    private static float SumOfBlock(float value, ArrayView<float> warps)
    {
        value = Lanes.Sum(value);
        if (Warp.LaneIdx == 0)
        {
            warps[Group.IdxX / 32] = value;
        }

        Group.Barrier();
        return warps[0] + warps[1] + (warps[2] + warps[3]);
    }
}
