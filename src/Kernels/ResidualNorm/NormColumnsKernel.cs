using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>dScale[b,c] = sum_t dy[b,t,c] n[b,t,c] and dShift[b,c] = sum_t dy[b,t,c]: what reaches the vectors that a norm is scaled and shifted
/// by.</summary>
/// <remarks>
/// Shapes   x and dy: [B,T,C], contiguous; an affine norm's vectors are shared, so it takes all rows as one image. statistics: [B T, 2] fp32, from
///          <see cref="NormBackwardKernel"/>. dScale and dShift: [B,C], any row strides.
/// Numbers  fp32, rounded once to the storage type. A thread adds every eighth token, ascending, then the eight are added: the order depends on T
///          alone.
/// Traffic  2 B T C elements, read once.
/// Launch   grid [C/32, B], 256 threads, 2048 bytes of static shared memory; a warp reads 32 columns of a row.
/// </remarks>
internal static unsafe class NormColumnsKernel
{
    /// <summary>The kernel for every storage type.</summary>
    public static readonly KernelTemplate Template = new(typeof(NormColumnsKernel), nameof(Columns), ColumnBlock.Threads);

    /// <summary>Block (i, b) computes columns 32 i and on of image b.</summary>
    public static void Columns<TElement>(
        ulong x, ulong dy, ulong statistics, ulong dScale, int dScaleStride, ulong dShift, int dShiftStride, int tokens, int channels)
        where TElement : unmanaged, IElement
    {
        ArrayView<float> scales = SharedMemory.Allocate<float>(ColumnBlock.Threads);
        ArrayView<float> shifts = SharedMemory.Allocate<float>(ColumnBlock.Threads);
        int column = (Grid.IdxX * ColumnBlock.Columns) + (Group.IdxX % ColumnBlock.Columns), first = Group.IdxX / ColumnBlock.Columns;
        bool exists = column < channels;
        float scale = 0, shift = 0;
        for (int token = first; token < tokens && exists; token += ColumnBlock.Rows)
        {
            long row = ((long)Grid.IdxY * tokens) + token;
            float gradient = default(TElement).Load(dy, (row * channels) + column);
            float mean = ((float*)statistics)[2 * row], factor = ((float*)statistics)[(2 * row) + 1];
            float normal = (default(TElement).Load(x, (row * channels) + column) - mean) * factor;
            scale = Fp32.MultiplyAdd(gradient, normal, scale);
            shift += gradient;
        }

        scale = ColumnBlock.Sum(scale, scales);
        shift = ColumnBlock.Sum(shift, shifts);
        if (first == 0 && exists)
        {
            default(TElement).Store(dScale, ((long)Grid.IdxY * dScaleStride) + column, scale);
            default(TElement).Store(dShift, ((long)Grid.IdxY * dShiftStride) + column, shift);
        }
    }
}
