using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>y[i,j,o] = act(sum_{p,q} t[(i + p - Top, j + q - Left), (o,p,q)] + bias[o]), with y added before the activation when it accumulates: what
/// remains of a convolution to few outputs once every pixel was multiplied with every tap.</summary>
/// <remarks>
/// Shapes   t: [lines W, O h w] fp32 with any row stride, the products of an image's lines from <c>firstLine</c> on, at least those that the outputs
///          see. y: some lines of [H',W',O], any row stride. bias: [O], or none.
/// Numbers  fp32: the taps that lie inside the image in order, then bias, then y; one rounding to the storage type.
/// Traffic  reads t once, besides what the caches hold, and writes y.
/// Launch   256 threads per block, one element of y each.
/// </remarks>
internal static unsafe class TapSumKernel
{
    /// <summary>Threads per block.</summary>
    public const int Threads = 256;

    /// <summary>The kernel for every storage type.</summary>
    public static readonly KernelTemplate Template = new(typeof(TapSumKernel), nameof(Taps), Threads);

    /// <summary>Thread t writes element t of y.</summary>
    public static void Taps<TElement>(
        ulong products,
        int pitch,
        int firstLine,
        int height,
        int width,
        ulong bias,
        ulong y,
        int yStride,
        int firstOutput,
        int count,
        int outputWidth,
        int outputs,
        int windowHeight,
        int windowWidth,
        int top,
        int left,
        int activation,
        int accumulates)
        where TElement : unmanaged, IElement
    {
        int element = (Grid.IdxX * Threads) + Group.IdxX;
        if (element >= count)
        {
            return;
        }

        int pixel = element / outputs, o = element - (pixel * outputs), line = pixel / outputWidth;
        int i = firstOutput + line - top, j = pixel - (line * outputWidth) - left;
        float sum = 0;
        for (int p = 0; p < windowHeight; p++)
        {
            for (int q = 0; q < windowWidth; q++)
            {
                if ((uint)(i + p) < (uint)height && (uint)(j + q) < (uint)width)
                {
                    long row = ((long)(i + p - firstLine) * width) + j + q;
                    sum += ((float*)products)[(row * pitch) + (((o * windowHeight) + p) * windowWidth) + q];
                }
            }
        }

        if (bias != 0)
        {
            sum += default(TElement).Load(bias, o);
        }

        long at = ((long)pixel * yStride) + o;
        if (accumulates != 0)
        {
            sum += default(TElement).Load(y, at);
        }

        default(TElement).Store(y, at, DeviceActivation.Apply(sum, activation));
    }
}
