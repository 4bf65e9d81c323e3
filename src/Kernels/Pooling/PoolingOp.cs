using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.Pooling"/> was called with.</summary>
internal readonly record struct PoolingArguments(Tensor X, Tensor Y, Window Window, Pool Pool) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => Pool == Pool.Max ? new PoolingOp<V, Zero>(this) : new PoolingOp<V, One>(this);
}

/// <summary>Maximum or mean of windows, a line of outputs per tile.</summary>
internal sealed unsafe class PoolingOp<V, IsMean> : CpuOp
    where V : unmanaged, IFloats<V>
    where IsMean : struct, IConstant
{
    private readonly float _least; // of a mean
    private readonly PoolingArguments _arguments;
    private readonly float* _x;
    private readonly float* _y;
    private readonly Window _window;
    private readonly int _height;
    private readonly int _width;
    private readonly int _channels;
    private readonly int _outputHeight;
    private readonly int _outputWidth;

    public PoolingOp(PoolingArguments arguments)
    {
        _arguments = arguments;
        (Shape x, Shape y) = (arguments.X.Shape, arguments.Y.Shape);
        (_height, _width, _channels, _outputHeight, _outputWidth) = (x[1], x[2], x[3], y[1], y[2]);
        _x = (float*)arguments.X.Address;
        _y = (float*)arguments.Y.Address;
        _window = arguments.Window;
        _least = arguments.Pool == Pool.RectifiedAverage ? 0 : float.NegativeInfinity;
    }

    /// <inheritdoc/>
    public override string Name => nameof(Device.Pooling);

    /// <inheritdoc/>
    public override int Tiles => _arguments.Y.Shape[0] * _outputHeight;

    /// <inheritdoc/>
    public override long Bytes => sizeof(float) * (_arguments.X.Shape.Count + _arguments.Y.Shape.Count);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int tile, nint scratch)
    {
        (int image, int line) = Math.DivRem(tile, _outputHeight);
        nint stride = _arguments.X.RowStride;
        (int top, int lines) = Inside(line, _window.Top, _window.Height, _height);
        float* x = _x + ((nint)image * _height + top) * _width * stride;
        float* y = _y + (nint)tile * _outputWidth * _arguments.Y.RowStride;
        for (int column = 0; column < _outputWidth; column++, y += _arguments.Y.RowStride)
        {
            (int left, int columns) = Inside(column, _window.Left, _window.Width, _width);
            Pixel(x + left * stride, lines, columns, stride, y);
        }
    }

    /// <summary>Of a window's lines or columns those inside the image: the first, and how many.</summary>
    private (int First, int Count) Inside(int output, int padding, int length, int most)
    {
        int first = output * _window.Stride - padding, from = Math.Max(first, 0);
        return (from, Math.Min(first + length, most) - from);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Pixel(float* x, int lines, int columns, nint stride, float* y)
    {
        V reciprocal = V.Broadcast(1f / (lines * columns));
        for (int c = 0; c < _channels; c += V.Count)
        {
            int count = _channels - c;
            V value = IsMean.Value == 1 ? V.Broadcast(0f) : V.Broadcast(float.NegativeInfinity);
            float* line = x + c;
            for (int p = 0; p < lines; p++, line += _width * stride)
            {
                float* pixel = line;
                for (int q = 0; q < columns; q++, pixel += stride)
                {
                    V next = Partial.Load<V>(pixel, count);
                    value = IsMean.Value == 1 ? value + next : V.MaxOrNaN(value, next);
                }
            }

            Partial.Store(IsMean.Value == 1 ? V.MaxOrNaN(V.Broadcast(_least), value * reciprocal) : value, y + c, count);
        }
    }
}
