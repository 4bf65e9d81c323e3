namespace L2c.Model.Metrics;

/// <summary>448 features of a small image: how a fixed random convolution net responds to it.</summary>
/// <remarks>
/// Net      3 → 32 channels, 5 x 5; 32 → 64, 3 x 3; 64 → 128, 3 x 3; each of stride 2 with zero padding of half a kernel (so H and W become ⌈H/2⌉ and
///          ⌈W/2⌉), without bias, followed by ReLU. Weights: <see cref="StridedConvolution"/>, seed <see cref="Seed"/>. Nothing is trained,
///          and nothing may be tuned.
/// Input    pixels in [-1, 1], clamped to it as a picture is; a single channel counts as three equal ones.
/// Features of each of the three activation maps in turn, the means over space of its channels and then their standard deviations (population,
///          dividing by H W), in binary64: 2 (32 + 64 + 128) = 448.
/// Numerics the same bits on every machine and for every number of threads.
/// </remarks>
public sealed class RandomConvFeatures
{
    /// <summary>Features per image.</summary>
    public const int Length = 448;

    /// <summary>Seed of the weights.</summary>
    public const ulong Seed = 20260101;

    /// <summary>Smallest H and W: below, the last map would have a single pixel, whose deviation says nothing.</summary>
    public const int LeastSize = 8;

    private const int Colours = 3;

    private static readonly (int Outputs, int Kernel)[] _layers = [(32, 5), (64, 3), (128, 3)];

    private readonly int _channels, _height, _width;
    private readonly StridedConvolution[] _convolutions;

