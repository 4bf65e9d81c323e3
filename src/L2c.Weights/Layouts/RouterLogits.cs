namespace L2c.Weights.Layouts;

/// <summary>The raw logits of a Learning-to-Cache router.</summary>
/// <param name="Architecture">Rows, columns and the kind of network.</param>
/// <param name="Values">[evaluations, branches], row-major; all finite. A branch's score is the sigmoid.</param>
public sealed record RouterLogits(RouterShape Architecture, float[] Values)
{
    /// <summary>The logits of one evaluation index, one per branch.</summary>
    public ReadOnlySpan<float> Row(int evaluation) => Values.AsSpan(evaluation * Architecture.Branches, Architecture.Branches);

    /// <summary>Reads a router from a published file or one of the converter's.</summary>
    /// <exception cref="MalformedFileException">The file holds no router, or a damaged one.</exception>
    public static RouterLogits Load(TensorFile file)
    {
        WeightsFile checkpoint = WeightsLayout.Resolve(file);
        RouterShape architecture = checkpoint.Require<RouterShape>();
        float[] values = new float[architecture.Evaluations * architecture.Branches];
        checkpoint.Read(RouterLayout.Logits, values);
        return new RouterLogits(architecture, values);
    }
}
