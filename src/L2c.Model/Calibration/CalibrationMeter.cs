namespace L2c.Model.Calibration;

/// <summary>Measures what a method decides by, on any number of batches of the same network and sampler.</summary>
/// <remarks>Numbers of several batches are those of one batch with all their images: sums are added before anything is divided.</remarks>
public abstract class CalibrationMeter : ITrajectoryReader
{
    /// <summary>What has been measured, by name, see <see cref="CalibrationTable.Figures"/>. After at least one whole run.</summary>
    public abstract IReadOnlyDictionary<string, double[]> Figures { get; }

    /// <inheritdoc/>
    public virtual void Input(int evaluation, ReadOnlySpan<float> x)
    {
    }

    /// <inheritdoc/>
    public virtual void StreamBefore(int evaluation, ReadOnlySpan<float> stream)
    {
    }

    /// <inheritdoc/>
    public virtual void FirstNormed(int evaluation, ReadOnlySpan<float> normed)
    {
    }

    /// <inheritdoc/>
    public virtual void Branch(int evaluation, int branch, ReadOnlySpan<float> output)
    {
    }

    /// <inheritdoc/>
    public virtual void StreamAfter(int evaluation, ReadOnlySpan<float> stream)
    {
    }

    /// <inheritdoc/>
    public virtual void Output(int evaluation, ReadOnlySpan<float> guided)
    {
    }

    /// <summary>How large a change is beside what it changes: of nothing that does not change 0; of nothing that does, the largest number.</summary>
    internal static double Ratio(double change, double whole) => whole != 0 ? change / whole : change == 0 ? 0 : double.MaxValue;

    /// <summary>Copies values to be read after the span has gone; a later batch may be smaller.</summary>
    internal static void Keep(ref float[]? place, ReadOnlySpan<float> values)
    {
        if (place is null || place.Length < values.Length)
        {
            place = new float[values.Length];
        }

        values.CopyTo(place);
    }
}
