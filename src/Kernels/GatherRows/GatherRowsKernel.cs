using ILGPU;
using ILGPU.Runtime.Cuda;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>destination[i] = source[rows[i]]: copies of rows, whatever their elements are.</summary>
/// <remarks>
/// Shapes   source: [S,C], destination: [R,C], any row strides. rows: [R] I32, read when the kernel runs; a value outside 0 .. S-1 stops the device.
/// Traffic  2 R C elements.
/// Launch   grid [R], 128 threads per row. The fast level moves 16 bytes per thread and step (row length and both strides multiples of 16 bytes),
///          the plain level 2. Lengths and strides are in these units.
/// </remarks>
internal static unsafe class GatherRowsKernel
{
    private const int Threads = 128;

    /// <summary>The fast level.</summary>
    public static readonly KernelTemplate Fast = new(typeof(GatherRowsKernel), nameof(Sixteens), Threads);

    /// <summary>The plain level.</summary>
    public static readonly KernelTemplate Plain = new(typeof(GatherRowsKernel), nameof(Twos), Threads);

    /// <summary>Units of 16 bytes.</summary>
    public static void Sixteens(ulong source, int sourceStride, ulong rows, int sourceRows, ulong destination, int destinationStride, int length)
    {
        ulong from = source + ((ulong)Row(rows, sourceRows) * (ulong)sourceStride * 16);
        ulong to = destination + ((ulong)Grid.IdxX * (ulong)destinationStride * 16);
        for (int i = Group.IdxX; i < length; i += Threads)
        {
            FourWords.Load(from + ((ulong)i * 16)).Store(to + ((ulong)i * 16));
        }
    }

    /// <summary>Units of 2 bytes.</summary>
    public static void Twos(ulong source, int sourceStride, ulong rows, int sourceRows, ulong destination, int destinationStride, int length)
    {
        ushort* from = (ushort*)source + ((long)Row(rows, sourceRows) * sourceStride);
        ushort* to = (ushort*)destination + ((long)Grid.IdxX * destinationStride);
        for (int i = Group.IdxX; i < length; i += Threads)
        {
            to[i] = from[i];
        }
    }

    private static int Row(ulong rows, int sourceRows)
    {
        int row = ((int*)rows)[Grid.IdxX];
        if ((uint)row >= (uint)sourceRows)
        {
            CudaAsm.Emit("trap;");
        }

        return row;
    }
}
