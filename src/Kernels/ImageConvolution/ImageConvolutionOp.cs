using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.ImageConvolution"/> or <see cref="Device.ImageConvolutionBackward"/> was called with.</summary>
internal readonly record struct ImageConvolutionArguments(string Name, Tensor X, Tensor Weight, ConvolutionTaps Taps, Tensor Bias, Tensor Y)
    : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new ImageConvolutionOp<V>(this);
}

/// <summary>A 3x3 convolution, a line of all output channels per tile. The three lines that it reads are copied between zeros first, so that no pixel is
/// a special case.</summary>
internal sealed unsafe class ImageConvolutionOp<V> : CpuOp
    where V : unmanaged, IFloats<V>
{
    private readonly float* _x;
    private readonly float* _weight;
    private readonly float* _bias;
    private readonly float* _y;
    private readonly ConvolutionTaps _taps;
    private readonly int _images;
    private readonly int _inputs;
    private readonly int _outputs;
    private readonly int _height;
    private readonly int _width;
    private readonly int _padded; // floats of a line between zeros

    public ImageConvolutionOp(ImageConvolutionArguments arguments)
    {
        Shape shape = arguments.X.Shape;
        Name = arguments.Name;
        (_images, _inputs, _height, _width) = (shape[0], shape[1], shape[2], shape[3]);
        _outputs = arguments.Y.Shape[1];
        _padded = _width + 2;
        _x = (float*)arguments.X.Address;
        _weight = (float*)arguments.Weight.Address;
        _bias = (float*)arguments.Bias.Address;
        _y = (float*)arguments.Y.Address;
        _taps = arguments.Taps;
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override int Tiles => _images * _height;

    /// <inheritdoc/>
    public override long ScratchBytes => 3L * _inputs * _padded * sizeof(float);

    /// <inheritdoc/>
    public override long Flops => 2L * ConvolutionTaps.Count * _images * _inputs * _outputs * _height * _width;

    /// <inheritdoc/>
    public override long Bytes => sizeof(float) * (long)_images * (_inputs + _outputs) * _height * _width;

    /// <inheritdoc/>
    public override void Run(int tile, nint scratch)
    {
        int image = tile / _height, row = tile % _height;
        float* lines = (float*)scratch;
        for (int line = 0; line < 3 * _inputs; line++)
        {
            CopyLine(image, line / 3, row + (line % 3) - 1, lines + (long)line * _padded);
        }

        for (int o = 0; o < _outputs; o++)
        {
            float* y = _y + (((long)image * _outputs + o) * _height + row) * _width;
            for (int j = 0; j < _width; j += V.Count)
            {
                Pixels(lines + j, o, y + j, _width - j);
            }
        }
    }

    private void CopyLine(int image, int channel, int row, float* line)
    {
        if (row < 0 || row >= _height)
        {
            new Span<float>(line, _padded).Clear();
            return;
        }

        float* x = _x + (((long)image * _inputs + channel) * _height + row) * _width;
        (line[0], line[_width + 1]) = (0, 0);
        new ReadOnlySpan<float>(x, _width).CopyTo(new Span<float>(line + 1, _width));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Pixels(float* lines, int output, float* y, int count)
    {
        V sum = V.Broadcast(_bias == null ? 0f : _bias[output]);
        for (int c = 0; c < _inputs; c++)
        {
            float* weight = _weight + (long)output * _taps.Output + (long)c * _taps.Input + _taps.First;
            for (int p = 0; p < 3; p++, lines += _padded)
            {
                for (int q = 0; q < 3; q++, weight += _taps.Step)
                {
                    sum = V.MultiplyAdd(V.Broadcast(*weight), Partial.Load<V>(lines + q, count), sum);
                }
            }
        }

        Partial.Store(sum, y, count);
    }
}
