using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>The plain level of <see cref="Device.ResidualNorm"/>: any width and alignment, one block per row, nothing kept in registers.</summary>
/// <remarks>
/// Formula, shapes and parameters as in <see cref="ResidualNormKernel"/>, without its bounds on C.
/// Numbers  as there; the sum is computed anew for the mean, for the variance and for the result, always to the same bits. Each thread sums its own
///          channels, then a butterfly in the warp, then the warps in order.
/// Traffic  the same from memory; two further reads of x and branches come back from the caches.
/// Launch   grid [B T], 128 threads; 32 bytes of static shared memory. In place is safe: a thread reads and writes its own channels only.
/// </remarks>
internal static class ResidualNormPlainKernel
{
    /// <summary>Threads per block.</summary>
    public const int Threads = 128;

    /// <summary>The kernel for every storage type.</summary>
    public static readonly KernelTemplate Template = new(typeof(ResidualNormPlainKernel), nameof(Row), Threads);

    /// <summary>Block r computes row r.</summary>
    public static void Row<TElement>(
        ulong xIn,
        int xRows,
        ulong xOut,
        ulong y,
        ulong branch0,
        ulong gate0,
        int gateStride0,
        int gateLast0,
        ulong branch1,
        ulong gate1,
        int gateStride1,
        int gateLast1,
        ulong branch2,
        ulong gate2,
        int gateStride2,
        int gateLast2,
        ulong branch3,
        ulong gate3,
        int gateStride3,
        int gateLast3,
        ulong scale,
        int scaleStride,
        int scaleLast,
        ulong shift,
        int shiftStride,
        int shiftLast,
        float offset,
        float epsilon,
        int terms,
        int tokens,
        int channels)
        where TElement : unmanaged, IElement
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(Threads / 32);
        ArrayView<float> squares = SharedMemory.Allocate<float>(Threads / 32);
        int row = Grid.IdxX, image = row / tokens;
        long at = (long)row * channels, xAt = (long)(row % xRows) * channels;
        long gateAt0 = (long)IntrinsicMath.Min(image, gateLast0) * gateStride0;
        long gateAt1 = (long)IntrinsicMath.Min(image, gateLast1) * gateStride1;
        long gateAt2 = (long)IntrinsicMath.Min(image, gateLast2) * gateStride2;
        long gateAt3 = (long)IntrinsicMath.Min(image, gateLast3) * gateStride3;

        // Pass 0 sums, pass 1 sums squares, pass 2 writes.
        float mean = 0, factor = 0;
        for (int pass = y == 0 ? 2 : 0; pass < 3; pass++)
        {
            float partial = 0;
            for (int c = Group.IdxX; c < channels; c += Threads)
            {
                float value = default(TElement).Load(xIn, xAt + c);
                value = terms > 0 ? Add<TElement>(value, branch0, at + c, gate0, gateAt0 + c) : value;
                value = terms > 1 ? Add<TElement>(value, branch1, at + c, gate1, gateAt1 + c) : value;
                value = terms > 2 ? Add<TElement>(value, branch2, at + c, gate2, gateAt2 + c) : value;
                value = terms > 3 ? Add<TElement>(value, branch3, at + c, gate3, gateAt3 + c) : value;
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

    private static float Add<TElement>(float value, ulong branch, long at, ulong gate, long gateAt)
        where TElement : unmanaged, IElement
    {
        float addend = default(TElement).Load(branch, at);
        return gate == 0 ? value + addend : Fp32.MultiplyAdd(default(TElement).Load(gate, gateAt), addend, value);
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
