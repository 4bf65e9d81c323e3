namespace L2c.Weights.Layouts;

/// <summary>One canonical tensor of a checkpoint and where its values come from. Read it through <see cref="WeightsFile"/>.</summary>
/// <param name="Name">Canonical name: the published code's.</param>
/// <param name="Shape">Canonical shape.</param>
/// <param name="Parts">Tensors of the file whose elements, one after the other, are this tensor's; empty when computed.</param>
/// <param name="Copies">Further tensors of the file that should hold the same values (diffusers stores the embedders once per block).</param>
/// <param name="Computed">The values when the file does not store them; null otherwise.</param>
/// <param name="IsLogits">Router logits: must be finite, and are stored as F32 whatever the file's dtype.</param>
public sealed record WeightsTensor(
    string Name,
    long[] Shape,
    IReadOnlyList<TensorInfo> Parts,
    IReadOnlyList<TensorInfo> Copies,
    float[]? Computed,
    bool IsLogits)
{
    /// <summary>Number of elements.</summary>
    public long Count => Computed?.Length ?? Parts.Sum(part => part.Count);
}
