using System.Text.Json.Serialization;
using L2c.Model.Caching;
using L2c.Model.Calibration;

namespace L2c;

/// <summary>A schedule that a calibration has made.</summary>
/// <param name="Threshold">Of which threshold.</param>
/// <param name="File">Where it is.</param>
/// <param name="ComputedBranches">Branches of the run that are computed.</param>
/// <param name="Branches">Branches of the run in all.</param>
/// <param name="MacRatio">MACs with the schedule over MACs without, attention products included.</param>
/// <param name="IdealSpeedup">How many times faster a run would be if time were proportional to MACs.</param>
/// <param name="Schedule">The schedule.</param>
public sealed record CalibratedSchedule(
    double Threshold,
    string File,
    int ComputedBranches,
    int Branches,
    double MacRatio,
    double IdealSpeedup,
    [property: JsonIgnore] CacheSchedule Schedule);

/// <summary>What came of a calibration.</summary>
/// <param name="Method">See <see cref="CalibrationMethod.Name"/>.</param>
/// <param name="ThresholdName">What the method calls its threshold.</param>
/// <param name="TableFile">The table that was written, or read.</param>
/// <param name="Schedules">By threshold, as asked for.</param>
/// <param name="Table">What was measured.</param>
public sealed record CalibrationResult(
    string Method,
    string ThresholdName,
    string TableFile,
    IReadOnlyList<CalibratedSchedule> Schedules,
    [property: JsonIgnore] CalibrationTable Table)
{
    /// <summary>Name of the network.</summary>
    public string Model => Table.Model;

    /// <summary>Name of the sampler.</summary>
    public string Sampler => Table.Sampler;

    /// <summary>Its evaluations.</summary>
    public int Steps => Table.Steps;

    /// <summary>Images that were measured.</summary>
    public int Images => Table.Images;
}
