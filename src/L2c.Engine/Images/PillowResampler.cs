using System.Buffers;
using System.Runtime.Intrinsics;

namespace L2c;

/// <summary>
/// Another size for a picture of 8-bit pixels, with the bits of the Python Imaging Library: along rows first, rounded to 8 bits, then along columns.
/// </summary>
/// <remarks>Weights: <see cref="ResampleAxis"/>. A window of the result has the pixels of the whole, and costs its own work alone.</remarks>
internal static class PillowResampler
{
    /// <summary>Resamples.</summary>
    /// <param name="pixels">[rows, width], four bytes a pixel, each a channel of its own.</param>
    /// <param name="width">Pixels per row.</param>
    /// <param name="x">Along rows.</param>
    /// <param name="y">Along columns.</param>
    /// <param name="result">Receives [y.Count, x.Count].</param>
    public static void Resize(ReadOnlySpan<uint> pixels, int width, ResampleAxis x, ResampleAxis y, Span<uint> result)
    {
        int rows = y.End - y.Begin, columns = x.Count;
        uint[] rented = ArrayPool<uint>.Shared.Rent(checked(rows * columns));
        try
        {
            Span<uint> narrow = rented.AsSpan(0, rows * columns);
            for (int row = 0; row < rows; row++)
            {
                ReadOnlySpan<uint> source = pixels.Slice((y.Begin + row) * width, width);
                Span<uint> target = narrow.Slice(row * columns, columns);
                for (int i = 0; i < columns; i++)
                {
                    target[i] = Sum(source[x.First(i)..], 1, x.Weights(i));
                }
            }

            for (int i = 0; i < y.Count; i++)
            {
                ReadOnlySpan<int> weights = y.Weights(i);
                ReadOnlySpan<uint> source = narrow[((y.First(i) - y.Begin) * columns)..];
                Span<uint> target = result.Slice(i * columns, columns);
                for (int column = 0; column < columns; column++)
                {
                    target[column] = Sum(source[column..], columns, weights);
                }
            }
        }
        finally
        {
            ArrayPool<uint>.Shared.Return(rented);
        }
    }

    /// <summary>The weighted sum of pixels that lie a step apart, rounded and clamped.</summary>
    private static uint Sum(ReadOnlySpan<uint> pixels, int step, ReadOnlySpan<int> weights)
    {
        Vector128<int> sum = Vector128.Create(1 << (ResampleAxis.WeightBits - 1));
        for (int k = 0; k < weights.Length; k++)
        {
            Vector128<byte> pixel = Vector128.CreateScalar(pixels[k * step]).AsByte();
            sum += Vector128.WidenLower(Vector128.WidenLower(pixel)).AsInt32() * weights[k];
        }

        sum = Vector128.Clamp(sum >> ResampleAxis.WeightBits, Vector128<int>.Zero, Vector128.Create((int)byte.MaxValue));
        return Vector128.Narrow(Vector128.Narrow(sum, sum), Vector128<short>.Zero).AsUInt32().ToScalar();
    }
}
