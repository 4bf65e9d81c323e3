namespace L2c.Model.Training;

/// <summary>The losses by the words that the command line and saved settings have for them.</summary>
public static class RouterLossNames
{
    /// <summary>Of <see cref="RouterLoss.Output"/>.</summary>
    public const string Output = "output";

    /// <summary>Of <see cref="RouterLoss.NextState"/>.</summary>
    public const string NextState = "next-state";

    /// <summary>The word of a loss.</summary>
    public static string Of(RouterLoss loss) => loss == RouterLoss.NextState ? NextState : Output;

    /// <summary>The loss of a word.</summary>
    /// <exception cref="ArgumentException">Another word.</exception>
    public static RouterLoss Parse(string word) => word switch
    {
        Output => RouterLoss.Output,
        NextState => RouterLoss.NextState,
        _ => throw new ArgumentException($"{word}: no such loss; give {Output} or {NextState}"),
    };
}
