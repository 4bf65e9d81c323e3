using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>The network that the MACs of a router or schedule are counted for.</summary>
public static class CountedNetwork
{
    /// <summary>Takes the shapes of a checkpoint. Its weights are not read, and its attention heads need not be known.</summary>
    /// <param name="path">A DiT or U-ViT.</param>
    /// <param name="hints">What the file leaves open.</param>
    /// <exception cref="RequestException">A hint does not apply to it.</exception>
    /// <exception cref="MalformedFileException">It cannot be read, or holds something else.</exception>
    /// <exception cref="IOException">It is not there.</exception>
    public static TransformerArchitecture OfCheckpoint(string path, LayoutHints? hints = null)
    {
        using TensorFile file = TensorFiles.Open(path);
        return CheckpointShape.Of(file, hints ?? LayoutHints.None).File.Require<TransformerArchitecture>();
    }

    /// <summary>Takes the shapes of a name: a published model, or sizes as <c>12x192x3/2</c>.</summary>
    /// <exception cref="RequestException">As <see cref="NamedNetwork.Find"/>.</exception>
    public static TransformerArchitecture Named(string name) => NamedNetwork.Find(name, null);

    /// <summary>The network that a router is most likely for: the first published one of its family and depth, otherwise the demo model.</summary>
    internal static TransformerArchitecture? Likely(string family, int branches) =>
        PublishedModels.All.FirstOrDefault(a => a.Branches == branches && a.Family == family)
        ?? (Demo() is { } demo && demo.Branches == branches && demo.Family == family ? demo : null);

    /// <summary>The network of a name that a schedule file holds: a published one or the demo model.</summary>
    internal static TransformerArchitecture? OfName(string name) =>
        PublishedModels.Find(name) ?? (Demo() is { } demo && demo.Name == name ? demo : null);

    /// <summary>The demo model; null where it does not lie beside the program.</summary>
    private static TransformerArchitecture? Demo() => File.Exists(DemoModel.Path) ? OfCheckpoint(DemoModel.Path) : null;
}
