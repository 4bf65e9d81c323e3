using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>The fast level of <see cref="Device.ResidualNorm"/>: one warp per row, the row in registers from the first load to the
/// last store.</summary>
/// <remarks>
/// Formula  x'[b,t,c] = x[b,t,c] + sum_i gate_i[b,c] branch_i[b,t,c]
///          y = (x' - mean) r (offset + scale[b,c]) + shift[b,c],  r = 1 / sqrt(variance + epsilon)
/// Shapes   x, branches, x', y: [B,T,C], C a multiple of 8 and at most 2048; every row starts at a multiple of 16 bytes. Up to 4 branches.
/// Numbers  fp32. Mean and variance come from x' before it is rounded to the storage type, the variance from centred values. A lane sums its own
///          channels, then a butterfly over the warp: the order depends on C alone. Every operation has a stated rounding.
/// Traffic  (1 + branches) reads and up to 2 writes of B T C elements: the floor. Gates, scales and shifts come from the caches.
/// Launch   4 warps per block, one row each; no shared memory, no barrier. Lane l has channels 8 l + 256 k + (0..7), k below TChunks.
/// Source   Peebles and Xie 2023, adaLN-Zero; DiT models.py, DiTBlock. Skipping: Learning-to-Cache, section 3.
/// </remarks>
internal static class ResidualNormKernel
{
    /// <summary>Threads per block.</summary>
    public const int Threads = 128;

    /// <summary>Rows that one block computes.</summary>
    public const int RowsPerBlock = Threads / 32;

    /// <summary>Branches that one launch adds at most.</summary>
    public const int MaxTerms = 4;

    /// <summary>Widest row in channels.</summary>
    public const int MaxChannels = 8 * EightFloats.PerWarp;

    private static readonly KernelTemplate[] _byChunks =
    [
        new(typeof(ResidualNormKernel), nameof(Rows), Threads, typeof(Chunks1)),
        new(typeof(ResidualNormKernel), nameof(Rows), Threads, typeof(Chunks2)),
        new(typeof(ResidualNormKernel), nameof(Rows), Threads, typeof(Chunks3)),
        new(typeof(ResidualNormKernel), nameof(Rows), Threads, typeof(Chunks4)),
        new(typeof(ResidualNormKernel), nameof(Rows), Threads, typeof(Chunks5)),
        new(typeof(ResidualNormKernel), nameof(Rows), Threads, typeof(Chunks6)),
        new(typeof(ResidualNormKernel), nameof(Rows), Threads, typeof(Chunks7)),
        new(typeof(ResidualNormKernel), nameof(Rows), Threads, typeof(Chunks8)),
    ];

    /// <summary>The kernel for rows of that many channels.</summary>
    public static KernelTemplate For(int channels) => _byChunks[(channels - 1) / EightFloats.PerWarp];

    /// <summary>Warp w of block i computes row 4 i + w.</summary>
    /// <remarks>
    /// x has xRows rows, B T or T; xOut and y may be 0, for "not wanted". gate0 .. gate3 may be 0, for a gate of 1; otherwise image b reads row
    /// min(b, gateLast), rows gateStride elements apart. Scales and shifts likewise; an affine norm has one row of each and offset 0, adaLN offset 1.
    /// </remarks>
    public static void Rows<TElement, TChunks>(
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
        int channels,
        int rows)
        where TElement : unmanaged, IElement
        where TChunks : unmanaged, IInteger
    {
        int row = (Grid.IdxX * RowsPerBlock) + (Group.IdxX / 32);
        if (row >= rows)
        {
            return;
        }

        int image = row / tokens;
        int lane = (Group.IdxX % 32) * EightFloats.Count;
        bool inLast = lane + ((default(TChunks).Value - 1) * EightFloats.PerWarp) < channels;
        long at = ((long)row * channels) + lane;
        RowOfEights<TElement, TChunks> x = RowOfEights<TElement, TChunks>.Load(xIn, ((long)(row % xRows) * channels) + lane, inLast);
        for (int i = 0; i < terms; i++)
        {
            ulong branch = i == 0 ? branch0 : i == 1 ? branch1 : i == 2 ? branch2 : branch3;
            ulong gate = i == 0 ? gate0 : i == 1 ? gate1 : i == 2 ? gate2 : gate3;
            int stride = i == 0 ? gateStride0 : i == 1 ? gateStride1 : i == 2 ? gateStride2 : gateStride3;
            int last = i == 0 ? gateLast0 : i == 1 ? gateLast1 : i == 2 ? gateLast2 : gateLast3;
            x = gate == 0
                ? x.Add(branch, at, inLast)
                : x.AddProduct(branch, at, gate, ((long)IntrinsicMath.Min(image, last) * stride) + lane, inLast);
        }

        if (xOut != 0)
        {
            x.Store(xOut, at, inLast);
        }

        if (y != 0)
        {
            float mean = Fp32.Divide(Lanes.Sum(x.Sum()), channels);
            RowOfEights<TElement, TChunks> centred = x.Minus(mean, inLast);
            float variance = Fp32.Divide(Lanes.Sum(centred.SumOfSquares()), channels);
            float factor = Fp32.Divide(1f, Fp32.SquareRoot(variance + epsilon));
            long scaleAt = ((long)IntrinsicMath.Min(image, scaleLast) * scaleStride) + lane;
            long shiftAt = ((long)IntrinsicMath.Min(image, shiftLast) * shiftStride) + lane;
            centred.Times(factor).Modulate(scale, scaleAt, offset, shift, shiftAt, inLast).Store(y, at, inLast);
        }
    }
}
