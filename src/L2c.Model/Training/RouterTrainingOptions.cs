using L2c.Model.Networks;

namespace L2c.Model.Training;

/// <summary>What a router is trained with.</summary>
public sealed record RouterTrainingOptions
{
    /// <summary>Evaluations of the network's own sampler, which the router is for: "20", of DDIM also "ddim20" or "10,15,20".</summary>
    public required string Steps { get; init; }

    /// <summary>lambda, weight of the penalty; with <see cref="TargetReuse"/> where it begins.</summary>
    public required double Lambda { get; init; }

    /// <summary>Learning rate.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Scores up to this are counted as reused.</summary>
    public required double Threshold { get; init; }

    /// <summary>Threshold of straight-through weights; null for weights between 0 and 1.</summary>
    public double? StraightThroughThreshold { get; init; }

    /// <summary>What student and teacher are compared by.</summary>
    public RouterLoss Loss { get; init; }

    /// <summary>Independent timesteps per optimisation step.</summary>
    public int Draws { get; init; } = CachingRecipe.Draws;

    /// <summary>Images per draw.</summary>
    public int Batch { get; init; } = CachingRecipe.Batch;

    /// <summary>Seed of everything random.</summary>
    public ulong Seed { get; init; }

    /// <summary>Share of cache evaluations' branches to reuse, which lambda is moved towards; null for a constant lambda.</summary>
    public double? TargetReuse { get; init; }

    /// <summary>See <see cref="TrainingPlanOptions.Recompute"/>.</summary>
    public bool Recompute { get; init; }

    /// <summary>Threads that prepare data; 0 for one per core.</summary>
    public int Threads { get; init; }

    /// <summary>Adds what decides the bits of a run.</summary>
    internal void AddTo(TrainingSettings settings)
    {
        settings.Add("--steps", Steps);
        settings.Add("--l1", Lambda);
        settings.Add("--lr", LearningRate);
        settings.Add("--draws", Draws);
        settings.Add("--batch", Batch);
        settings.Add("--seed", Seed.ToString(System.Globalization.CultureInfo.InvariantCulture));
        settings.Add("--loss", RouterLossNames.Of(Loss));
        AddOptional("--ste-threshold", StraightThroughThreshold);
        AddOptional("--target-reuse", TargetReuse);
        settings.Add("threshold", Threshold);

        void AddOptional(string option, double? value)
        {
            if (value is { } given)
            {
                settings.Add(option, given);
            }
        }
    }
}
