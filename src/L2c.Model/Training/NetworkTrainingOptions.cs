namespace L2c.Model.Training;

/// <summary>What a DiT is trained with; the defaults are the published ones but for the batch and the average's warm-up.</summary>
public sealed record NetworkTrainingOptions
{
    private const string WarmUp = "--ema-warm-up", On = "on";

    /// <summary>Images per optimisation step; published 256.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>Learning rate, constant.</summary>
    public double LearningRate { get; init; } = 1e-4;

    /// <summary>AdamW's decay.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Decay of the moving average.</summary>
    public double EmaDecay { get; init; } = 0.9999;

    /// <summary>
    /// Whether the average's decay begins small: min(decay, (1 + k) / (10 + k)) at step k from 0, so that a short run forgets its initial weights.
    /// Published runs do without. Null: as the state has it that the run goes on from; of a new run yes, unless it begins with an average of its own,
    /// which would be forgotten.
    /// </summary>
    public bool? AverageWarmUp { get; init; }

    /// <summary>Seed of everything random.</summary>
    public ulong Seed { get; init; }

    /// <summary>See <see cref="TrainingPlanOptions.Recompute"/>.</summary>
    public bool Recompute { get; init; }

    /// <summary>Threads that prepare data; 0 for one per core.</summary>
    public int Threads { get; init; }

    /// <summary>The average's decay at a step.</summary>
    /// <param name="step">Steps done before.</param>
    internal double DecayAt(int step) => AverageWarmUp == true ? Math.Min(EmaDecay, (1.0 + step) / (10.0 + step)) : EmaDecay;

    /// <summary>The same with everything decided that a state has decided.</summary>
    internal NetworkTrainingOptions As(TrainingSettings settings) => this with { AverageWarmUp = settings[WarmUp] == On };

    /// <summary>Adds what decides the bits of a run.</summary>
    /// <param name="settings">The settings of the run.</param>
    /// <param name="hasAverage">Whether the run begins with an average of its own.</param>
    internal void AddTo(TrainingSettings settings, bool hasAverage)
    {
        settings.Add("--batch", Batch);
        settings.Add("--lr", LearningRate);
        settings.Add("--weight-decay", WeightDecay);
        settings.Add("--ema", EmaDecay);
        if (AverageWarmUp is { } warmUp)
        {
            settings.Add(WarmUp, warmUp ? On : "");
        }
        else
        {
            settings.AddDefault(WarmUp, hasAverage ? "" : On);
        }

        settings.Add("--seed", Seed.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }
}
