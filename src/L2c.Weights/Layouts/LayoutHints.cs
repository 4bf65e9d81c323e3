namespace L2c.Weights.Layouts;

/// <summary>Which of a training checkpoint's two sets of weights is meant.</summary>
public enum WeightSet
{
    /// <summary>The moving average, nested under <c>ema</c>: what the published models are sampled with.</summary>
    Ema,

    /// <summary>The weights that the optimiser moves, nested under <c>model</c>, or the file's only ones.</summary>
    Model,
}

/// <summary>What the caller knows and a checkpoint's names and shapes may leave open. Null means "as the file says".</summary>
public sealed record LayoutHints
{
    /// <summary>Nothing known.</summary>
    public static LayoutHints None { get; } = new();

    /// <summary>Set of weights; null takes <c>ema</c> where there is one.</summary>
    public WeightSet? Use { get; init; }

    /// <summary>A name of <see cref="PublishedModels"/>: the file must have exactly its shapes.</summary>
    public string? Model { get; init; }

    /// <summary>Attention heads. No shape depends on them, so only published widths tell them.</summary>
    public int? Heads { get; init; }

    /// <summary>Classes without the null class. By default all label rows but the last.</summary>
    public int? Classes { get; init; }

    /// <summary>Names of the classes in order.</summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>Side of the input in latent cells or pixels, where no position table gives it (diffusers' DiT).</summary>
    public int? InputSize { get; init; }

    /// <summary>Name to give the model.</summary>
    public string? Name { get; init; }
}