    /// <summary>Draws the net for one size of image.</summary>
    /// <param name="channels">C: 1 or 3.</param>
    /// <param name="height">H, at least <see cref="LeastSize"/>.</param>
    /// <param name="width">W, at least <see cref="LeastSize"/>.</param>
    /// <exception cref="ArgumentException">No such images.</exception>
    public RandomConvFeatures(int channels, int height, int width)
    {
        if (FindProblem(channels, height, width) is { } problem)
        {
            throw new ArgumentException(problem);
        }

        (_channels, _height, _width) = (channels, height, width);
        _convolutions = new StridedConvolution[_layers.Length];
        int inputs = Colours;
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            (int outputs, int kernel) = _layers[layer];
            _convolutions[layer] = new StridedConvolution(layer, inputs, outputs, kernel, height, width);
            (inputs, height, width) = (outputs, _convolutions[layer].OutputHeight, _convolutions[layer].OutputWidth);
        }
    }

    /// <summary>Why such images have no features; null where they have.</summary>
    public static string? FindProblem(int channels, int height, int width)
    {
        if (channels is not (1 or Colours) || height < LeastSize || width < LeastSize)
        {
            return $"images of {channels} x {height} x {width}: features are of 1 or {Colours} channels and at least {LeastSize} x {LeastSize} pixels";
        }

        return MaxValues(height, width) > Array.MaxLength ? $"images of {height} x {width} pixels are too large for features; give smaller ones" : null;
    }

    /// <summary>C H W.</summary>
    public int ElementsPerImage => _channels * _height * _width;

    /// <summary>Bytes that one thread computes in.</summary>
    public long BytesPerThread =>
        sizeof(float) * (_convolutions.Sum(convolution => (long)convolution.InputLength)
            + ((long)_convolutions[^1].OutputHeight * _convolutions[^1].OutputWidth * _convolutions[^1].Outputs));

    /// <summary>Computes the features of images.</summary>
    /// <param name="images">[N, C, H, W], row-major, finite.</param>
    /// <param name="features">Receives [N, 448].</param>
    /// <param name="threads">Threads that compute; 0 for one per core.</param>
    /// <exception cref="ArgumentException">The lengths do not fit each other.</exception>
    public void Extract(ReadOnlyMemory<float> images, Memory<double> features, int threads = 0)
    {
        int count = images.Length / ElementsPerImage;
        if (images.Length != count * ElementsPerImage || features.Length != (long)count * Length)
        {
            throw new ArgumentException($"{images.Length} values of images of {ElementsPerImage} and {features.Length} features do not fit");
        }

        ParallelOptions options = new() { MaxDegreeOfParallelism = threads == 0 ? -1 : threads };
        Parallel.For(0, count, options, () => new Maps(_convolutions), (image, _, maps) =>
        {
            Extract(images.Span.Slice(image * ElementsPerImage, ElementsPerImage), features.Span.Slice(image * Length, Length), maps);
            return maps;
        }, _ => { });
    }

    // Of the largest map with a generous margin: each has four times fewer pixels than the one before and at most eleven times the channels.
    private static long MaxValues(long height, long width) =>
        Math.Max(Colours * (height + 16) * (width + 16), _layers[0].Outputs * ((height / 2) + 16) * ((width / 2) + 16));

    private void Extract(ReadOnlySpan<float> image, Span<double> features, Maps maps)
    {
        Pack(image, maps.Inputs[0]);
        for (int layer = 0; layer < _convolutions.Length; layer++)
        {
            StridedConvolution convolution = _convolutions[layer];
            bool last = layer == _convolutions.Length - 1;
            StridedConvolution? next = last ? null : _convolutions[layer + 1];
            int pitch = next?.Pitch ?? convolution.OutputWidth * convolution.Outputs;
            Span<float> output = next is null ? maps.Last : maps.Inputs[layer + 1].AsSpan(next.Padding * (pitch + convolution.Outputs));
            convolution.Apply(maps.Inputs[layer], output, pitch);
            Summarise(output, pitch, convolution, features[..(2 * convolution.Outputs)]);
            features = features[(2 * convolution.Outputs)..];
        }
    }

    /// <summary>[C,H,W] to [H,W,3] inside the margin of zeros, clamped.</summary>
    private void Pack(ReadOnlySpan<float> image, Span<float> packed)
    {
        StridedConvolution first = _convolutions[0];
        for (int y = 0; y < _height; y++)
        {
            Span<float> row = packed[(((y + first.Padding) * first.Pitch) + (first.Padding * Colours))..];
            for (int x = 0; x < _width; x++)
            {
                for (int colour = 0; colour < Colours; colour++)
                {
                    int plane = _channels == 1 ? 0 : colour;
                    row[(x * Colours) + colour] = Math.Clamp(image[(((plane * _height) + y) * _width) + x], -1f, 1f);
                }
            }
        }
    }

    /// <summary>Means over space, then standard deviations: two passes, so that nothing cancels.</summary>
    private static void Summarise(ReadOnlySpan<float> map, int pitch, StridedConvolution convolution, Span<double> features)
    {
        int channels = convolution.Outputs;
        double area = (double)convolution.OutputHeight * convolution.OutputWidth;
        Span<double> means = features[..channels], deviations = features[channels..];
        features.Clear();
        for (int y = 0; y < convolution.OutputHeight; y++)
        {
            for (int i = 0, x = 0; x < convolution.OutputWidth; x++)
            {
                for (int channel = 0; channel < channels; channel++, i++)
                {
                    means[channel] += map[(y * pitch) + i];
                }
            }
        }

        foreach (ref double mean in means)
        {
            mean /= area;
        }

        for (int y = 0; y < convolution.OutputHeight; y++)
        {
            for (int i = 0, x = 0; x < convolution.OutputWidth; x++)
            {
                for (int channel = 0; channel < channels; channel++, i++)
                {
                    double difference = map[(y * pitch) + i] - means[channel];
                    deviations[channel] += difference * difference;
                }
            }
        }

        foreach (ref double deviation in deviations)
        {
            deviation = Math.Sqrt(deviation / area);
        }
    }

    /// <summary>What one thread computes in: padded inputs of the three layers, whose margins stay zero, and the last map.</summary>
    private sealed class Maps(StridedConvolution[] convolutions)
    {
        public float[][] Inputs { get; } = [.. convolutions.Select(convolution => new float[convolution.InputLength])];

        public float[] Last { get; } = new float[convolutions[^1].OutputHeight * convolutions[^1].OutputWidth * convolutions[^1].Outputs];
    }
}
