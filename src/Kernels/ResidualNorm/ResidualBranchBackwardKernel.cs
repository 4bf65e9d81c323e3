using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>The gradient of a branch that is a weighted sum: with d = gate[b] dx, dSource_k = factor_k d and dScalar[r] = sum_c d (sum_k slope_k
/// source_k) by rows; dGate[b,c] = sum_t dx (sum_k factor_k source_k) by columns.</summary>
/// <remarks>
/// Shapes   dx, sources and dSources: [B,T,C], contiguous; a dSource may be dx, and may be 0 for "not wanted". dScalar: [B T] fp32; may be 0. dGate:
///          [B,C], any row stride. factor = weight * scalar, scalars read when the kernel runs.
/// Numbers  fp32, rounded once to the storage type. By rows a lane sums its own columns, then a butterfly over the warp: the order depends on C alone.
///          By columns a thread adds every eighth token, ascending, then the eight are added: the order depends on T alone.
/// Traffic  by rows 1 read and a write per dSource, with dScalar a read per slope too; by columns a read per term and one.
/// Launch   by rows 4 warps per block, one row each, no shared memory; the fast level takes C a multiple of 8 and rows at multiples of 16 bytes, eight
///          columns per lane and step, the plain level anything. By columns grid [C/32, B], 256 threads, 1024 bytes of static shared memory; a warp
///          reads 32 columns of a row.
/// Source   Peebles and Xie 2023, adaLN-Zero; Learning-to-Cache, equation 5.
/// </remarks>
internal static unsafe class ResidualBranchBackwardKernel
{
    /// <summary>Rows that one block computes.</summary>
    public const int RowsPerBlock = Threads / 32;

    private const int Threads = 128;

    /// <summary>By rows, the fast level.</summary>
    public static readonly KernelTemplate Fast = new(typeof(ResidualBranchBackwardKernel), nameof(Eights), Threads);

    /// <summary>By rows, the plain level.</summary>
    public static readonly KernelTemplate Plain = new(typeof(ResidualBranchBackwardKernel), nameof(Scalars), Threads);

    /// <summary>By columns.</summary>
    public static readonly KernelTemplate Columns = new(typeof(ResidualBranchBackwardKernel), nameof(Gates), ColumnBlock.Threads);

    /// <summary>Warp i of block j computes row 4 j + i, eight columns per lane and step.</summary>
    public static void Eights<TElement>(
        ulong dx, WeightedTerms terms, SourceGradients gradients, ulong dScalar, int rows, int tokens, int channels)
        where TElement : unmanaged, IElement
    {
        int row = (Grid.IdxX * RowsPerBlock) + (Group.IdxX / 32);
        if (row >= rows)
        {
            return;
        }

        long at = (long)row * channels;
        SingleTerm first = terms.At(0).Term;
        long gateAt = first.GateAt(row / tokens);
        Float8 sum = default;
        for (int c = (Group.IdxX % 32) * Float8.Count; c < channels; c += Float8.PerWarp)
        {
            Float8 d = default(TElement).Load8(dx, at + c), slope = default;
            d = first.Gate == 0 ? d : d * default(TElement).Load8(first.Gate, gateAt + c);
            for (int k = 0; k < terms.Count; k++)
            {
                WeightedTerm term = terms.At(k);
                SourceGradient gradient = gradients.At(k);
                if (gradient.Slope != 0)
                {
                    slope = Float8.MultiplyAdd(default(TElement).Load8(term.Term.Source, at + c), gradient.Slope, slope);
                }

                if (gradient.DSource != 0)
                {
                    default(TElement).Store8(gradient.DSource, at + c, d * term.Factor);
                }
            }

            sum = Float8.MultiplyAdd(d, slope, sum);
        }

        Keep(dScalar, row, Lanes.Sum(Float8.Sum(sum)));
    }

    /// <summary>Warp i of block j computes row 4 j + i, one column per lane and step.</summary>
    public static void Scalars<TElement>(
        ulong dx, WeightedTerms terms, SourceGradients gradients, ulong dScalar, int rows, int tokens, int channels)
        where TElement : unmanaged, IElement
    {
        int row = (Grid.IdxX * RowsPerBlock) + (Group.IdxX / 32);
        if (row >= rows)
        {
            return;
        }

        long at = (long)row * channels;
        SingleTerm first = terms.At(0).Term;
        long gateAt = first.GateAt(row / tokens);
        float sum = 0;
        for (int c = Group.IdxX % 32; c < channels; c += 32)
        {
            float d = default(TElement).Load(dx, at + c), slope = 0;
            d = first.Gate == 0 ? d : d * default(TElement).Load(first.Gate, gateAt + c);
            for (int k = 0; k < terms.Count; k++)
            {
                WeightedTerm term = terms.At(k);
                SourceGradient gradient = gradients.At(k);
                if (gradient.Slope != 0)
                {
                    slope = Fp32.MultiplyAdd(default(TElement).Load(term.Term.Source, at + c), gradient.Slope, slope);
                }

                if (gradient.DSource != 0)
                {
                    default(TElement).Store(gradient.DSource, at + c, d * term.Factor);
                }
            }

            sum = Fp32.MultiplyAdd(d, slope, sum);
        }

        Keep(dScalar, row, Lanes.Sum(sum));
    }

    /// <summary>Block (i, b) computes columns 32 i and on of image b.</summary>
    public static void Gates<TElement>(ulong dx, WeightedTerms terms, ulong dGate, int dGateStride, int tokens, int channels)
        where TElement : unmanaged, IElement
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(ColumnBlock.Threads);
        int column = (Grid.IdxX * ColumnBlock.Columns) + (Group.IdxX % ColumnBlock.Columns), first = Group.IdxX / ColumnBlock.Columns;
        bool exists = column < channels;
        float sum = 0;
        for (int token = first; token < tokens && exists; token += ColumnBlock.Rows)
        {
            long at = ((((long)Grid.IdxY * tokens) + token) * channels) + column;
            float branch = 0;
            for (int k = 0; k < terms.Count; k++)
            {
                WeightedTerm term = terms.At(k);
                branch = Fp32.MultiplyAdd(term.Factor, default(TElement).Load(term.Term.Source, at), branch);
            }

            sum = Fp32.MultiplyAdd(default(TElement).Load(dx, at), branch, sum);
        }

        sum = ColumnBlock.Sum(sum, shared);
        if (first == 0 && exists)
        {
            default(TElement).Store(dGate, ((long)Grid.IdxY * dGateStride) + column, sum);
        }
    }

    private static void Keep(ulong dScalar, int row, float total)
    {
        if (dScalar != 0 && Group.IdxX % 32 == 0)
        {
            ((float*)dScalar)[row] = total;
        }
    }
}
