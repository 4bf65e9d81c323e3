using System.Security.Cryptography;
using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks;

namespace L2c.Model.Training;

/// <summary>What routers are trained with.</summary>
public sealed record RouterTrainingOptions
{
    /// <summary>Evaluations of the network's own sampler, which the router is for: "20", of DDIM also "ddim20" or "10,15,20".</summary>
    public required string Steps { get; init; }

    /// <summary>lambda, weight of the penalty, of each router that is trained; with <see cref="TargetReuse"/> where it begins.</summary>
    public required IReadOnlyList<double> Lambdas { get; init; }

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

    /// <summary>What branches contribute that are not computed, a forecast of every branch of every cache evaluation; null for their latest
    /// outputs.</summary>
    public CacheSchedule? Forecast { get; init; }

    /// <summary>See <see cref="TrainingPlanOptions.Recompute"/>.</summary>
    public bool Recompute { get; init; }

    /// <summary>Threads that prepare data; 0 for one per core.</summary>
    public int Threads { get; init; }

    /// <summary>The settings that decide the bits of one router's run: it does not matter which others are trained beside it.</summary>
    /// <param name="settings">What else does; not changed.</param>
    /// <param name="lambda">The router's.</param>
    /// <param name="storage">What the device stores.</param>
    internal TrainingSettings AddTo(TrainingSettings settings, double lambda, DType storage)
    {
        TrainingSettings all = new(settings)
        {
            { "--steps", Steps },
            { "--l1", lambda },
            { "--lr", LearningRate },
            { "--draws", Draws },
            { "--batch", Batch },
            { "--seed", Seed.ToString(System.Globalization.CultureInfo.InvariantCulture) },
            { "--loss", RouterLossNames.Of(Loss) },
        };
        AddOptional("--ste-threshold", StraightThroughThreshold);
        AddOptional("--target-reuse", TargetReuse);
        all.Add("threshold", Threshold);
        if (Forecast is { } forecast)
        {
            all.Add("--forecast", Convert.ToHexStringLower(SHA256.HashData(ScheduleJson.From(forecast, "", "").ToUtf8())));
        }

        if (Recompute && storage != DType.F32)
        {
            all.Add("--checkpointing", "on");
        }

        return all;

        void AddOptional(string option, double? value)
        {
            if (value is { } given)
            {
                all.Add(option, given);
            }
        }
    }
}
