using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>A network to train, from scratch or from a checkpoint.</summary>
public sealed record NetworkTrainingRequest() : TrainingRequest("shapes2", "runs/model")
{
    /// <summary>Steps unless the request says so.</summary>
    public const int DefaultSteps = 20_000;

    /// <summary>Network from scratch unless the request says so.</summary>
    public const string DefaultModel = "8x128x2/4";

    internal const string ResultName = "model.safetensors";

    /// <summary>Batch, optimiser, average, seed.</summary>
    public NetworkTrainingOptions Options { get; init; } = new();

    /// <summary>Whether the learning rate falls by half a cosine, to <see cref="NetworkTrainingOptions.FinalLearningRate"/> at the last step: the run then
    /// cannot be made longer.</summary>
    public bool CosineDecay { get; init; }

    /// <summary>Checkpoint whose weights and average to begin with; null for a network from scratch.</summary>
    public string? Init { get; init; }

    /// <summary>What that checkpoint leaves open; from scratch the network's name alone, see <see cref="NamedNetwork.Find"/>.</summary>
    public LayoutHints Hints { get; init; } = LayoutHints.None;

    /// <summary>Side of the items in pixels or latent cells, where the data do not say. From scratch only.</summary>
    public int? ImageSize { get; init; }

    /// <summary>Classes; null for the data's. From scratch only.</summary>
    public int? Classes { get; init; }

    /// <summary>The options with what the rest of the request decides.</summary>
    internal NetworkTrainingOptions Decided(int threads, TrainingSchedule schedule) =>
        Options with { Threads = threads, DecaySteps = CosineDecay ? schedule.MaxSteps : Options.DecaySteps };

    internal override IReadOnlyList<string> ResultNames => [ResultName];
}
