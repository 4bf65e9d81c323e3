using ILGPU;
using ILGPU.Runtime.Cuda;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>dTable[l] = sum over the rows r with labels[r] = l of dSilu[r] silu'(c[r]).</summary>
/// <remarks>
/// Shapes   dSilu and c: [B,C], any row strides. labels: [B] I32, read when the kernel runs; a label outside the table stops the device. dTable:
///          [rows,C] fp32, contiguous, written whole.
/// Numbers  fp32, r ascending.
/// Traffic  writes the table; every block reads all labels, and the rows that carry its own.
/// Launch   grid [rows, C/128], 128 threads, one column each: a thousand rows once per step, so there is only the plain level.
/// </remarks>
internal static unsafe class ConditioningBackwardKernel
{
    /// <summary>Threads per block, columns of the table.</summary>
    public const int Threads = 128;

    /// <summary>The kernel for every storage type.</summary>
    public static readonly KernelTemplate Template = new(typeof(ConditioningBackwardKernel), nameof(Table), Threads);

    /// <summary>Block (l, i) computes columns 128 i and on of row l.</summary>
    public static void Table<TElement>(
        ulong dSilu, int dSiluStride, ulong c, int cStride, ulong labels, int labelCount, ulong dTable, int tableRows, int channels)
        where TElement : unmanaged, IElement
    {
        int column = (Grid.IdxY * Threads) + Group.IdxX;
        float sum = 0;
        for (int row = 0; row < labelCount; row++)
        {
            int label = ((int*)labels)[row];
            if ((uint)label >= (uint)tableRows)
            {
                CudaAsm.Emit("trap;");
            }

            if (label == Grid.IdxX && column < channels)
            {
                float slope = DeviceActivation.SiluSlope(default(TElement).Load(c, ((long)row * cStride) + column));
                sum = Fp32.MultiplyAdd(default(TElement).Load(dSilu, ((long)row * dSiluStride) + column), slope, sum);
            }
        }

        if (column < channels)
        {
            ((float*)dTable)[((long)Grid.IdxX * channels) + column] = sum;
        }
    }
}
