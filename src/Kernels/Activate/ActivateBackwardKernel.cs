using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>dx[m,n] = dy[m,n] act'(x[m,n]).</summary>
/// <remarks>
/// Shapes   dy, x and dx: [M,N], any row strides; dx may be dy.
/// Numbers  fp32; one rounding to the storage type.
/// Traffic  2 M N elements read, M N written.
/// Launch   grid [M], one block of 256 threads per row. The fast level takes N a multiple of 8 and rows at multiples of 16 bytes, eight columns
///          per thread and step; the plain level takes anything.
/// Source   as <see cref="BiasActivationKernel"/>.
/// </remarks>
internal static class ActivateBackwardKernel
{
    private const int Threads = 256;

    /// <summary>The fast level.</summary>
    public static readonly KernelTemplate Fast = new(typeof(ActivateBackwardKernel), nameof(Eights), Threads);

    /// <summary>The plain level.</summary>
    public static readonly KernelTemplate Plain = new(typeof(ActivateBackwardKernel), nameof(Scalars), Threads);

    /// <summary>Eight columns per thread and step.</summary>
    public static void Eights<TElement>(ulong dy, int dyStride, ulong x, int xStride, ulong dx, int dxStride, int columns, int activation)
        where TElement : unmanaged, IElement
    {
        long dyRow = (long)Grid.IdxX * dyStride, xRow = (long)Grid.IdxX * xStride, dxRow = (long)Grid.IdxX * dxStride;
        for (int n = Group.IdxX * Float8.Count; n < columns; n += Threads * Float8.Count)
        {
            Float8 gradient = default(TElement).Load8(dy, dyRow + n), value = default(TElement).Load8(x, xRow + n);

            default(TElement).Store8(dx, dxRow + n, gradient * DeviceActivation.Slope(value, activation));
        }
    }

    /// <summary>One column per thread and step.</summary>
    public static void Scalars<TElement>(ulong dy, int dyStride, ulong x, int xStride, ulong dx, int dxStride, int columns, int activation)
        where TElement : unmanaged, IElement
    {
        long dyRow = (long)Grid.IdxX * dyStride, xRow = (long)Grid.IdxX * xStride, dxRow = (long)Grid.IdxX * dxStride;
        for (int n = Group.IdxX; n < columns; n += Threads)
        {
            float slope = DeviceActivation.Slope(default(TElement).Load(x, xRow + n), activation);
            default(TElement).Store(dx, dxRow + n, default(TElement).Load(dy, dyRow + n) * slope);
        }
    }
}
