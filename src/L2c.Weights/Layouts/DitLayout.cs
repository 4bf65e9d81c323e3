namespace L2c.Weights.Layouts;

/// <summary>DiT with the published names, which are the canonical ones.</summary>
/// <remarks>Source: the state dictionary of DiT models.py.</remarks>
public static class DitLayout
{
    // Width of the sinusoid that the timestep MLP reads (frequency_embedding_size).
    internal const int TimeFrequencies = 256;

    internal static TensorNaming Naming { get; } = new(
        "published names",
        DitArchitecture.FamilyName,
        dict => dict.Has("x_embedder.proj.weight") || (dict.Has("final_layer.linear.weight") && dict.CountBlocks("blocks.") > 0),
        Infer,
        architecture => Rules((DitArchitecture)architecture));

    /// <summary>Canonical names and shapes, in canonical order.</summary>
    /// <param name="a">A valid architecture.</param>
    public static IReadOnlyList<(string Name, long[] Shape)> Tensors(DitArchitecture a) => [.. Rules(a).Select(rule => (rule.Name, rule.Shape))];

    internal static List<TensorRule> Rules(DitArchitecture a)
    {
        long c = a.HiddenSize, m = a.MlpWidth;
        List<TensorRule> rules =
        [
            new("pos_embed", 1, a.Tokens, c),
            new("x_embedder.proj.weight", c, a.InChannels, a.PatchSize, a.PatchSize),
            new("x_embedder.proj.bias", c),
            new("t_embedder.mlp.0.weight", c, TimeFrequencies),
            new("t_embedder.mlp.0.bias", c),
            new("t_embedder.mlp.2.weight", c, c),
            new("t_embedder.mlp.2.bias", c),
            new("y_embedder.embedding_table.weight", a.LabelRows, c),
        ];
        for (int block = 0; block < a.Depth; block++)
        {
            string at = $"blocks.{block}.";
            rules.AddRange(
            [
                new(at + "attn.qkv.weight", 3 * c, c),
                new(at + "attn.qkv.bias", 3 * c),
                new(at + "attn.proj.weight", c, c),
                new(at + "attn.proj.bias", c),
                new(at + "mlp.fc1.weight", m, c),
                new(at + "mlp.fc1.bias", m),
                new(at + "mlp.fc2.weight", c, m),
                new(at + "mlp.fc2.bias", c),
                new(at + "adaLN_modulation.1.weight", 6 * c, c),
                new(at + "adaLN_modulation.1.bias", 6 * c),
            ]);
        }

        rules.AddRange(
        [
            new("final_layer.linear.weight", a.PatchOutputs, c),
            new("final_layer.linear.bias", a.PatchOutputs),
            new("final_layer.adaLN_modulation.1.weight", 2 * c, c),
            new("final_layer.adaLN_modulation.1.bias", 2 * c),
        ]);
        return rules;
    }

    /// <summary>The architecture from sizes that a naming has collected.</summary>
    /// <param name="dict">The file, for messages and its name.</param>
    /// <param name="hints">What shapes leave open.</param>
    /// <param name="inputSize">Side of the input.</param>
    /// <param name="patch">Side of a patch.</param>
    /// <param name="inChannels">Input channels.</param>
    /// <param name="hidden">Width.</param>
    /// <param name="depth">Blocks.</param>
    /// <param name="mlpWidth">Hidden width of the MLP.</param>
    /// <param name="labelRows">Rows of the label table.</param>
    /// <param name="patchOutputs">Rows of the final linear layer.</param>
    internal static DitArchitecture Conclude(
        StateDictView dict,
        LayoutHints hints,
        int inputSize,
        int patch,
        int inChannels,
        int hidden,
        int depth,
        int mlpWidth,
        int labelRows,
        int patchOutputs)
    {
        (int classes, bool hasNullClass) = TransformerFacts.Classes(dict, hints.Classes, labelRows);
        DitArchitecture inferred = new()
        {
            Name = "",
            InputSize = inputSize,
            PatchSize = patch,
            InChannels = inChannels,
            HiddenSize = hidden,
            Depth = depth,
            Heads = TransformerFacts.Heads(dict, hints, DitArchitecture.FamilyName, hidden, depth),
            NumClasses = classes,
            HasNullClass = hasNullClass,
            MlpRatio = TransformerFacts.MlpRatio(mlpWidth, hidden),
            LearnSigma = patchOutputs != (long)patch * patch * inChannels,
            PixelSpace = inChannels == 3,
        };
        return inferred with { Name = TransformerFacts.Name(dict, hints, PublishedModels.FindLike(inferred)) };
    }

    private static DitArchitecture Infer(StateDictView dict, LayoutHints hints)
    {
        int depth = dict.CountBlocks("blocks.");
        IEnumerable<(string, int)> InBlocks(string name, int axis) => Enumerable.Range(0, depth).Select(block => ($"blocks.{block}.{name}", axis));

        int patch = dict.Extent("patch size", ("x_embedder.proj.weight", 2), ("x_embedder.proj.weight", 3));
        int hidden = dict.Extent("width", [.. InBlocks("attn.proj.weight", 0), ("t_embedder.mlp.2.weight", 0), ("x_embedder.proj.weight", 0)]);
        return Conclude(
            dict,
            hints,
            inputSize: patch * TransformerFacts.Side(dict.Extent("number of tokens", ("pos_embed", 1))),
            patch,
            inChannels: dict.Extent("number of input channels", ("x_embedder.proj.weight", 1)),
            hidden,
            depth,
            mlpWidth: dict.Extent("MLP width", [.. InBlocks("mlp.fc1.weight", 0), .. InBlocks("mlp.fc2.weight", 1)]),
            labelRows: dict.Extent("number of label rows", ("y_embedder.embedding_table.weight", 0)),
            patchOutputs: dict.Extent("number of outputs per patch", ("final_layer.linear.weight", 0), ("final_layer.linear.bias", 0)));
    }
}
