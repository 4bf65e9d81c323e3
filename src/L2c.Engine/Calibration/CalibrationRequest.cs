using L2c.Model.Calibration;

namespace L2c;

/// <summary>What a calibration measures, or reads, and which schedules it makes.</summary>
public sealed record CalibrationRequest
{
    /// <summary>Images of a calibration unless the request says so.</summary>
    public const int DefaultCount = 8;

    /// <summary>The uncached run that is measured. Its <see cref="SampleRequest.Cache"/> is not read.</summary>
    public required SampleRequest Sample { get; init; }

    /// <summary>One of the names of <see cref="CalibrationMethod.All"/>, in any case of letters.</summary>
    public required string Method { get; init; }

    /// <summary>A schedule is made of each; null for the published ones.</summary>
    public IReadOnlyList<double>? Thresholds { get; init; }

    /// <summary>What the method is told beside its threshold.</summary>
    public CalibrationSettings Settings { get; init; } = new();

    /// <summary>A table of the method to read instead of sampling; null to sample.</summary>
    public string? Table { get; init; }

    /// <summary>Where the table and the schedules go.</summary>
    public string Folder { get; init; } = "calibration";

    /// <summary>Whether schedules are written as SmoothCache's lists rather than as our own format.</summary>
    public bool AsSmoothCache { get; init; }

    /// <summary>Whether files that are there may be replaced.</summary>
    public bool Overwrite { get; init; }
}
