using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>y[m,n] = act(x[m,n] + bias[n]): what follows a matrix product that has no such epilogue, in place; and an activation by itself.</summary>
/// <remarks>
/// Shapes   x and y: [M,N], any row strides; they may be the same. bias: [N], or none.
/// Numbers  fp32; one rounding to the storage type, besides that of x.
/// Traffic  reads and writes M N elements.
/// Launch   grid [M], one block of 256 threads per row. The fast level takes N a multiple of 8 and rows at multiples of 16 bytes, eight columns
///          per thread and step; the plain level takes anything.
/// Source   Hendrycks and Gimpel 2016 (GELU in both forms); Elfwing et al. 2017 (SiLU).
/// </remarks>
internal static class BiasActivationKernel
{
    private const int Threads = 256;

    /// <summary>The fast level.</summary>
    public static readonly KernelTemplate Fast = new(typeof(BiasActivationKernel), nameof(Eights), Threads);

    /// <summary>The plain level.</summary>
    public static readonly KernelTemplate Plain = new(typeof(BiasActivationKernel), nameof(Scalars), Threads);

    /// <summary>Eight columns per thread and step.</summary>
    public static void Eights<TElement>(ulong x, int xStride, ulong bias, ulong y, int yStride, int columns, int activation)
        where TElement : unmanaged, IElement
    {
        long xRow = (long)Grid.IdxX * xStride, yRow = (long)Grid.IdxX * yStride;
        for (int n = Group.IdxX * Float8.Count; n < columns; n += Threads * Float8.Count)
        {
            Float8 value = default(TElement).Load8(x, xRow + n);
            if (bias != 0)
            {
                value += default(TElement).Load8(bias, n);
            }

            default(TElement).Store8(y, yRow + n, DeviceActivation.Apply(value, activation));
        }
    }

    /// <summary>One column per thread and step.</summary>
    public static void Scalars<TElement>(ulong x, int xStride, ulong bias, ulong y, int yStride, int columns, int activation)
        where TElement : unmanaged, IElement
    {
        long xRow = (long)Grid.IdxX * xStride, yRow = (long)Grid.IdxX * yStride;
        for (int n = Group.IdxX; n < columns; n += Threads)
        {
            float value = default(TElement).Load(x, xRow + n);
            if (bias != 0)
            {
                value += default(TElement).Load(bias, n);
            }

            default(TElement).Store(y, yRow + n, DeviceActivation.Apply(value, activation));
        }
    }
}
