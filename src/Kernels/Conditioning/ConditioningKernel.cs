using ILGPU;
using ILGPU.Runtime.Cuda;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>c[r] = time[r / (R/E)] + table[labels[r mod B]], and SiLU(c).</summary>
/// <remarks>
/// Shapes   time: [E,C], table: [rows,C], c and silu: [R,C], any row strides; c may be absent. labels: [B] I32, read when the kernel runs; a label
///          outside the table stops the device.
/// Numbers  fp32; SiLU is taken before c is rounded.
/// Traffic  2 R C reads, up to 2 R C writes: a few hundred kilobytes once per step, so there is only the plain level.
/// Launch   grid [R], 128 threads per row.
/// Source   DiT models.py, DiT.forward.
/// </remarks>
internal static unsafe class ConditioningKernel
{
    private const int Threads = 128;

    /// <summary>The kernel for every storage type.</summary>
    public static readonly KernelTemplate Template = new(typeof(ConditioningKernel), nameof(Row), Threads);

    /// <summary>Block r computes row r.</summary>
    public static void Row<TElement>(
        ulong time,
        int timeStride,
        int rowsPerTime,
        ulong table,
        int tableStride,
        int tableRows,
        ulong labels,
        int labelCount,
        ulong c,
        int cStride,
        ulong silu,
        int siluStride,
        int channels)
        where TElement : unmanaged, IElement
    {
        int row = Grid.IdxX, label = ((int*)labels)[row % labelCount];
        if ((uint)label >= (uint)tableRows)
        {
            CudaAsm.Emit("trap;");
        }

        long timeAt = (long)(row / rowsPerTime) * timeStride, tableAt = (long)label * tableStride;
        for (int i = Group.IdxX; i < channels; i += Threads)
        {
            float sum = default(TElement).Load(time, timeAt + i) + default(TElement).Load(table, tableAt + i);
            default(TElement).Store(silu, ((long)row * siluStride) + i, DeviceActivation.Silu(sum));
            if (c != 0)
            {
                default(TElement).Store(c, ((long)row * cStride) + i, sum);
            }
        }
    }
}
