namespace L2c.Model.Training;

/// <summary>What a DiT is trained with; the defaults are the published ones but for the batch and the average's warm-up.</summary>
public sealed record NetworkTrainingOptions
{
    private const string WarmUp = "--ema-warm-up", On = "on", Cosine = "cosine";

    /// <summary>Images per optimisation step; published 256.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>Learning rate; the greatest one with a warm-up or a decay.</summary>
    public double LearningRate { get; init; } = 1e-4;

    /// <summary>Steps in which the learning rate rises evenly to its value; 0, as published, for none.</summary>
    public int LearningRateWarmUp { get; init; }

    /// <summary>The step at which the learning rate has fallen to <see cref="FinalLearningRate"/>, by half a cosine from the end of the warm-up on;
    /// null, as published, for a constant one.</summary>
    public int? DecaySteps { get; init; }

    /// <summary>Where a learning rate that falls ends.</summary>
    public double FinalLearningRate { get; init; }

    /// <summary>gamma of <see cref="MinSnr"/>'s weights of the squared error; null, as published, for weights of 1.</summary>
    public double? MinSnrGamma { get; init; }

    /// <summary>The gradient of all parameters together is scaled down to this norm where it is longer, see <see cref="L2c.Kernels.Device.ClipNorm"/>;
    /// null, as published, for none.</summary>
    public double? MaxGradientNorm { get; init; }

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

    /// <summary>The learning rate of a step:
    /// <code>
    /// lr min(1, step / warmUp)                                            without a decay, or up to the end of the warm-up
    /// final + (lr - final) (1 + cos(pi (step - warmUp) / (decay - warmUp))) / 2    afterwards; final from step decay on
    /// </code></summary>
    /// <param name="step">1 for the first.</param>
    /// <remarks>Source: Loshchilov and Hutter 2017 (SGDR), equation 5, one period; warm-up: Goyal et al. 2017, section 2.2.</remarks>
    internal double RateAt(int step)
    {
        if (step < LearningRateWarmUp || DecaySteps is not { } end)
        {
            return LearningRateWarmUp == 0 ? LearningRate : LearningRate * Math.Min(1, step / (double)LearningRateWarmUp);
        }

        double fallen = Math.Min(1, (step - LearningRateWarmUp) / (double)(end - LearningRateWarmUp));
        return FinalLearningRate + ((LearningRate - FinalLearningRate) * (1 + Math.Cos(Math.PI * fallen)) / 2);
    }

    /// <summary>Checks what the options say of the learning rate, the loss's weights and the gradient.</summary>
    /// <exception cref="ArgumentException">A number out of range, or two that do not fit each other.</exception>
    internal void Check()
    {
        if (LearningRateWarmUp < 0)
        {
            throw new ArgumentException($"--lr-warm-up {LearningRateWarmUp}: steps are whole numbers; give at least 0");
        }

        if (DecaySteps is { } end && end <= LearningRateWarmUp)
        {
            throw new ArgumentException($"--lr-warm-up {LearningRateWarmUp} leaves none of {end} steps to decay in; give a shorter one, or more --max-steps");
        }

        if (!(FinalLearningRate >= 0 && FinalLearningRate <= LearningRate) || (FinalLearningRate > 0 && DecaySteps is null))
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"--lr-final {FinalLearningRate}: where a learning rate of {LearningRate} ends that falls; give a number from 0 to it, and --lr-decay cosine"));
        }

        RequirePositive("--min-snr", MinSnrGamma);
        RequirePositive("--clip-grad-norm", MaxGradientNorm);

        static void RequirePositive(string option, double? value)
        {
            if (value is { } given && !(given > 0 && float.IsFinite((float)given)))
            {
                throw new ArgumentException(FormattableString.Invariant($"{option} {given}: give a number above 0, or omit it"));
            }
        }
    }

    /// <summary>The same with everything decided that a state has decided.</summary>
    internal NetworkTrainingOptions As(TrainingSettings settings) => this with { AverageWarmUp = settings[WarmUp] == On };

    /// <summary>Adds what decides the bits of a run.</summary>
    /// <param name="settings">The settings of the run.</param>
    /// <param name="hasAverage">Whether the run begins with an average of its own.</param>
    internal void AddTo(TrainingSettings settings, bool hasAverage)
    {
        settings.Add("--batch", Batch);
        settings.Add("--lr", LearningRate);
        if (LearningRateWarmUp > 0)
        {
            settings.Add("--lr-warm-up", LearningRateWarmUp);
        }

        if (DecaySteps is { } end)
        {
            settings.Add("--lr-decay", Cosine);
            settings.Add("--lr-final", FinalLearningRate);
            settings.Add("--max-steps", end);
        }

        AddOptional("--min-snr", MinSnrGamma);
        AddOptional("--clip-grad-norm", MaxGradientNorm);
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

        void AddOptional(string option, double? value)
        {
            if (value is { } given)
            {
                settings.Add(option, given);
            }
        }
    }
}
