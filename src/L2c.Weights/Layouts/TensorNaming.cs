namespace L2c.Weights.Layouts;

/// <summary>One way in which a family's checkpoints name their tensors.</summary>
/// <param name="Label">For messages: "published names", "diffusers names".</param>
/// <param name="Family">Family of the architectures: "dit", "uvit", "vae", "inception", "router".</param>
/// <param name="Recognises">Whether these names are used.</param>
/// <param name="Infer">The architecture from names and shapes alone; the hints fill what they leave open.</param>
/// <param name="Rules">The canonical tensors of an architecture, in canonical order, and where this naming keeps them.</param>
/// <param name="IgnoredPrefixes">Names that belong to no network but are known to lie beside it.</param>
internal sealed record TensorNaming(
    string Label,
    string Family,
    Func<StateDictView, bool> Recognises,
    Func<StateDictView, LayoutHints, Architecture> Infer,
    Func<Architecture, IReadOnlyList<TensorRule>> Rules,
    params string[] IgnoredPrefixes);
