namespace L2c.Weights.Layouts;

/// <summary>Learning-to-Cache routers: as published, one vector <c>N.prob</c> per evaluation index; here, one matrix <c>logits</c>.</summary>
/// <remarks>
/// Source: the published router files. DiT's training nests them under <c>routers</c> beside the optimiser; U-ViT's stores the dictionary alone.
/// </remarks>
public static class RouterLayout
{
    /// <summary>The canonical tensor: [evaluations, branches], F32.</summary>
    public const string Logits = "logits";

    /// <summary>What follows the evaluation index in a published name.</summary>
    internal const string Vector = ".prob";

    /// <summary>Where DiT's training puts the vectors.</summary>
    internal const string Nest = "routers";

    internal static TensorNaming Published { get; } = new(
        "published names",
        RouterShape.FamilyName,
        dict => dict.Has("0" + Vector),
        InferPublished,
        architecture =>
        {
            RouterShape a = (RouterShape)architecture;
            IEnumerable<SourceRule> rows = Enumerable.Range(0, a.Evaluations).Select(i => new SourceRule($"{i}{Vector}", a.Branches));
            return [new TensorRule(Logits, [a.Evaluations, a.Branches], [.. rows]) { IsLogits = true }];
        });

    internal static TensorNaming Canonical { get; } = new(
        "L2c names",
        RouterShape.FamilyName,
        dict => dict.Has(Logits),
        (dict, hints) => Conclude(
            dict, hints, nested: false, dict.Extent("number of evaluations", (Logits, 0)), dict.Extent("number of branches", (Logits, 1))),
        architecture =>
        {
            RouterShape a = (RouterShape)architecture;
            return [new TensorRule(Logits, a.Evaluations, a.Branches) { IsLogits = true }];
        });

    private static RouterShape InferPublished(StateDictView dict, LayoutHints hints)
    {
        int evaluations = dict.CountBlocks("");
        int branches = dict.Extent("number of branches", Enumerable.Range(0, evaluations).Select(i => ($"{i}{Vector}", 0)));
        return Conclude(dict, hints, dict.Nest.EndsWith(Nest + ".", StringComparison.Ordinal), evaluations, branches);
    }

    private static RouterShape Conclude(StateDictView dict, LayoutHints hints, bool nested, int evaluations, int branches) => new()
    {
        Name = TransformerFacts.Name(dict, hints, null),
        // U-ViT has as many in-blocks as out-blocks and one in the middle, an odd number, and its routers are saved without a nest.
        Target = !nested && branches % 4 == 2 ? RouterTarget.UVit : RouterTarget.Dit,
        Evaluations = evaluations,
        Branches = branches,
    };
}
