using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>sums[n] = sum_m x[m,n]: the gradient of a bias.</summary>
/// <remarks>
/// Shapes   x: [M,N], any row stride. sums: [N] fp32.
/// Numbers  fp32. A thread adds every eighth row, ascending, then the eight are added: the order depends on M alone.
/// Traffic  M N elements, read once.
/// Launch   grid [N/32], 256 threads, 1024 bytes of static shared memory. Narrow matrices leave most of the device idle: one block reads 32 columns.
/// </remarks>
internal static class ColumnSumsKernel
{
    /// <summary>The kernel for every storage type.</summary>
    public static readonly KernelTemplate Template = new(typeof(ColumnSumsKernel), nameof(Columns), ColumnBlock.Threads);

    /// <summary>Block i sums columns 32 i and on.</summary>
    public static unsafe void Columns<TElement>(ulong x, int stride, int rows, int columns, ulong sums)
        where TElement : unmanaged, IElement
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(ColumnBlock.Threads);
        int column = (Grid.IdxX * ColumnBlock.Columns) + (Group.IdxX % ColumnBlock.Columns), first = Group.IdxX / ColumnBlock.Columns;
        float sum = 0;
        for (int row = first; row < rows && column < columns; row += ColumnBlock.Rows)
        {
            sum += default(TElement).Load(x, ((long)row * stride) + column);
        }

        sum = ColumnBlock.Sum(sum, shared);
        if (first == 0 && column < columns)
        {
            ((float*)sums)[column] = sum;
        }
    }
}
