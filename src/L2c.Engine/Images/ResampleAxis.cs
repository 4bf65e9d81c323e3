namespace L2c;

/// <summary>One axis of a resampling: which source pixels make each pixel of a window of the result, with which integer weights.</summary>
/// <remarks>
/// Formula  pixel i of <c>target</c> lies at c = (i + 1/2) s in the source, s = source / target; f = max(1, s) widens the filter when shrinking; its
///          pixels are ⌊c - r f + 1/2⌋ .. ⌊c + r f + 1/2⌋ - 1 inside the picture, r the filter's radius; weights w((x + 1/2 - c) / f), divided by
///          their sum, in units of 2^-22, rounded to nearest.
/// Numerics as the Python Imaging Library does it for pixels of 8 bits, whose published training code this serves.
/// Source   Pillow 9.4, src/libImaging/Resample.c; Keys 1981, "Cubic convolution interpolation for digital image processing".
/// </remarks>
internal sealed class ResampleAxis
{
    /// <summary>Bits behind the point of a weight: 8 of a pixel and 2 for the filter's overshoot are left of 32.</summary>
    public const int WeightBits = 32 - 8 - 2;

    private readonly int[] _first;
    private readonly int[] _taps;
    private readonly int[] _weights;
    private readonly int _stride;

    /// <summary>Decides.</summary>
    /// <param name="filter">Weights.</param>
    /// <param name="source">Pixels of the source.</param>
    /// <param name="target">Pixels of the whole result.</param>
    /// <param name="begin">First pixel of the window.</param>
    /// <param name="count">Pixels of the window, at least 1.</param>
    public ResampleAxis(ResampleFilter filter, int source, long target, long begin, int count)
    {
        double ratio = (double)source / target, widening = Math.Max(1, ratio), reach = Radius(filter) * widening;
        _stride = ((int)Math.Ceiling(reach) * 2) + 1;
        (_first, _taps, _weights) = (new int[count], new int[count], new int[count * _stride]);
        double[] exact = new double[_stride];
        for (int i = 0; i < count; i++)
        {
            double centre = (begin + i + 0.5) * ratio, sum = 0;
            int first = Math.Max(0, (int)(centre - reach + 0.5)), taps = Math.Min(source, (int)(centre + reach + 0.5)) - first;
            for (int k = 0; k < taps; k++)
            {
                exact[k] = Weight(filter, (k + first - centre + 0.5) / widening);
                sum += exact[k];
            }

            for (int k = 0; k < taps; k++)
            {
                double scaled = (sum == 0 ? exact[k] : exact[k] / sum) * (1 << WeightBits);
                _weights[(i * _stride) + k] = (int)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
            }

            (_first[i], _taps[i]) = (first, taps);
        }
    }

    /// <summary>Pixels of the window.</summary>
    public int Count => _first.Length;

    /// <summary>First pixel of the source that the window needs.</summary>
    public int Begin => _first[0];

    /// <summary>The pixel behind the last one that it needs.</summary>
    public int End => _first[^1] + _taps[^1];

    /// <summary>First source pixel of a pixel of the window.</summary>
    public int First(int pixel) => _first[pixel];

    /// <summary>Weights of that pixel and those behind it.</summary>
    public ReadOnlySpan<int> Weights(int pixel) => _weights.AsSpan(pixel * _stride, _taps[pixel]);

    private static double Radius(ResampleFilter filter) => filter == ResampleFilter.Box ? 0.5 : 2;

    private static double Weight(ResampleFilter filter, double x) => filter == ResampleFilter.Box ? Box(x) : Cubic(Math.Abs(x));

    // Of two pixels as far away the right one counts.
    private static double Box(double x) => x is > -0.5 and <= 0.5 ? 1 : 0;

    private static double Cubic(double x) => x < 1 ? (((1.5 * x) - 2.5) * x * x) + 1 : x < 2 ? ((((x - 5) * x) + 8) * x - 4) * -0.5 : 0;
}
