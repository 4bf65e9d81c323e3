using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.Upsample"/> was called with.</summary>
internal readonly record struct UpsampleArguments(Tensor X, Tensor Y) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new UpsampleOp<V>(this);
}

/// <summary>Every pixel F times beside and below itself, a line of the input per tile.</summary>
internal sealed unsafe class UpsampleOp<V>(UpsampleArguments arguments) : CpuOp
    where V : unmanaged, IFloats<V>
{
    private readonly UpsampleArguments _arguments = arguments;
    private readonly int _factor = arguments.Y.Shape[1] / arguments.X.Shape[1];
    private readonly int _width = arguments.X.Shape[2];
    private readonly int _channels = arguments.X.Columns;

    /// <inheritdoc/>
    public override string Name => nameof(Device.Upsample);

    /// <inheritdoc/>
    public override int Tiles => _arguments.X.Shape[0] * _arguments.X.Shape[1];

    /// <inheritdoc/>
    public override long Bytes => sizeof(float) * (_arguments.X.Shape.Count + _arguments.Y.Shape.Count);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int tile, nint scratch)
    {
        nint xPixel = _arguments.X.RowStride, yPixel = _arguments.Y.RowStride, yLine = _width * _factor * yPixel;
        float* x = (float*)_arguments.X.Address + tile * _width * xPixel, y = (float*)_arguments.Y.Address + tile * _factor * yLine;
        for (int column = 0; column < _width; column++, x += xPixel, y += _factor * yPixel)
        {
            for (int c = 0; c < _channels; c += V.Count)
            {
                V value = Partial.Load<V>(x + c, _channels - c);
                float* line = y + c;
                for (int p = 0; p < _factor; p++, line += yLine)
                {
                    float* pixel = line;
                    for (int q = 0; q < _factor; q++, pixel += yPixel)
                    {
                        Partial.Store(value, pixel, _channels - c);
                    }
                }
            }
        }
    }
}
