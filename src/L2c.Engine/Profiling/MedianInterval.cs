using System.Globalization;

namespace L2c;

/// <summary>The median of measured values, and an interval for it that assumes nothing of how the values are distributed.</summary>
/// <param name="Median">The middle value, or the mean of the two.</param>
/// <param name="Low">Lower end of the interval: one of the values.</param>
/// <param name="High">Upper end: another one, as far from the greatest as <paramref name="Low"/> is from the least.</param>
/// <param name="Confidence">Probability with which such an interval holds the median of what was measured, 0..1.</param>
/// <remarks>
/// The sign test turned round. A value lies below the median of its distribution with probability 1/2, so the k-th least and the k-th greatest of n
/// values enclose it with probability 1 - 2 P(X &lt; k), X ~ Binomial(n, 1/2). Taken is the largest k for which that is at least <see cref="Level"/>;
/// from <see cref="LeastCount"/> values on there is one. Of fewer the interval goes from the least to the greatest, and <paramref name="Confidence"/>
/// says how little that is. Source: W. R. Thompson, Annals of Mathematical Statistics 7 (1936) 122-128.
/// </remarks>
public readonly record struct MedianInterval(double Median, double Low, double High, double Confidence)
{
    /// <summary>The least probability of an interval that says something: 0.95.</summary>
    public const double Level = 0.95;

    /// <summary>Values from which on an interval reaches <see cref="Level"/>: 1 - 2 / 2^6 = 0.969.</summary>
    public const int LeastCount = 6;

    /// <summary>What the interval is, for whoever prints many: <c>the 96.1 % interval of the median (sign test)</c>.</summary>
    /// <param name="count">Values of each.</param>
    public static string Words(int count) => string.Create(
        CultureInfo.InvariantCulture, $"the {100 * Of(Enumerable.Repeat(0.0, count)).Confidence:0.0} % interval of the median (sign test)");

    /// <summary>Of at least one value.</summary>
    public static MedianInterval Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];

        // Of X ~ Binomial(n, 1/2): the logarithm of P(X = k), which for many values is too small for a double, and P(X <= k).
        double exactly = -sorted.Length * Math.Log(2), atMost = Math.Exp(exactly), confidence = 1 - (2 * atMost);
        int rank = 0;
        for (int k = 1; k < (sorted.Length + 1) / 2; k++)
        {
            exactly += Math.Log((sorted.Length - k + 1) / (double)k);
            atMost += Math.Exp(exactly);
            if (1 - (2 * atMost) < Level)
            {
                break;
            }

            (rank, confidence) = (k, 1 - (2 * atMost));
        }

        return new MedianInterval(Quartiles.Of(sorted).Median, sorted[rank], sorted[^(rank + 1)], confidence);
    }

    /// <summary>The median, and the interval in brackets.</summary>
    /// <param name="format">Of each, as <c>0.0</c>.</param>
    public string Text(string format)
    {
        return $"{Text(Median)} ({Text(Low)}-{Text(High)})";

        string Text(double value) => value.ToString(format, CultureInfo.InvariantCulture);
    }
}
