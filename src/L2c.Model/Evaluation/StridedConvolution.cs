using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace L2c.Model.Evaluation;

/// <summary>A convolution of stride 2 with a ReLU, without bias; maps are [y, x, channel] with zeros around them.</summary>
/// <remarks>
/// Each output is one chain of fused multiply-adds over (y, x, channel in) of the kernel, so its bits do not depend on the vectors' width. A tile of
/// four neighbouring pixels times sixteen channels keeps its sums in registers.
/// </remarks>
internal sealed class StridedConvolution
{
    private const int Stride = 2;
    private const int Pixels = 4;
    private const int Lanes = 8;

    private readonly int _in;
    private readonly int _kernel;
    private readonly float[] _weights; // [y, x, in, out]

    /// <summary>A layer.</summary>
    /// <param name="inputs">Channels in.</param>
    /// <param name="outputs">Channels out, a multiple of sixteen.</param>
    /// <param name="kernel">Side of the kernel, odd.</param>
    /// <param name="weights">[out, in, y, x].</param>
    public StridedConvolution(int inputs, int outputs, int kernel, ReadOnlySpan<float> weights)
    {
        (_in, Out, _kernel) = (inputs, outputs, kernel);
        _weights = new float[weights.Length];
        for (int o = 0; o < outputs; o++)
        {
            for (int i = 0; i < inputs; i++)
            {
                for (int k = 0; k < kernel * kernel; k++)
                {
                    _weights[(((k * inputs) + i) * outputs) + o] = weights[(((o * inputs) + i) * kernel * kernel) + k];
                }
            }
        }
    }

    /// <summary>Channels out.</summary>
    public int Out { get; }

    /// <summary>Zeros that the input has on each side.</summary>
    public int Padding => _kernel / 2;

    /// <summary>Side of the output.</summary>
    public static int OutputSide(int side) => ((side - 1) / Stride) + 1;

    /// <summary>Values of an input map with its zeros.</summary>
    public int PaddedLength(int side) => (side + (2 * Padding)) * (side + (2 * Padding)) * _in;

    /// <summary>Computes the map.</summary>
    /// <param name="input">[side + 2 Padding, side + 2 Padding, in].</param>
    /// <param name="side">Side of the input without its zeros, at least 7.</param>
    /// <param name="output">[outside + 2 padding, outside + 2 padding, out]; the zeros around it are not touched.</param>
    /// <param name="padding">Zeros around the output.</param>
    public void Run(ReadOnlySpan<float> input, int side, Span<float> output, int padding)
    {
        int inWidth = side + (2 * Padding), outSide = OutputSide(side), outWidth = outSide + (2 * padding);
        for (int y = 0; y < outSide; y++)
        {
            for (int block = 0; block < outSide; block += Pixels)
            {
                // The last block of a row moves left to be whole; what it computes again are the same bits.
                int x = Math.Min(block, outSide - Pixels);
                ReadOnlySpan<float> window = input[(((Stride * y * inWidth) + (Stride * x)) * _in)..];
                Span<float> pixels = output[((((y + padding) * outWidth) + x + padding) * Out)..];
                for (int channel = 0; channel < Out; channel += 2 * Lanes)
                {
                    Block(window, inWidth * _in, channel, pixels);
                }
            }
        }
    }

    private void Block(ReadOnlySpan<float> window, int rowStride, int channel, Span<float> pixels)
    {
        Vector256<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
        int run = _kernel * _in, step = Stride * _in;
        ReadOnlySpan<float> weights = _weights.AsSpan(channel);
        ref float w = ref MemoryMarshal.GetReference(weights);
        for (int row = 0; row < _kernel; row++)
        {
            // Bounds are checked once per row: four windows of `run` values, `step` apart, and `run` rows of weights.
            ref float x = ref MemoryMarshal.GetReference(window.Slice(row * rowStride, (3 * step) + run));
            int firstWeight = row * run * Out;
            _ = weights[firstWeight + ((run - 1) * Out) + (2 * Lanes) - 1];
            for (int i = 0; i < run; i++)
            {
                Vector256<float> w0 = Vector256.LoadUnsafe(ref w, (nuint)(firstWeight + (i * Out)));
                Vector256<float> w1 = Vector256.LoadUnsafe(ref w, (nuint)(firstWeight + (i * Out) + Lanes));
                Vector256<float> value = Vector256.Create(Unsafe.Add(ref x, i));
                a0 = Vector256.FusedMultiplyAdd(value, w0, a0);
                a1 = Vector256.FusedMultiplyAdd(value, w1, a1);
                value = Vector256.Create(Unsafe.Add(ref x, i + step));
                b0 = Vector256.FusedMultiplyAdd(value, w0, b0);
                b1 = Vector256.FusedMultiplyAdd(value, w1, b1);
                value = Vector256.Create(Unsafe.Add(ref x, i + (2 * step)));
                c0 = Vector256.FusedMultiplyAdd(value, w0, c0);
                c1 = Vector256.FusedMultiplyAdd(value, w1, c1);
                value = Vector256.Create(Unsafe.Add(ref x, i + (3 * step)));
                d0 = Vector256.FusedMultiplyAdd(value, w0, d0);
                d1 = Vector256.FusedMultiplyAdd(value, w1, d1);
            }
        }

        Store(a0, a1, pixels[channel..]);
        Store(b0, b1, pixels[(channel + Out)..]);
        Store(c0, c1, pixels[(channel + (2 * Out))..]);
        Store(d0, d1, pixels[(channel + (3 * Out))..]);
    }

    private static void Store(Vector256<float> low, Vector256<float> high, Span<float> destination)
    {
        Vector256.Max(low, Vector256<float>.Zero).CopyTo(destination);
        Vector256.Max(high, Vector256<float>.Zero).CopyTo(destination[Lanes..]);
    }
}
