using L2c.Model.Caching;
using L2c.Weights.Layouts;

namespace L2c.Model.Calibration;

/// <summary>A caching method that measures uncached runs and makes a fixed schedule of what it found and a threshold.</summary>
public abstract class CalibrationMethod
{
    private protected CalibrationMethod()
    {
    }

    /// <summary>All of them.</summary>
    public static IReadOnlyList<CalibrationMethod> All { get; } = [new SmoothCache(), new TeaCache(), new MagCache(), new EasyCache()];

    /// <summary>As commands and files name it: "smoothcache".</summary>
    public abstract string Name { get; }

    /// <summary>What its paper calls the threshold: "alpha".</summary>
    public abstract string ThresholdName { get; }

    /// <summary>Published thresholds, for want of others.</summary>
    public abstract IReadOnlyList<double> DefaultThresholds { get; }

    /// <summary>Whether its schedules choose among branches, and say so by a bit each; otherwise they replace all blocks or none.</summary>
    public virtual bool ChoosesBranches => false;

    /// <summary>Begins measuring.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="evaluations">T, at least 1.</param>
    /// <param name="settings">Of the method.</param>
    public abstract ICalibrationMeter Measure(TransformerArchitecture architecture, int evaluations, CalibrationSettings settings);

    /// <summary>fp32 values that a meter holds while it measures.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="evaluations">T.</param>
    /// <param name="settings">Of the method.</param>
    /// <param name="images">N.</param>
    /// <param name="rows">B.</param>
    public abstract long HeldValues(TransformerArchitecture architecture, int evaluations, CalibrationSettings settings, int images, int rows);

    /// <summary>The schedule that a table and a threshold give.</summary>
    /// <param name="table">Measured by this method.</param>
    /// <param name="threshold">Finite, at least 0.</param>
    /// <param name="settings">Of the method.</param>
    /// <exception cref="ArgumentException">The table lacks something that the method needs.</exception>
    public abstract CacheSchedule Decide(CalibrationTable table, double threshold, CalibrationSettings settings);

    /// <summary>The method of a name in any case of letters; null where there is none.</summary>
    public static CalibrationMethod? Find(string name) =>
        All.FirstOrDefault(method => method.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>A schedule whose evaluations compute everything, or replace all blocks by what these added when they were computed last.</summary>
    /// <param name="computes">By evaluation; the first does.</param>
    /// <param name="branches">Branches of the network.</param>
    private protected static CacheSchedule Replacing(bool[] computes, int branches)
    {
        var blocks = new CacheSegment(0, branches - 1);
        return CacheSchedule.Replacing(
            computes.Length,
            branches,
            [
                .. Enumerable.Range(0, computes.Length).Where(e => !computes[e])
                    .Select(e => SegmentReplacement.Reuse(e, blocks, Array.LastIndexOf(computes, true, e))),
            ]);
    }
}
