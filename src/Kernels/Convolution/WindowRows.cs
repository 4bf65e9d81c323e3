using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>Windows of an image as rows of K = h w C values: those of a micro-kernel's tile are read in place where they are equally spaced, and
/// gathered where they are not.</summary>
/// <remarks>
/// The channels of pixels beside each other follow each other, so a line of a window is one run of w C values in the image, as long as rows have no
/// gaps; with gaps it is a pixel. Outputs beside each other see runs that are a stride apart: most tiles need no copy. Gathered are those that begin
/// in one line of outputs and end in the next, and those that see padding at the left or right, once for all columns of a tile of the product; runs
/// above and below the image are one line of zeros. Runs too short to be worth a start of the micro-kernel's loop are always gathered, the window at
/// once.
/// </remarks>
internal readonly unsafe struct WindowRows : IProductRows
{
    private const int ShortestRunInPlace = 96;

    private readonly float* _x;
    private readonly Window _window;
    private readonly int _height;
    private readonly int _width;
    private readonly int _channels;
    private readonly nint _pixelStride;
    private readonly int _outputHeight;
    private readonly int _outputWidth;
    private readonly int _unit; // values that follow each other in image and window
    private readonly int _unitsPerLine;
    private readonly bool _isInPlace;

    public WindowRows(Tensor x, Window window)
    {
        _x = (float*)x.Address;
        _window = window;
        (_height, _width, _channels, _pixelStride) = (x.Shape[1], x.Shape[2], x.Shape[3], x.RowStride);
        (_outputHeight, _outputWidth) = (window.OutputHeight(_height), window.OutputWidth(_width));
        _unitsPerLine = x.IsContiguous ? 1 : window.Width;
        _unit = window.Width / _unitsPerLine * _channels;
        _isInPlace = _unit >= ShortestRunInPlace;
        Run = _isInPlace ? _unit : window.Pixels * _channels;
    }

    /// <inheritdoc/>
    public static string Op => nameof(Device.Convolution);

    /// <inheritdoc/>
    public int Run { get; }

    /// <inheritdoc/>
    public long ScratchFloats(int rows, int depth) => GatheredStride(depth) * (rows + 1L);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Locate<V>(int first, int end, int k, int depth, int count, RowRun* runs, float* scratch)
        where V : unmanaged, IFloats<V>
    {
        int height = MicroKernel.TallestTile<V>();
        nint stride = GatheredStride(depth * count);
        RowRun* run = runs;
        float* zeros = scratch, gathered = zeros + stride;
        new Span<float>(zeros, depth).Clear();
        (int firstUnit, int offset) = Math.DivRem(k, _unit);
        for (int row = first; row < end; row += height, gathered += height * stride)
        {
            int rows = Math.Min(height, end - row), endUnit = firstUnit + count;
            Output output = At(row);
            for (int unit = firstUnit; unit < endUnit; unit++, run++)
            {
                if (_isInPlace && IsInPlace(output, rows, unit, offset, depth, zeros, out *run))
                {
                    continue;
                }

                float* target = gathered + (unit - firstUnit) * depth;
                *run = new RowRun(target, stride);
                Output next = output;
                for (int i = 0; i < rows; i++, next = Next(next))
                {
                    Copy<V>(next, unit, offset, depth, target + i * stride);
                }
            }
        }

        for (int i = 0; i < count; i++)
        {
            run[i] = runs[i];
        }
    }

    /// <summary>Whether values of consecutive outputs are equally spaced in the image, or all padding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsInPlace(Output output, int rows, int unit, int offset, int depth, float* zeros, out RowRun run)
    {
        (int line, int column) = Pixel(output, unit);
        int firstColumn = column + offset / _channels, last = column + (rows - 1) * _window.Stride + (offset + depth - 1) / _channels;
        bool isPadding = line < 0 || line >= _height;
        run = isPadding
            ? new RowRun(zeros, 0)
            : new RowRun(Line(output, line) + column * _pixelStride + offset, _window.Stride * _pixelStride);
        return output.Column + rows <= _outputWidth && (isPadding || (firstColumn >= 0 && last < _width));
    }

    /// <summary>Values of one output, in whatever units they lie; zeros for padding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Copy<V>(Output output, int unit, int offset, int depth, float* target)
        where V : unmanaged, IFloats<V>
    {
        for (int count; depth > 0; depth -= count, target += count, offset = 0, unit++)
        {
            count = Math.Min(depth, _unit - offset);
            (int line, int column) = Pixel(output, unit);

            // Of the unit, what lies before the image's line, and after it.
            int start = column * _channels + offset, end = start + count, lineEnd = _width * _channels;
            bool isPadding = line < 0 || line >= _height || end <= 0 || start >= lineEnd;
            int before = isPadding ? count : Math.Max(-start, 0), after = isPadding ? 0 : Math.Max(end - lineEnd, 0);
            Clear<V>(target, before);
            if (!isPadding)
            {
                Copy<V>(Line(output, line) + column * _pixelStride + offset + before, count - before - after, target + before);
                Clear<V>(target + count - after, after);
            }
        }
    }

    // Whole vectors are written: what follows in a row is written later, or is its padding.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy<V>(float* source, int count, float* target)
        where V : unmanaged, IFloats<V>
    {
        for (int i = 0; i < count; i += V.Count)
        {
            V.Store(Partial.Load<V>(source + i, count - i), target + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Clear<V>(float* target, int count)
        where V : unmanaged, IFloats<V>
    {
        for (int i = 0; i < count; i += V.Count)
        {
            V.Store(V.Broadcast(0f), target + i);
        }
    }

    // Line and column of the first pixel of a unit; they may lie in the padding.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private (int Line, int Column) Pixel(Output output, int unit)
    {
        (int p, int q) = _unitsPerLine == 1 ? (unit, 0) : Math.DivRem(unit, _unitsPerLine);
        return (output.Line * _window.Stride - _window.Top + p, output.Column * _window.Stride - _window.Left + q);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float* Line(Output output, int line) => _x + ((nint)output.Image * _height + line) * _width * _pixelStride;

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

    // A cache line more than they need: rows at multiples of a page would share few sets of the first cache.
    private static nint GatheredStride(int depth) => (depth + 15) / 16 * 16 + 16;

    /// <summary>A pixel of the output.</summary>
    private readonly record struct Output(int Image, int Line, int Column);
}
