using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>y[m,n] = act(y[m,n] + bias[n]) in place: what follows a matrix product that has no such epilogue.</summary>
/// <remarks>
/// Shapes   y: [M,N], any row stride. bias: [N], or none.
/// Numbers  fp32; one rounding to the storage type, besides the product's own.
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
    public static void Eights<TElement>(ulong y, ulong bias, int stride, int columns, int activation)
        where TElement : unmanaged, IElement
    {
        long row = (long)Grid.IdxX * stride;
        for (int n = Group.IdxX * EightFloats.Count; n < columns; n += Threads * EightFloats.Count)
        {
            EightFloats value = default(TElement).Load8(y, row + n);
            if (bias != 0)
            {
                value += default(TElement).Load8(bias, n);
            }

            // Asked once per eight, not once per value.
            value = activation == (int)Activation.Silu ? Silu(value)
                : activation == (int)Activation.GeluTanh ? GeluTanh(value)
                : activation == (int)Activation.GeluErf ? GeluErf(value)
                : value;
            default(TElement).Store8(y, row + n, value);
        }
    }

    /// <summary>One column per thread and step.</summary>
    public static void Scalars<TElement>(ulong y, ulong bias, int stride, int columns, int activation)
        where TElement : unmanaged, IElement
    {
        long row = (long)Grid.IdxX * stride;
        for (int n = Group.IdxX; n < columns; n += Threads)
        {
            float value = default(TElement).Load(y, row + n);
            if (bias != 0)
            {
                value += default(TElement).Load(bias, n);
            }

            default(TElement).Store(y, row + n, DeviceActivation.Apply(value, activation));
        }
    }

    private static EightFloats Silu(EightFloats x) => new(
        DeviceActivation.Silu(x.V0),
        DeviceActivation.Silu(x.V1),
        DeviceActivation.Silu(x.V2),
        DeviceActivation.Silu(x.V3),
        DeviceActivation.Silu(x.V4),
        DeviceActivation.Silu(x.V5),
        DeviceActivation.Silu(x.V6),
        DeviceActivation.Silu(x.V7));

    private static EightFloats GeluTanh(EightFloats x) => new(
        DeviceActivation.GeluTanh(x.V0),
        DeviceActivation.GeluTanh(x.V1),
        DeviceActivation.GeluTanh(x.V2),
        DeviceActivation.GeluTanh(x.V3),
        DeviceActivation.GeluTanh(x.V4),
        DeviceActivation.GeluTanh(x.V5),
        DeviceActivation.GeluTanh(x.V6),
        DeviceActivation.GeluTanh(x.V7));

    private static EightFloats GeluErf(EightFloats x) => new(
        DeviceActivation.GeluErf(x.V0),
        DeviceActivation.GeluErf(x.V1),
        DeviceActivation.GeluErf(x.V2),
        DeviceActivation.GeluErf(x.V3),
        DeviceActivation.GeluErf(x.V4),
        DeviceActivation.GeluErf(x.V5),
        DeviceActivation.GeluErf(x.V6),
        DeviceActivation.GeluErf(x.V7));
}
