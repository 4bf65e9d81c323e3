using L2c.Cli.Sampling;

namespace L2c.Cli.Sweeps;

/// <summary>What the user asked <c>l2c sweep</c> for.</summary>
/// <param name="Sample">The uncached run that everything is compared with.</param>
/// <param name="Routers">Router files.</param>
/// <param name="Thresholds">Thresholds of each; null for the published one.</param>
/// <param name="Rules">Names of rules to match, or whole rules as <c>top:3</c>.</param>
/// <param name="MacRatios">Compute points beside those of the learned schedules, as shares of the uncached run's MACs.</param>
/// <param name="Data">What distances are to.</param>
/// <param name="DataCount">Images of it.</param>
/// <param name="Folder">Where results go.</param>
/// <param name="First">First row to run, from 1 on.</param>
/// <param name="Last">Last row to run.</param>
internal sealed record SweepRequest(
    SampleRequest Sample,
    IReadOnlyList<string> Routers,
    IReadOnlyList<double>? Thresholds,
    IReadOnlyList<string> Rules,
    IReadOnlyList<double> MacRatios,
    string Data,
    int DataCount,
    string Folder,
    int First,
    int Last);
