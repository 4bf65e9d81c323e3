using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>The fast level of <see cref="Device.ResidualNorm"/>: one warp per row, the row in registers from the first load to the
/// last store.</summary>
/// <remarks>
/// Formula  x'[b,t,c] = x[b,t,c] + sum_i gate_i[b,c] branch_i[b,t,c], branch_i = sum_k weight_k scalar_k source_k
///          y = (x' - mean) r (offset + scale[b,c]) + shift[b,c],  r = 1 / sqrt(variance + epsilon)
/// Shapes   x, sources, x', y: [B,T,C], C a multiple of 8 and at most 2048; every row starts at a multiple of 16 bytes. Up to 4 branches of one
///          source without factors (<see cref="SingleTerms"/>), or 6 terms of whole branches (<see cref="WeightedTerms"/>, <see cref="MixedTerms"/>).
/// Numbers  fp32. Mean and variance come from x' before it is rounded to the storage type, the variance from centred values. A lane sums its own
///          channels, then a butterfly over the warp: the order depends on C alone. Every operation has a stated rounding. A branch is summed in
///          registers before it is gated.
/// Traffic  (1 + terms) reads and up to 2 writes of B T C elements: the floor. Gates, scales and shifts come from the caches.
/// Launch   4 warps per block, one row each; no shared memory, no barrier. Lane l has channels 8 l + 256 k + (0..7), k below TChunks.
/// Source   Peebles and Xie 2023, adaLN-Zero; DiT models.py, DiTBlock. Skipping: Learning-to-Cache, section 3.
/// </remarks>
internal static class ResidualNormKernel
{
    /// <summary>Threads per block.</summary>
    public const int Threads = 128;

    /// <summary>Rows that one block computes.</summary>
    public const int RowsPerBlock = Threads / 32;

    /// <summary>Widest row in channels.</summary>
    public const int MaxChannels = 8 * Float8.PerWarp;

    private static readonly Type[] _chunks =
    [
        typeof(Chunks1), typeof(Chunks2), typeof(Chunks3), typeof(Chunks4), typeof(Chunks5), typeof(Chunks6), typeof(Chunks7), typeof(Chunks8),
    ];

    private static readonly KernelTemplate[] _single = ByChunks(typeof(SingleTerms));
    private static readonly KernelTemplate[] _weighted = ByChunks(typeof(WeightedTerms));

    private static readonly KernelTemplate[] _mixed = Array.ConvertAll(
        _chunks, chunks => KernelTemplate.OfFp32(typeof(ResidualNormKernel), nameof(Rows), Threads, typeof(MixedTerms), chunks));

    /// <summary>The kernel for rows of that many channels.</summary>
    public static KernelTemplate For(int channels, TermsForm form = TermsForm.Single) => (form switch
    {
        TermsForm.Mixed => _mixed,
        TermsForm.Weighted => _weighted,
        _ => _single,
    })[(channels - 1) / Float8.PerWarp];

    /// <summary>Warp w of block i computes row 4 i + w.</summary>
    /// <remarks>
    /// x has xRows rows, B T or T; xOut and y may be 0, for "not wanted". Of scales image b reads row min(b, scaleLast), rows scaleStride elements
    /// apart, of shifts likewise; an affine norm has one row of each and offset 0, adaLN offset 1.
    /// </remarks>
    public static void Rows<TElement, TTerms, TChunks>(
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
        int channels,
        int rows)
        where TElement : unmanaged, IElement
        where TTerms : unmanaged, IDeviceTerms
        where TChunks : unmanaged, IInteger
    {
        int row = (Grid.IdxX * RowsPerBlock) + (Group.IdxX / 32);
        if (row >= rows)
        {
            return;
        }

        int image = row / tokens;
        int lane = (Group.IdxX % 32) * Float8.Count;
        bool inLast = lane + ((default(TChunks).Value - 1) * Float8.PerWarp) < channels;
        long at = ((long)row * channels) + lane;
        RegisterRow<TElement, TChunks> x = RegisterRow<TElement, TChunks>.Load(xIn, ((long)(row % xRows) * channels) + lane, inLast);
        x = terms.AddTo(x, at, image, lane, inLast);
        if (xOut != 0)
        {
            x.Store(xOut, at, inLast);
        }

        if (y != 0)
        {
            float mean = Fp32.Divide(Lanes.Sum(x.Sum()), channels);
            RegisterRow<TElement, TChunks> centred = x.Minus(mean, inLast);
            float variance = Fp32.Divide(Lanes.Sum(centred.SumOfSquares()), channels);
            float factor = Fp32.Divide(1f, Fp32.SquareRoot(variance + epsilon));
            long scaleAt = ((long)IntrinsicMath.Min(image, scaleLast) * scaleStride) + lane;
            long shiftAt = ((long)IntrinsicMath.Min(image, shiftLast) * shiftStride) + lane;
            centred.Times(factor).Modulate(scale, scaleAt, offset, shift, shiftAt, inLast).Store(y, at, inLast);
        }
    }

    private static KernelTemplate[] ByChunks(Type terms) =>
        Array.ConvertAll(_chunks, chunks => new KernelTemplate(typeof(ResidualNormKernel), nameof(Rows), Threads, terms, chunks));
}
