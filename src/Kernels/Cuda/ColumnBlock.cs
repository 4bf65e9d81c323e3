using System.Runtime.CompilerServices;
using ILGPU;

namespace L2c.Kernels.Cuda;

/// <summary>A block that sums down the columns of a matrix: 32 columns wide, a warp's width, with eight warps that take every eighth row.</summary>
internal static class ColumnBlock
{
    /// <summary>Columns of a block.</summary>
    public const int Columns = 32;

    /// <summary>Rows that a block reads at a time.</summary>
    public const int Rows = 8;

    /// <summary>Threads of a block.</summary>
    public const int Threads = Columns * Rows;

    /// <summary>The sum of what the eight threads of a column hold, the same bits in each; the order is fixed. Once per array.</summary>
    /// <param name="value">This thread's.</param>
    /// <param name="shared">Shared memory, <see cref="Threads"/> long.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(float value, ArrayView<float> shared)
    {
        int column = Group.IdxX % Columns;
        shared[Group.IdxX] = value;
        Group.Barrier();
        return shared[column] + shared[column + Columns]
            + (shared[column + (2 * Columns)] + shared[column + (3 * Columns)])
            + (shared[column + (4 * Columns)] + shared[column + (5 * Columns)]
                + (shared[column + (6 * Columns)] + shared[column + (7 * Columns)]));
    }
}
