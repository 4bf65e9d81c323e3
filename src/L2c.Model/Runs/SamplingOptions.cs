using L2c.Kernels;

namespace L2c.Model.Runs;

/// <summary>Choices that are fixed when a run is planned.</summary>
public sealed record SamplingOptions
{
    /// <summary>Classifier-free guidance.</summary>
    public Guidance Guidance { get; init; } = Guidance.Published;

    /// <summary>Whether the predicted x0 is clamped to [-1, 1] at every step; the published scripts do not.</summary>
    public bool ClipDenoised { get; init; }

    /// <summary>Whether each step's predicted x0 and guided network output are kept readable after it.</summary>
    public bool KeepPredictions { get; init; }

    /// <summary>
    /// Whether the whole run is one recorded sequence: on CUDA one graph, one launch. Nothing can then be told of evaluations while the run runs, and
    /// every step's noise has memory of its own. Off: one sequence per evaluation.
    /// </summary>
    public bool OneSequence { get; init; }

    /// <summary>
    /// What outputs and deltas are kept in for later evaluations: null for the device's storage type; <see cref="DType.BF16"/>, where it stores fp32,
    /// for half the memory. They are rounded once, when they are kept: the evaluation that computes an output contributes it unrounded.
    /// </summary>
    public DType? CacheType { get; init; }

    /// <summary>What planning may save.</summary>
    public PlanSwitches Switches { get; init; } = PlanSwitches.All;
}
