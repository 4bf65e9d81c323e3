using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using L2c.Model.Randomness;

namespace L2c.Model.Metrics;

/// <summary>A convolution of stride 2 with random weights, zero padding of half a kernel and no bias, then ReLU; one image at a time.</summary>
/// <remarks>
/// Layout   images are [H, W, C] with a margin of zeros, so that the taps of one kernel row are one run of memory.
/// Weights  normal with variance 2 / (C k²) (He et al. 2015), [out, in, k, k] in the order of <see cref="CounterNoise"/>: key = seed, image = layer,
///          draw 0.
/// Numerics binary32. Each output is a chain of fused multiply-adds, kernel row by kernel row, column by column, channel by channel, whatever the
///          vectors: the same bits on every machine.
/// </remarks>
internal sealed class StridedConvolution
{
    private const int Stride = 2;
    private const int Lanes = 8;
    private const int PixelsAtOnce = 4;
    private const int ChannelsAtOnce = 2 * Lanes;

    private readonly int _kernel;
    private readonly int _inputs;
    private readonly float[] _weights; // [kernel, kernel, inputs, outputs]

    /// <summary>Draws the weights.</summary>
    /// <param name="layer">Number of the layer, which chooses its weights.</param>
    /// <param name="inputs">C.</param>
    /// <param name="outputs">Channels of the result, a multiple of 16.</param>
    /// <param name="kernel">k, odd.</param>
    /// <param name="height">H of the input.</param>
    /// <param name="width">W of the input.</param>
    public StridedConvolution(int layer, int inputs, int outputs, int kernel, int height, int width)
    {
        (_kernel, _inputs, Outputs, Padding) = (kernel, inputs, outputs, kernel / 2);
        (OutputHeight, OutputWidth) = ((height + Stride - 1) / Stride, (width + Stride - 1) / Stride);

        // The last quadruple of pixels may reach past the row: it reads zeros there and its surplus is not stored.
        int columns = Math.Max(width + (2 * Padding), ((OutputWidth + PixelsAtOnce - 1) * Stride) + kernel);
        (Pitch, InputLength) = (columns * inputs, (height + (2 * Padding)) * columns * inputs);
        _weights = Transposed(Weights(layer, inputs, outputs, kernel), inputs, outputs, kernel);
    }

    /// <summary>Channels of the result.</summary>
    public int Outputs { get; }

    /// <summary>Zeros on each side of an input.</summary>
    public int Padding { get; }

    /// <summary>⌈H / 2⌉.</summary>
    public int OutputHeight { get; }

    /// <summary>⌈W / 2⌉.</summary>
    public int OutputWidth { get; }

    /// <summary>Values from one row of a padded input to the next.</summary>
    public int Pitch { get; }

    /// <summary>Values of a padded input.</summary>
    public int InputLength { get; }

    /// <summary>The weights [outputs, inputs, kernel, kernel].</summary>
    public static float[] Weights(int layer, int inputs, int outputs, int kernel)
    {
        int fanIn = inputs * kernel * kernel;
        float[] weights = new float[outputs * fanIn];
        CounterNoise.Fill(RandomConvFeatures.Seed, layer, 0, weights);
        float deviation = MathF.Sqrt(2f / fanIn);
        foreach (ref float weight in weights.AsSpan())
        {
            weight *= deviation;
        }

        return weights;
    }

    /// <summary>Convolves an image.</summary>
    /// <param name="input">Padded, <see cref="InputLength"/> values.</param>
    /// <param name="output">Receives pixel (y, x) at y <paramref name="outputPitch"/> + x <see cref="Outputs"/>; nothing else is touched.</param>
    /// <param name="outputPitch">Values from one row of the output to the next.</param>
    public void Apply(ReadOnlySpan<float> input, Span<float> output, int outputPitch)
    {
        ref float source = ref MemoryMarshal.GetReference(input);
        Span<float> pixels = stackalloc float[PixelsAtOnce * ChannelsAtOnce];
        for (int y = 0; y < OutputHeight; y++)
        {
            for (int x = 0; x < OutputWidth; x += PixelsAtOnce)
            {
                int first = (y * Stride * Pitch) + (x * Stride * _inputs), stored = Math.Min(PixelsAtOnce, OutputWidth - x);
                for (int channel = 0; channel < Outputs; channel += ChannelsAtOnce)
                {
                    Block(ref source, first, channel, pixels);
                    for (int pixel = 0; pixel < stored; pixel++)
                    {
                        int target = (y * outputPitch) + ((x + pixel) * Outputs) + channel;
                        pixels.Slice(pixel * ChannelsAtOnce, ChannelsAtOnce).CopyTo(output[target..]);
                    }
                }
            }
        }
    }

    /// <summary>Four neighbouring pixels of sixteen channels.</summary>
    private void Block(ref float input, int first, int channel, Span<float> pixels)
    {
        int run = _kernel * _inputs, step = Stride * _inputs;
        ref float weights = ref MemoryMarshal.GetArrayDataReference(_weights);
        Vector256<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
        int weight = channel;
        for (int row = 0; row < _kernel; row++)
        {
            int at = first + (row * Pitch);
            for (int tap = 0; tap < run; tap++, at++, weight += Outputs)
            {
                var w0 = Vector256.LoadUnsafe(ref weights, (nuint)weight);
                var w1 = Vector256.LoadUnsafe(ref weights, (nuint)(weight + Lanes));
                var a = Broadcast(ref input, at);
                var b = Broadcast(ref input, at + step);
                var c = Broadcast(ref input, at + (2 * step));
                var d = Broadcast(ref input, at + (3 * step));
                (a0, a1) = (Vector256.FusedMultiplyAdd(a, w0, a0), Vector256.FusedMultiplyAdd(a, w1, a1));
                (b0, b1) = (Vector256.FusedMultiplyAdd(b, w0, b0), Vector256.FusedMultiplyAdd(b, w1, b1));
                (c0, c1) = (Vector256.FusedMultiplyAdd(c, w0, c0), Vector256.FusedMultiplyAdd(c, w1, c1));
                (d0, d1) = (Vector256.FusedMultiplyAdd(d, w0, d0), Vector256.FusedMultiplyAdd(d, w1, d1));
            }
        }

        Store(a0, a1, pixels);
        Store(b0, b1, pixels[ChannelsAtOnce..]);
        Store(c0, c1, pixels[(2 * ChannelsAtOnce)..]);
        Store(d0, d1, pixels[(3 * ChannelsAtOnce)..]);
    }

    private static Vector256<float> Broadcast(ref float input, int at) => Vector256.Create(Unsafe.Add(ref input, at));

    private static void Store(Vector256<float> low, Vector256<float> high, Span<float> pixel)
    {
        Vector256.Max(low, Vector256<float>.Zero).CopyTo(pixel);
        Vector256.Max(high, Vector256<float>.Zero).CopyTo(pixel[Lanes..]);
    }

    private static float[] Transposed(float[] weights, int inputs, int outputs, int kernel)
    {
        float[] result = new float[weights.Length];
        for (int output = 0; output < outputs; output++)
        {
            for (int input = 0; input < inputs; input++)
            {
                for (int tap = 0; tap < kernel * kernel; tap++)
                {
                    result[(((tap * inputs) + input) * outputs) + output] = weights[(((output * inputs) + input) * kernel * kernel) + tap];
                }
            }
        }

        return result;
    }
}
