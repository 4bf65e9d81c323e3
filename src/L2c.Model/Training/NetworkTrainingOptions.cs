namespace L2c.Model.Training;

/// <summary>What a DiT is trained with; the defaults are the published ones but for the batch.</summary>
public sealed record NetworkTrainingOptions
{
    /// <summary>Images per optimisation step; published 256.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>Learning rate, constant.</summary>
    public double LearningRate { get; init; } = 1e-4;

    /// <summary>AdamW's decay.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Decay of the moving average.</summary>
    public double EmaDecay { get; init; } = 0.9999;

    /// <summary>Whether the average's decay begins small: min(decay, (1 + k) / (10 + k)) at step k from 0, so that a short run forgets its initial
    /// weights.</summary>
    public bool AverageWarmUp { get; init; }

    /// <summary>Seed of everything random.</summary>
    public ulong Seed { get; init; }

    /// <summary>See <see cref="TrainingPlanOptions.Recompute"/>.</summary>
    public bool Recompute { get; init; }

    /// <summary>Threads that prepare data; 0 for one per core.</summary>
    public int Threads { get; init; }

    /// <summary>The average's decay at a step.</summary>
    /// <param name="step">Steps done before.</param>
    internal double DecayAt(int step) => AverageWarmUp ? Math.Min(EmaDecay, (1.0 + step) / (10.0 + step)) : EmaDecay;

    /// <summary>Adds what decides the bits of a run.</summary>
    internal void AddTo(TrainingSettings settings)
    {
        settings.Add("--batch", Batch);
        settings.Add("--lr", LearningRate);
        settings.Add("--weight-decay", WeightDecay);
        settings.Add("--ema", EmaDecay);
        settings.Add("--ema-warm-up", AverageWarmUp ? "on" : "");
        settings.Add("--seed", Seed.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }
}
