namespace L2c.Weights.Layouts;

/// <summary>One stored tensor that a canonical tensor is made of.</summary>
/// <param name="Names">Names it goes by; the first that is there is taken.</param>
/// <param name="Shapes">Shapes it may have, all with the same number of elements; the first is named in messages.</param>
internal sealed record SourceRule(IReadOnlyList<string> Names, IReadOnlyList<long[]> Shapes)
{
    /// <summary>The usual case: one name, one shape.</summary>
    public SourceRule(string name, params long[] shape)
        : this([name], [shape])
    {
    }
}

/// <summary>How to make one canonical tensor from a naming's tensors.</summary>
/// <param name="Name">Canonical name.</param>
/// <param name="Shape">Canonical shape.</param>
/// <param name="Sources">Stored tensors whose elements, one after the other, are the canonical tensor's.</param>
internal sealed record TensorRule(string Name, long[] Shape, IReadOnlyList<SourceRule> Sources)
{
    /// <summary>The canonical naming: the tensor is stored as it is.</summary>
    public TensorRule(string name, params long[] shape)
        : this(name, shape, [new SourceRule(name, shape)])
    {
    }

    /// <summary>Further tensors of the file that must hold the same values; their absence is an error.</summary>
    public IReadOnlyList<SourceRule> Copies { get; init; } = [];

    /// <summary>Values to use when no source is there; null when a source is needed.</summary>
    public Func<float[]>? Computed { get; init; }

    /// <summary>Router logits: finite, and stored as F32 whatever the file's dtype.</summary>
    public bool IsLogits { get; init; }
}
