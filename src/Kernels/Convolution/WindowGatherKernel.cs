using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>y[(b,i,j), (p,q,c)] = x[b, i S / F + p - Top, j S / F + q - Left, c], zeros outside the image: what each window sees, side by side, as
/// rows of a product (F = 1); or every pixel F times in both directions, where the window is one pixel.</summary>
/// <remarks>
/// Shapes   x: [B,H,W,C] and y: [R,K], any row strides, bytes of any type. The rows of y are the outputs from <c>first</c> on, a window each.
/// Traffic  R K elements written, and as many read, of which windows share what lies in the caches.
/// Launch   256 threads per block, a warp per row. The fast level moves 16 bytes per thread and step (C and both strides multiples of 16 bytes), the
///          plain level 2. C, K and strides are in these units: neighbouring lanes read and write neighbouring units of a pixel.
/// </remarks>
internal static unsafe class WindowGatherKernel
{
    /// <summary>Rows of a block.</summary>
    public const int Rows = Threads / 32;

    /// <summary>The fast level.</summary>
    public static readonly KernelTemplate Fast = new(typeof(WindowGatherKernel), nameof(Sixteens), Threads);

    /// <summary>The plain level.</summary>
    public static readonly KernelTemplate Plain = new(typeof(WindowGatherKernel), nameof(Twos), Threads);

    private const int Threads = 256;

    /// <summary>Units of 16 bytes.</summary>
    public static void Sixteens(
        ulong x, int xStride, int height, int width, int channels, ulong y, int yStride, int length, GatheredRows rows)
    {
        int row = (Grid.IdxX * Rows) + (Group.IdxX / 32);
        if (row >= rows.Count)
        {
            return;
        }

        WindowOrigin origin = rows.Origin(row, height);
        ulong to = y + ((ulong)((long)row * yStride) * 16);
        for (int i = Group.IdxX % 32; i < length; i += 32)
        {
            int tap = i / channels;
            long pixel = origin.Pixel(tap, rows.WindowWidth, height, width);
            FourWords value = pixel >= 0 ? FourWords.Load(x + ((ulong)((pixel * xStride) + i - (tap * channels)) * 16)) : default;
            value.Store(to + ((ulong)i * 16));
        }
    }

    /// <summary>Units of 2 bytes.</summary>
    public static void Twos(
        ulong x, int xStride, int height, int width, int channels, ulong y, int yStride, int length, GatheredRows rows)
    {
        int row = (Grid.IdxX * Rows) + (Group.IdxX / 32);
        if (row >= rows.Count)
        {
            return;
        }

        WindowOrigin origin = rows.Origin(row, height);
        ushort* to = (ushort*)y + ((long)row * yStride);
        for (int i = Group.IdxX % 32; i < length; i += 32)
        {
            int tap = i / channels;
            long pixel = origin.Pixel(tap, rows.WindowWidth, height, width);
            ushort value = 0;
            if (pixel >= 0)
            {
                value = ((ushort*)x)[(pixel * xStride) + i - (tap * channels)];
            }

            to[i] = value;
        }
    }
}

/// <summary>Which windows the rows of a gather are.</summary>
/// <param name="first">Output (b, i, j), counted through, of the first row.</param>
/// <param name="count">Rows.</param>
/// <param name="outputHeight">H'.</param>
/// <param name="outputWidth">W'.</param>
/// <param name="windowWidth">Columns of the window.</param>
/// <param name="stride">S.</param>
/// <param name="factor">F.</param>
/// <param name="top">Padding above.</param>
/// <param name="left">Padding to the left.</param>
internal readonly struct GatheredRows(
    int first, int count, int outputHeight, int outputWidth, int windowWidth, int stride, int factor, int top, int left)
{
    /// <summary>Rows.</summary>
    public readonly int Count = count;

    /// <summary>Columns of the window.</summary>
    public readonly int WindowWidth = windowWidth;

    private readonly int _first = first;
    private readonly int _outputHeight = outputHeight;
    private readonly int _outputWidth = outputWidth;
    private readonly int _stride = stride;
    private readonly int _factor = factor;
    private readonly int _top = top;
    private readonly int _left = left;

    /// <summary>Where the window of a row begins.</summary>
    public WindowOrigin Origin(int row, int height)
    {
        int output = _first + row, line = output / _outputWidth, image = line / _outputHeight;
        int i = line - (image * _outputHeight), j = output - (line * _outputWidth);
        return new WindowOrigin((long)image * height, (i * _stride / _factor) - _top, (j * _stride / _factor) - _left);
    }
}

/// <summary>The first pixel that a window sees, perhaps outside the image.</summary>
/// <param name="line">First line of its image, of all images below each other.</param>
/// <param name="i">Row of the image.</param>
/// <param name="j">Column of the image.</param>
internal readonly struct WindowOrigin(long line, int i, int j)
{
    private readonly long _line = line;
    private readonly int _i = i;
    private readonly int _j = j;

    /// <summary>A pixel of the window, of all images' one after another; -1 outside the image.</summary>
    public long Pixel(int tap, int windowWidth, int height, int width)
    {
        int p = tap / windowWidth, i = _i + p, j = _j + tap - (p * windowWidth);
        return (uint)i < (uint)height && (uint)j < (uint)width ? ((_line + i) * width) + j : -1;
    }
}
