using L2c.Weights.Layouts;

namespace L2c.Cli.Commands;

/// <summary>What a command that samples was told of the run: network, device, request.</summary>
/// <param name="Checkpoint">Path; null for the demo model.</param>
/// <param name="Hints">What the checkpoint leaves open.</param>
/// <param name="Device">Where to compute.</param>
/// <param name="Sample">What to sample.</param>
internal sealed record RunRequest(string? Checkpoint, LayoutHints Hints, DeviceChoice Device, SampleRequest Sample)
{
    /// <summary>Paths of all files that are read.</summary>
    public IEnumerable<string> Inputs => [Checkpoint ?? DemoModel.Path, .. Sample.Inputs];
}
