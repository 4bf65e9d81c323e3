using System.Runtime.CompilerServices;
using ILGPU;

namespace L2c.Kernels.Cuda;

/// <summary>The sum, or the maximum, over a block of eight warps.</summary>
internal static class BlockSum
{
    /// <summary>Threads of a block.</summary>
    public const int Threads = 32 * Warps;

    /// <summary>Warps of a block.</summary>
    public const int Warps = 8;

    /// <summary>The sum of what all threads hold, the same bits in each; the order is fixed. Once per array.</summary>
    /// <param name="value">This thread's.</param>
    /// <param name="shared">Shared memory, <see cref="Warps"/> long.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of(float value, ArrayView<float> shared)
    {
        value = Lanes.Sum(value);
        if (Warp.LaneIdx == 0)
        {
            shared[Group.IdxX / 32] = value;
        }

        Group.Barrier();
        return shared[0] + shared[1] + (shared[2] + shared[3]) + (shared[4] + shared[5] + (shared[6] + shared[7]));
    }

    /// <summary>The largest of what all threads hold; as by the hardware's maximum, NaN does not count. Once per array.</summary>
    /// <param name="value">This thread's.</param>
    /// <param name="shared">Shared memory, <see cref="Warps"/> long.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(float value, ArrayView<float> shared)
    {
        value = Lanes.Max(value);
        if (Warp.LaneIdx == 0)
        {
            shared[Group.IdxX / 32] = value;
        }

        Group.Barrier();
        for (int warp = 0; warp < Warps; warp++)
        {
            value = IntrinsicMath.Max(value, shared[warp]);
        }

        return value;
    }
}
