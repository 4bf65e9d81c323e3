namespace L2c.Model.Calibration;

/// <summary>What an <see cref="ITrajectoryReader"/> is told of an evaluation.</summary>
[Flags]
public enum TrajectoryStages
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary><see cref="ITrajectoryReader.Input"/>.</summary>
    Input = 1,

    /// <summary><see cref="ITrajectoryReader.StreamBefore"/>.</summary>
    StreamBefore = 2,

    /// <summary><see cref="ITrajectoryReader.FirstNormed"/>.</summary>
    FirstNormed = 4,

    /// <summary><see cref="ITrajectoryReader.Branch"/>, of every branch.</summary>
    Branches = 8,

    /// <summary><see cref="ITrajectoryReader.StreamAfter"/>.</summary>
    StreamAfter = 16,

    /// <summary><see cref="ITrajectoryReader.Output"/>.</summary>
    Output = 32,

    /// <summary>Everything.</summary>
    All = Input | StreamBefore | FirstNormed | Branches | StreamAfter | Output,
}
