namespace L2c;

/// <summary>The centred square of a picture, resampled to a small one.</summary>
/// <remarks>
/// Formula  per axis, weights w((i + 1/2 - centre) / s) normalised to 1, s = max(1, square / size), w the cubic of Keys with a = -1/2: shrinking
///          averages over all pixels under the widened filter, so nothing is skipped; the square's own edges are the picture's border, pixels beside
///          it do not count.
/// Source   Keys 1981, "Cubic convolution interpolation for digital image processing"; widening as in the Python Imaging Library's BICUBIC, which the
///          published training ends its centre crop with.
/// </remarks>
internal static class PictureScaler
{
    private const int Channels = 3;
    private const double Support = 2;

    /// <summary>Resamples.</summary>
    /// <param name="pixels">[height, width, 4] bytes: red, green, blue, and a fourth that is ignored.</param>
    /// <param name="width">Pixels per row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="size">Side of the result.</param>
    /// <param name="image">Receives [3, size, size] in [-1, 1].</param>
    public static void CentreSquare(ReadOnlySpan<byte> pixels, int width, int height, int size, Span<float> image)
    {
        int side = Math.Min(width, height), left = (width - side) / 2, top = (height - side) / 2;
        (int First, float[] Weights)[] taps = [.. Enumerable.Range(0, size).Select(i => Taps(i, side, size))];

        // Along rows first: [side, size, 3].
        float[] narrow = new float[side * size * Channels];
        for (int row = 0; row < side; row++)
        {
            ReadOnlySpan<byte> source = pixels.Slice(4 * (((top + row) * width) + left), 4 * side);
            for (int i = 0; i < size; i++)
            {
                (int first, float[] weights) = taps[i];
                (float red, float green, float blue) = (0, 0, 0);
                for (int k = 0; k < weights.Length; k++)
                {
                    int at = 4 * (first + k);
                    red += weights[k] * source[at];
                    green += weights[k] * source[at + 1];
                    blue += weights[k] * source[at + 2];
                }

                int to = Channels * ((row * size) + i);
                (narrow[to], narrow[to + 1], narrow[to + 2]) = (red, green, blue);
            }
        }

        for (int i = 0; i < size; i++)
        {
            (int first, float[] weights) = taps[i];
            for (int column = 0; column < size; column++)
            {
                for (int channel = 0; channel < Channels; channel++)
                {
                    float sum = 0;
                    for (int k = 0; k < weights.Length; k++)
                    {
                        sum += weights[k] * narrow[(Channels * (((first + k) * size) + column)) + channel];
                    }

                    image[(((channel * size) + i) * size) + column] = (Math.Clamp(sum, 0, 255) / 127.5f) - 1;
                }
            }
        }
    }

    /// <summary>First source pixel and normalised weights of one pixel of the result.</summary>
    private static (int First, float[] Weights) Taps(int i, int side, int size)
    {
        double ratio = (double)side / size, scale = Math.Max(1, ratio), centre = (i + 0.5) * ratio, reach = Support * scale;
        int first = Math.Max(0, (int)Math.Floor(centre - reach)), end = Math.Min(side, (int)Math.Ceiling(centre + reach));
        double[] weights = [.. Enumerable.Range(first, end - first).Select(source => Cubic((source + 0.5 - centre) / scale))];
        double sum = weights.Sum();
        return (first, [.. weights.Select(weight => (float)(weight / sum))]);
    }

    private static double Cubic(double x)
    {
        x = Math.Abs(x);
        return x < 1 ? (((1.5 * x) - 2.5) * x * x) + 1 : x < 2 ? ((((-0.5 * x) + 2.5) * x - 4) * x) + 2 : 0;
    }
}
