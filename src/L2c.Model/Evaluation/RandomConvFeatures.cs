using System.Buffers;
using L2c.Model.Randomness;

namespace L2c.Model.Evaluation;

/// <summary>Features of small pictures for a Frechet distance: statistics of a convolution net with fixed random weights.</summary>
/// <remarks>
/// Formula  three layers, each a convolution without bias and a ReLU; of each layer's map the mean of every channel over space, then its standard
///          deviation (population); layers in order: 2 (32 + 64 + 128) = 448 features.
/// Layers   3 to 32 channels 5 x 5, 32 to 64 channels 3 x 3, 64 to 128 channels 3 x 3, all with stride 2 and zeros around the map (2, 1, 1 pixels),
///          so that 32 x 32 pixels become 16 x 16, 8 x 8 and 4 x 4.
/// Weights  He-normal: N(0, 2 / fan-in), fan-in = channels in x kernel area. Element e of layer l, in PyTorch's order [out, in, y, x], is
///          sqrt(2 / fan-in) times element e of <see cref="CounterNoise"/> with seed 20260101, image l (0, 1, 2), draw 0.
/// Numerics fp32 fused multiply-adds in a fixed order per output, statistics in binary64: the same bits on every machine, whatever its vectors.
/// Fixed    before anything was measured, and not to be tuned: another choice would be another measure.
/// Source   He, Zhang, Ren and Sun 2015, "Delving deep into rectifiers", for the weights' variance.
/// </remarks>
public sealed class RandomConvFeatures
{
    /// <summary>Features of a picture.</summary>
    public const int Count = 448;

    /// <summary>Seed of the weights.</summary>
    public const ulong Seed = 20260101;

    /// <summary>Channels of a picture.</summary>
    public const int Channels = 3;

    private const int SmallestSize = 32;

    private readonly StridedConvolution[] _layers =
        [.. Shapes.Select((shape, layer) => new StridedConvolution(shape.In, shape.Out, shape.Kernel, Weights(layer)))];
    private readonly int _size;

    /// <summary>The net for pictures of one size.</summary>
    /// <param name="size">H and W, at least 32.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is smaller.</exception>
    public RandomConvFeatures(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, SmallestSize);
        _size = size;
    }

    /// <summary>Reads a picture of a set.</summary>
    /// <param name="index">Its number.</param>
    /// <param name="image">Receives [3, H, W] in [-1, 1].</param>
    public delegate void ReadImage(long index, Span<float> image);

    /// <summary>Channels in and out, and the kernel's side, of each layer.</summary>
    internal static (int In, int Out, int Kernel)[] Shapes { get; } = [(Channels, 32, 5), (32, 64, 3), (64, 128, 3)];

    /// <summary>Features of pictures 0 .. count - 1, on all cores.</summary>
    /// <param name="count">How many.</param>
    /// <param name="read">Where they come from; called from several threads at a time.</param>
    /// <returns>[count, 448].</returns>
    public double[] OfMany(int count, ReadImage read)
    {
        double[] features = new double[(long)count * Count];
        Parallel.For(0, count, i =>
        {
            float[] image = ArrayPool<float>.Shared.Rent(Channels * _size * _size);
            Span<float> pixels = image.AsSpan(0, Channels * _size * _size);
            read(i, pixels);
            Of(pixels, features.AsSpan(i * Count, Count));
            ArrayPool<float>.Shared.Return(image);
        });
        return features;
    }

    /// <summary>Features of one picture. Safe for several threads at once.</summary>
    /// <param name="image">[3, H, W] in [-1, 1].</param>
    /// <param name="features">Receives 448 values.</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    public void Of(ReadOnlySpan<float> image, Span<double> features)
    {
        if (image.Length != Channels * _size * _size || features.Length != Count)
        {
            throw new ArgumentException($"features: {image.Length} values for 3 x {_size} x {_size}, room for {features.Length} of {Count} features");
        }

        int side = _size;
        float[] map = ArrayPool<float>.Shared.Rent(_layers[0].PaddedLength(side));
        PadPlanes(image, side, _layers[0].Padding, map);
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            StridedConvolution convolution = _layers[layer];
            int outSide = StridedConvolution.OutputSide(side), padding = layer + 1 < _layers.Length ? _layers[layer + 1].Padding : 0;
            int paddedSide = outSide + (2 * padding);
            float[] next = ArrayPool<float>.Shared.Rent(paddedSide * paddedSide * convolution.Out);
            next.AsSpan(0, paddedSide * paddedSide * convolution.Out).Clear();
            convolution.Run(map, side, next, padding);
            Statistics(next, outSide, padding, convolution.Out, features[..(2 * convolution.Out)]);
            features = features[(2 * convolution.Out)..];
            ArrayPool<float>.Shared.Return(map);
            (map, side) = (next, outSide);
        }

        ArrayPool<float>.Shared.Return(map);
    }

    /// <summary>Weights of a layer, [out, in, y, x].</summary>
    internal static float[] Weights(int layer)
    {
        (int inputs, int outputs, int kernel) = Shapes[layer];
        int fanIn = inputs * kernel * kernel;
        float[] weights = new float[outputs * fanIn];
        CounterNoise.Fill(Seed, layer, 0, weights);
        float deviation = MathF.Sqrt(2f / fanIn);
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] *= deviation;
        }

        return weights;
    }

    /// <summary>[3, side, side] to [side + 2 padding, side + 2 padding, 3] with zeros around.</summary>
    private static void PadPlanes(ReadOnlySpan<float> image, int side, int padding, Span<float> padded)
    {
        int width = side + (2 * padding);
        padded[..(width * width * Channels)].Clear();
        for (int channel = 0; channel < Channels; channel++)
        {
            for (int y = 0; y < side; y++)
            {
                for (int x = 0; x < side; x++)
                {
                    padded[((((y + padding) * width) + x + padding) * Channels) + channel] = image[(((channel * side) + y) * side) + x];
                }
            }
        }
    }

    /// <summary>Means of all channels, then their standard deviations.</summary>
    private static void Statistics(ReadOnlySpan<float> map, int side, int padding, int channels, Span<double> features)
    {
        int width = side + (2 * padding), pixels = side * side;
        Span<double> means = features[..channels], deviations = features[channels..];
        features.Clear();
        for (int pixel = 0; pixel < pixels; pixel++)
        {
            ReadOnlySpan<float> values = map.Slice(Offset(pixel), channels);
            for (int c = 0; c < channels; c++)
            {
                means[c] += values[c];
            }
        }

        for (int c = 0; c < channels; c++)
        {
            means[c] /= pixels;
        }

        for (int pixel = 0; pixel < pixels; pixel++)
        {
            ReadOnlySpan<float> values = map.Slice(Offset(pixel), channels);
            for (int c = 0; c < channels; c++)
            {
                double difference = values[c] - means[c];
                deviations[c] += difference * difference;
            }
        }

        for (int c = 0; c < channels; c++)
        {
            deviations[c] = Math.Sqrt(deviations[c] / pixels);
        }

        int Offset(int pixel) => ((((pixel / side) + padding) * width) + (pixel % side) + padding) * channels;
    }
}
