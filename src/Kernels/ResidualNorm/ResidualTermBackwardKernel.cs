using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>dBranch[b,t,c] = gate[b,c] dx[b,t,c], and dGate[b,c] = sum_t dx[b,t,c] branch[b,t,c].</summary>
/// <remarks>
/// Shapes   dx, branch and dBranch: [B,T,C], contiguous; dBranch may be dx. gate: rows any distance apart, image b reads row min(b, last); may be 0
///          for 1. dGate: [B,C], any row stride.
/// Numbers  fp32, rounded once to the storage type. Sums: a thread adds every eighth token, ascending, then the eight are added: the order depends
///          on T alone.
/// Traffic  one read and one write per element; one more read with dGate. Gates come from the caches.
/// Launch   without dGate grid [B T], 256 threads per row: eight columns per thread and step where C is a multiple of 8 and every row starts at a
///          multiple of 16 bytes, else one. With dGate grid [C/32, B], 256 threads, 1024 bytes of static shared memory; a warp reads 32 columns of a
///          row.
/// Source   Peebles and Xie 2023, adaLN-Zero.
/// </remarks>
internal static class ResidualTermBackwardKernel
{
    private const int Threads = 256;

    /// <summary>The fast level without dGate.</summary>
    public static readonly KernelTemplate Fast = new(typeof(ResidualTermBackwardKernel), nameof(Eights), Threads);

    /// <summary>The plain level without dGate.</summary>
    public static readonly KernelTemplate Plain = new(typeof(ResidualTermBackwardKernel), nameof(Scalars), Threads);

    /// <summary>With dGate.</summary>
    public static readonly KernelTemplate WithGates = new(typeof(ResidualTermBackwardKernel), nameof(Gates), ColumnBlock.Threads);

    /// <summary>Block r computes row r, eight columns per thread and step.</summary>
    public static void Eights<TElement>(ulong dx, ulong gate, int gateStride, int gateLast, ulong dBranch, int tokens, int channels)
        where TElement : unmanaged, IElement
    {
        long at = (long)Grid.IdxX * channels, gateAt = (long)IntrinsicMath.Min(Grid.IdxX / tokens, gateLast) * gateStride;
        for (int c = Group.IdxX * Float8.Count; c < channels; c += Threads * Float8.Count)
        {
            Float8 gradient = default(TElement).Load8(dx, at + c);
            default(TElement).Store8(dBranch, at + c, gate == 0 ? gradient : gradient * default(TElement).Load8(gate, gateAt + c));
        }
    }

    /// <summary>Block r computes row r, one column per thread and step.</summary>
    public static void Scalars<TElement>(ulong dx, ulong gate, int gateStride, int gateLast, ulong dBranch, int tokens, int channels)
        where TElement : unmanaged, IElement
    {
        long at = (long)Grid.IdxX * channels, gateAt = (long)IntrinsicMath.Min(Grid.IdxX / tokens, gateLast) * gateStride;
        for (int c = Group.IdxX; c < channels; c += Threads)
        {
            float gradient = default(TElement).Load(dx, at + c);
            default(TElement).Store(dBranch, at + c, gate == 0 ? gradient : gradient * default(TElement).Load(gate, gateAt + c));
        }
    }

    /// <summary>Block (i, b) computes columns 32 i and on of image b.</summary>
    public static void Gates<TElement>(
        ulong dx, ulong branch, ulong gate, int gateStride, ulong dBranch, ulong dGate, int dGateStride, int tokens, int channels)
        where TElement : unmanaged, IElement
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(ColumnBlock.Threads);
        int column = (Grid.IdxX * ColumnBlock.Columns) + (Group.IdxX % ColumnBlock.Columns), first = Group.IdxX / ColumnBlock.Columns;
        bool exists = column < channels;
        float factor = exists ? default(TElement).Load(gate, ((long)Grid.IdxY * gateStride) + column) : 0, sum = 0;
        for (int token = first; token < tokens && exists; token += ColumnBlock.Rows)
        {
            long at = ((((long)Grid.IdxY * tokens) + token) * channels) + column;
            float gradient = default(TElement).Load(dx, at);
            sum = Fp32.MultiplyAdd(gradient, default(TElement).Load(branch, at), sum);
            default(TElement).Store(dBranch, at, gradient * factor);
        }

        sum = ColumnBlock.Sum(sum, shared);
        if (first == 0 && exists)
        {
            default(TElement).Store(dGate, ((long)Grid.IdxY * dGateStride) + column, sum);
        }
    }
}
