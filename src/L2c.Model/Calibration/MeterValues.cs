namespace L2c.Model.Calibration;

/// <summary>What meters do with values and sums.</summary>
internal static class MeterValues
{
    /// <summary>How large a change is beside what it changes: 0/0 is 0; x/0 is <see cref="double.MaxValue"/>.</summary>
    public static double Ratio(double change, double whole) => whole != 0 ? change / whole : change == 0 ? 0 : double.MaxValue;

    /// <summary>Copies values to be read after the span has gone; a later batch may be smaller.</summary>
    public static void Keep(ref float[]? place, ReadOnlySpan<float> values)
    {
        if (place is null || place.Length < values.Length)
        {
            place = new float[values.Length];
        }

        values.CopyTo(place);
    }
}
