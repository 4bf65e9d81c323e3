using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>y[b,o,i,j] = bias[o] + sum_{c,p,q} w(o,c,p,q) x[b,c, i + p - 1, j + q - 1]: a 3x3 convolution between images of few channels, or its
/// gradient, which is one with other taps.</summary>
/// <remarks>
/// Shapes   x: [B,C,H,W] fp32, y: [B,O,H,W] fp32, contiguous, fewer than 2^31 elements of y. w lies as <see cref="ConvolutionTaps"/> says, in the
///          storage type like bias: [O], which may be 0 for none.
/// Numbers  fp32: a chain of multiply-adds from the bias over c, p and q; what lies outside the image is left out.
/// Traffic  x comes from the caches 9 O times, w once per pixel: kilobytes, so there is only the plain level.
/// Launch   256 threads per block, one element of y each.
/// </remarks>
internal static unsafe class ImageConvolutionKernel
{
    /// <summary>Threads per block.</summary>
    public const int Threads = 256;

    /// <summary>The kernel for every storage type.</summary>
    public static readonly KernelTemplate Template = new(typeof(ImageConvolutionKernel), nameof(Pixels), Threads);

    /// <summary>Thread t writes element t of y.</summary>
    public static void Pixels<TElement>(
        ulong x,
        ulong weight,
        int tapOutput,
        int tapInput,
        int tapFirst,
        int tapStep,
        ulong bias,
        ulong y,
        int count,
        int inputs,
        int outputs,
        int height,
        int width)
        where TElement : unmanaged, IElement
    {
        int element = (Grid.IdxX * Threads) + Group.IdxX;
        if (element >= count)
        {
            return;
        }

        int line = element / width, j = element - (line * width), plane = line / height, i = line - (plane * height);
        int b = plane / outputs, o = plane - (b * outputs);
        float sum = 0;
        if (bias != 0)
        {
            sum = default(TElement).Load(bias, o);
        }

        for (int c = 0; c < inputs; c++)
        {
            long tap = ((long)o * tapOutput) + ((long)c * tapInput) + tapFirst, image = (((long)b * inputs) + c) * height;
            for (int p = -1; p <= 1; p++)
            {
                for (int q = -1; q <= 1; q++)
                {
                    if ((uint)(i + p) < (uint)height && (uint)(j + q) < (uint)width)
                    {
                        float value = ((float*)x)[((image + i + p) * width) + j + q];
                        sum = Fp32.MultiplyAdd(default(TElement).Load(weight, tap), value, sum);
                    }

                    tap += tapStep;
                }
            }
        }

        ((float*)y)[element] = sum;
    }
}
