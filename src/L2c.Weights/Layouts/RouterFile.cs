namespace L2c.Weights.Layouts;

/// <summary>Writes router files.</summary>
public static class RouterFile
{
    /// <summary>One tensor <c>logits</c> with its architecture: what <c>weights-converter</c> makes of a published router.</summary>
    /// <param name="path">Where the file shall appear.</param>
    /// <param name="router">The logits.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    public static void WriteSafetensors(string path, RouterLogits router, bool overwrite) => throw new NotImplementedException();

    /// <summary>As the published training writes it with <c>torch.save</c>: <c>{"routers": {"0.prob": ...}}</c> for DiT, the inner dictionary alone for U-ViT.</summary>
    /// <param name="path">Where the file shall appear.</param>
    /// <param name="router">The logits.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    public static void WritePublished(string path, RouterLogits router, bool overwrite) => throw new NotImplementedException();
}
