namespace L2c;

/// <summary>The middle of measured values.</summary>
public static class Median
{
    /// <summary>The middle value, or the mean of the two.</summary>
    public static double Of(IReadOnlyCollection<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
