using System.Globalization;

namespace L2c;

/// <summary>Median and quartiles of measured values, interpolated linearly between neighbours.</summary>
/// <param name="Lower">A quarter of the values lies below.</param>
/// <param name="Median">The middle value, or the mean of the two.</param>
/// <param name="Upper">A quarter of the values lies above.</param>
public readonly record struct Quartiles(double Lower, double Median, double Upper)
{
    /// <summary>Of at least one value.</summary>
    public static Quartiles Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return new Quartiles(At(0.25), At(0.5), At(0.75));

        double At(double share)
        {
            double position = share * (sorted.Length - 1);
            int below = (int)position;
            double above = sorted[Math.Min(below + 1, sorted.Length - 1)];
            return sorted[below] + ((position - below) * (above - sorted[below]));
        }
    }

    /// <summary>The median, and the quartiles in brackets.</summary>
    /// <param name="format">Of each, as <c>0.0</c>.</param>
    public string Text(string format)
    {
        return $"{Text(Median)} ({Text(Lower)}-{Text(Upper)})";

        string Text(double value) => value.ToString(format, CultureInfo.InvariantCulture);
    }
}
