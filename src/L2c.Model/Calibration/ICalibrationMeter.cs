namespace L2c.Model.Calibration;

/// <summary>Measures what a method decides by, on any number of batches of the same network and sampler.</summary>
/// <remarks>Numbers of several batches are those of one batch with all their images: sums are added before anything is divided.</remarks>
public interface ICalibrationMeter : ITrajectoryReader
{
    /// <summary>What has been measured, by name, see <see cref="CalibrationTable.Figures"/>. After at least one whole run.</summary>
    IReadOnlyDictionary<string, double[]> Figures { get; }
}
