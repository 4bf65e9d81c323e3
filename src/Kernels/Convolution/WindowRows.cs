using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>Windows of an image as rows of K = h w C values, read in place.</summary>
/// <remarks>
/// The channels of pixels beside each other follow each other, so the pixels of a window's line are one run, as long as rows have no gaps; with gaps
/// each is one. Outputs beside each other see runs that are a stride apart. Outputs that begin in one line and end in the next, and those that see
/// padding at the left or right, are told pixel by pixel where they lie: padding is zeros in the scratch. Nothing is copied.
/// </remarks>
internal readonly unsafe struct WindowRows : IProductRows
{
    // Addresses of a table: a row's each, of the tallest tile that any micro-kernel has.
    private const int TablePitch = 8;

    private readonly float* _x;
    private readonly Window _window;
    private readonly int _height;
    private readonly int _width;
    private readonly nint _pixelStride;
    private readonly int _outputHeight;
    private readonly int _outputWidth;
    private readonly bool _isContiguous;

    public WindowRows(Tensor x, Window window)
    {
        _x = (float*)x.Address;
        _window = window;
        (_height, _width, Unit, _pixelStride) = (x.Shape[1], x.Shape[2], x.Shape[3], x.RowStride);
        (_outputHeight, _outputWidth) = (window.OutputHeight(_height), window.OutputWidth(_width));
        _isContiguous = x.IsContiguous;
    }

    /// <inheritdoc/>
    public static string Op => nameof(Device.Convolution);

    /// <inheritdoc/>
    public int Unit { get; }

    // As many as a line of a window has, in whole cache lines; the tables come after them, one for each place of a tile.
    private nint ZeroFloats => (_window.Width * Unit + 15) / 16 * 16;

    /// <inheritdoc/>
    public long ScratchFloats(int rows, int units) =>
        ZeroFloats + (rows / 4 + 1L) * units * TablePitch * sizeof(float*) / sizeof(float);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Locate<V>(int first, int end, int k, int depth, int units, RowRun* runs, float* scratch)
        where V : unmanaged, IFloats<V>
    {
        int height = MicroKernel.TallestTile<V>();
        float* zeros = scratch;
        var table = (float**)(scratch + ZeroFloats);
        new Span<float>(zeros, _window.Width * Unit).Clear();
        (int pixel, int offset) = Math.DivRem(k, Unit);
        RowRun* run = runs;
        for (int row = first; row < end; row += height, run += units, table += units * TablePitch)
        {
            int rows = Math.Min(height, end - row);
            Output output = At(row);
            int column = output.Column * _window.Stride - _window.Left;
            bool isInside = output.Column + rows <= _outputWidth && column >= 0 && column + (rows - 1) * _window.Stride + _window.Width <= _width;
            int count = isInside
                ? Lines(output, pixel, offset, depth, zeros, run)
                : Pixels(output, rows, height, pixel, offset, depth, zeros, run, table);
            run[count - 1].IsLast = true;
            for (int i = count; i < units; i++)
            {
                run[i] = run[count - 1];
            }
        }

        for (int i = 0; i < units; i++)
        {
            run[i] = runs[i];
        }
    }

    /// <summary>Of outputs in one line whose windows cross no side of the image: runs as long as they can be.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Lines(Output output, int pixel, int offset, int depth, float* zeros, RowRun* runs)
    {
        int count = 0;
        nint stride = _window.Stride * _pixelStride;
        (int p, int q) = Math.DivRem(pixel, _window.Width);
        for (int length; depth > 0; depth -= length, offset = 0, p += q / _window.Width, q %= _window.Width, count++)
        {
            int pixels = _isContiguous ? _window.Width - q : 1, line = output.Line * _window.Stride - _window.Top + p;
            length = Math.Min(depth, pixels * Unit - offset);
            runs[count] = (uint)line < (uint)_height
                ? new RowRun(Pixel(output.Image, line, output.Column * _window.Stride - _window.Left + q) + offset, stride, length)
                : new RowRun(zeros, 0, length);
            runs[count].IsLast = false;
            q += pixels;
        }

        return count;
    }

    /// <summary>Of any outputs: each pixel of their windows is a run.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Pixels(Output output, int rows, int height, int pixel, int offset, int depth, float* zeros, RowRun* runs, float** table)
    {
        int count = (depth + Unit - 1) / Unit, length = Math.Min(depth, Unit);
        for (int i = 0; i < height; i++)
        {
            (int p, int q) = Math.DivRem(pixel, _window.Width);
            int top = output.Line * _window.Stride - _window.Top, left = output.Column * _window.Stride - _window.Left;
            for (int j = 0; j < count; j++)
            {
                int line = top + p, column = left + q;
                bool isInside = (uint)line < (uint)_height && (uint)column < (uint)_width;
                table[j * TablePitch + i] = isInside ? Pixel(output.Image, line, column) + offset : zeros;
                (p, q) = q + 1 < _window.Width ? (p, q + 1) : (p + 1, 0);
            }

            output = i + 1 < rows ? Next(output) : output;
        }

        for (int j = 0; j < count; j++, table += TablePitch)
        {
            runs[j] = new RowRun(table[rows - 1], 0, length) { Rows = table, IsLast = false };
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float* Pixel(int image, int line, int column) => _x + (((nint)image * _height + line) * _width + column) * _pixelStride;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Output At(int row)
    {
        (int lines, int column) = Math.DivRem(row, _outputWidth);
        (int image, int line) = Math.DivRem(lines, _outputHeight);
        return new Output(image, line, column);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Output Next(Output output) =>
        output.Column + 1 < _outputWidth ? output with { Column = output.Column + 1 }
        : output.Line + 1 < _outputHeight ? new Output(output.Image, output.Line + 1, 0)
        : new Output(output.Image + 1, 0, 0);

    /// <summary>A pixel of the output.</summary>
    private readonly record struct Output(int Image, int Line, int Column);
}
