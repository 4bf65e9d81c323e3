namespace L2c.Model.Networks;

/// <summary>How a loss over a batch becomes one number.</summary>
public enum LossReduction
{
    /// <summary>Mean over all elements.</summary>
    Mean,
    /// <summary>Sum over the elements of an image, mean over images.</summary>
    SumPerImage,
}

/// <summary>What the authors of Learning-to-Cache trained and used routers of a network with.</summary>
/// <param name="Threshold">Branches with a score up to this are reused.</param>
/// <param name="Lambda">Weight of the penalty.</param>
/// <param name="LearningRate">Of AdamW, constant.</param>
/// <param name="MaxSteps">About how many optimisation steps.</param>
/// <remarks>Source: the commands in the README of the published code.</remarks>
public sealed record CachingRecipe(double Threshold, double Lambda, double LearningRate, int MaxSteps)
{
    /// <summary>Timesteps drawn per optimisation step: the published runs have eight processes with one each.</summary>
    public const int Draws = 8;

    /// <summary>Images per draw: the published 64 over eight processes.</summary>
    public const int Batch = 8;

    /// <summary>Logits stay within plus and minus this; null for no bound.</summary>
    public double? Clamp { get; init; }

    /// <summary>Of the difference of student and teacher.</summary>
    public LossReduction Reduction { get; init; }
}
