namespace L2c.Weights.Layouts;

/// <summary>DiT as diffusers' DiTTransformer2DModel names it.</summary>
/// <remarks>
/// Differences: q, k and v are apart; the timestep and label embedders, one module in the published code, are stored once per block (equal copies;
/// block 0 is taken); the position table is usually not stored and is then computed, so the input's side must be told.
/// </remarks>
internal static class DitDiffusersNames
{
    private const string PatchWeight = "pos_embed.proj.weight";
    private const string Positions = "pos_embed.pos_embed";

    // Canonical name after the block's prefix, and diffusers' names of its parts.
    private static readonly (string Canonical, string[] Parts)[] _perBlock =
    [
        ("attn.qkv", ["attn1.to_q", "attn1.to_k", "attn1.to_v"]),
        ("attn.proj", ["attn1.to_out.0"]),
        ("mlp.fc1", ["ff.net.0.proj"]),
        ("mlp.fc2", ["ff.net.2"]),
        ("adaLN_modulation.1", ["norm1.linear"]),
    ];

    private static readonly Dictionary<string, string> _outside = new()
    {
        ["x_embedder.proj"] = "pos_embed.proj",
        ["final_layer.linear"] = "proj_out_2",
        ["final_layer.adaLN_modulation.1"] = "proj_out_1",
    };

    private static readonly Dictionary<string, string> _embedders = new()
    {
        ["t_embedder.mlp.0"] = "norm1.emb.timestep_embedder.linear_1",
        ["t_embedder.mlp.2"] = "norm1.emb.timestep_embedder.linear_2",
        ["y_embedder.embedding_table"] = "norm1.emb.class_embedder.embedding_table",
    };

    public static TensorNaming Naming { get; } = new(
        "diffusers names",
        DitArchitecture.FamilyName,
        dict => dict.Has("proj_out_2.weight") || (dict.Has(PatchWeight) && dict.CountBlocks("transformer_blocks.") > 0),
        Infer,
        architecture => [.. DitLayout.Rules((DitArchitecture)architecture).Select(rule => Rename(rule, (DitArchitecture)architecture))]);

    private static TensorRule Rename(TensorRule rule, DitArchitecture a)
    {
        if (rule.Name == "pos_embed")
        {
            return rule with
            {
                Sources = [new SourceRule(Positions, rule.Shape)],
                Computed = () => SinCosPositions.Compute(a.InputSize / a.PatchSize, a.HiddenSize),
            };
        }

        string suffix = rule.Name[rule.Name.LastIndexOf('.')..];
        string module = rule.Name[..^suffix.Length];
        if (_outside.TryGetValue(module, out string? outside))
        {
            return rule with { Sources = [new SourceRule(outside + suffix, rule.Shape)] };
        }

        if (_embedders.TryGetValue(module, out string? embedder))
        {
            SourceRule InBlock(int block) => new($"transformer_blocks.{block}.{embedder}{suffix}", rule.Shape);
            return rule with { Sources = [InBlock(0)], Copies = [.. Enumerable.Range(1, a.Depth - 1).Select(InBlock)] };
        }

        string[] path = module.Split('.', 3);
        string[] parts = _perBlock.Single(entry => entry.Canonical == path[2]).Parts;
        long[] partShape = [rule.Shape[0] / parts.Length, .. rule.Shape[1..]];
        return rule with { Sources = [.. parts.Select(part => new SourceRule($"transformer_blocks.{path[1]}.{part}{suffix}", partShape))] };
    }

    private static DitArchitecture Infer(StateDictView dict, LayoutHints hints)
    {
        int depth = dict.CountBlocks("transformer_blocks.");
        IEnumerable<(string, int)> InBlocks(string name, int axis) =>
            Enumerable.Range(0, depth).Select(block => ($"transformer_blocks.{block}.{name}", axis));

        int patch = dict.Extent("patch size", (PatchWeight, 2), (PatchWeight, 3));
        return DitLayout.Conclude(
            dict,
            hints,
            InputSize(dict, hints, patch),
            patch,
            inChannels: dict.Extent("number of input channels", (PatchWeight, 1)),
            hidden: dict.Extent("width", [.. InBlocks("attn1.to_out.0.weight", 0), (PatchWeight, 0)]),
            depth,
            mlpWidth: dict.Extent("MLP width", [.. InBlocks("ff.net.0.proj.weight", 0), .. InBlocks("ff.net.2.weight", 1)]),
            labelRows: dict.Extent("number of label rows", InBlocks("norm1.emb.class_embedder.embedding_table.weight", 0)),
            patchOutputs: dict.Extent("number of outputs per patch", ("proj_out_2.weight", 0), ("proj_out_2.bias", 0)));
    }

    private static int InputSize(StateDictView dict, LayoutHints hints, int patch)
    {
        if (dict.Has(Positions))
        {
            return patch * TransformerFacts.Side(dict.Extent("number of tokens", (Positions, 1)));
        }

        return hints.InputSize ?? throw new MalformedFileException(
            dict.File.Path,
            "stores no position table, so no shape tells the input's side; give --model NAME (as 'DiT-XL/2 256') or --input-size N");
    }
}
