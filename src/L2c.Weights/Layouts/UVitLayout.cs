namespace L2c.Weights.Layouts;

/// <summary>U-ViT with the published names, which are the canonical ones.</summary>
/// <remarks>Source: the state dictionary of U-ViT libs/uvit.py. Shapes: C hidden, M MLP width, P patch, I input channels, T tokens.</remarks>
public static class UVitLayout
{
    internal static TensorNaming Naming { get; } = new(
        "published names",
        UVitArchitecture.FamilyName,
        dict => dict.Has("decoder_pred.weight") || dict.Has("mid_block.attn.qkv.weight"),
        Infer,
        architecture => Rules((UVitArchitecture)architecture));

    /// <summary>Canonical names and shapes, in canonical order.</summary>
    /// <param name="a">A valid architecture.</param>
    public static IReadOnlyList<(string Name, long[] Shape)> Tensors(UVitArchitecture a) => [.. Rules(a).Select(rule => (rule.Name, rule.Shape))];

    private static List<TensorRule> Rules(UVitArchitecture a)
    {
        long c = a.HiddenSize;
        List<TensorRule> rules =
        [
            new("pos_embed", 1, a.Tokens, c),
            new("patch_embed.proj.weight", c, a.InChannels, a.PatchSize, a.PatchSize),
            new("patch_embed.proj.bias", c),
        ];
        if (a.MlpTimeEmbed)
        {
            rules.AddRange(
            [
                new("time_embed.0.weight", 4 * c, c),
                new("time_embed.0.bias", 4 * c),
                new("time_embed.2.weight", c, 4 * c),
                new("time_embed.2.bias", c),
            ]);
        }

        if (a.LabelRows > 0)
        {
            rules.Add(new("label_emb.weight", a.LabelRows, c));
        }

        for (int block = 0; block < a.Depth / 2; block++)
        {
            AddBlock(rules, a, $"in_blocks.{block}.", skip: false);
        }

        AddBlock(rules, a, "mid_block.", skip: false);
        for (int block = 0; block < a.Depth / 2; block++)
        {
            AddBlock(rules, a, $"out_blocks.{block}.", skip: true);
        }

        rules.AddRange(
        [
            new("norm.weight", c),
            new("norm.bias", c),
            new("decoder_pred.weight", a.PatchOutputs, c),
            new("decoder_pred.bias", a.PatchOutputs),
        ]);
        if (a.FinalConv)
        {
            rules.Add(new("final_layer.weight", a.InChannels, a.InChannels, 3, 3));
            rules.Add(new("final_layer.bias", a.InChannels));
        }

        return rules;
    }

    private static void AddBlock(List<TensorRule> rules, UVitArchitecture a, string at, bool skip)
    {
        long c = a.HiddenSize, m = a.MlpWidth;
        rules.Add(new(at + "norm1.weight", c));
        rules.Add(new(at + "norm1.bias", c));
        rules.Add(new(at + "attn.qkv.weight", 3 * c, c));
        if (a.QkvBias)
        {
            rules.Add(new(at + "attn.qkv.bias", 3 * c));
        }

        rules.AddRange(
        [
            new(at + "attn.proj.weight", c, c),
            new(at + "attn.proj.bias", c),
            new(at + "norm2.weight", c),
            new(at + "norm2.bias", c),
            new(at + "mlp.fc1.weight", m, c),
            new(at + "mlp.fc1.bias", m),
            new(at + "mlp.fc2.weight", c, m),
            new(at + "mlp.fc2.bias", c),
        ]);
        if (skip)
        {
            rules.Add(new(at + "skip_linear.weight", c, 2 * c));
            rules.Add(new(at + "skip_linear.bias", c));
        }
    }

    private static UVitArchitecture Infer(StateDictView dict, LayoutHints hints)
    {
        int half = Math.Max(dict.CountBlocks("in_blocks."), dict.CountBlocks("out_blocks."));
        string[] blocks = [.. Enumerable.Range(0, half).SelectMany(i => new[] { $"in_blocks.{i}.", $"out_blocks.{i}." }), "mid_block."];
        IEnumerable<(string, int)> InBlocks(string name, int axis) => blocks.Select(block => (block + name, axis));

        int patch = dict.Extent("patch size", ("patch_embed.proj.weight", 2), ("patch_embed.proj.weight", 3));
        int hidden = dict.Extent("width", InBlocks("attn.proj.weight", 0));
        int rows = dict.Has("label_emb.weight") ? dict.Extent("number of label rows", ("label_emb.weight", 0)) : 0;
        (int classes, bool hasNullClass) = rows == 0 && hints.Classes is null or 0 ? (0, false) : TransformerFacts.Classes(dict, hints.Classes, rows);
        int tokens = dict.Extent("number of tokens", ("pos_embed", 1));
        int mlpWidth = dict.Extent("MLP width", [.. InBlocks("mlp.fc1.weight", 0), .. InBlocks("mlp.fc2.weight", 1)]);
        int inChannels = dict.Extent("number of input channels", ("patch_embed.proj.weight", 1));
        UVitArchitecture inferred = new()
        {
            Name = "",
            InputSize = patch * TransformerFacts.Side(tokens - (rows > 0 ? 2 : 1)),
            PatchSize = patch,
            InChannels = inChannels,
            HiddenSize = hidden,
            Depth = 2 * half,
            Heads = TransformerFacts.Heads(dict, hints, UVitArchitecture.FamilyName, hidden, 2 * half),
            NumClasses = classes,
            HasNullClass = hasNullClass,
            MlpRatio = TransformerFacts.MlpRatio(mlpWidth, hidden),
            QkvBias = dict.Has("mid_block.attn.qkv.bias"),
            MlpTimeEmbed = dict.Has("time_embed.0.weight"),
            FinalConv = dict.Has("final_layer.weight"),
            PixelSpace = inChannels == 3,
        };
        UVitArchitecture? published = PublishedModels.FindLike(inferred);
        if (published is not null && hints.Classes is null)
        {
            // A table of 1000 rows is 1000 classes in one published model, not 999 and a null class.
            inferred = inferred with { NumClasses = published.NumClasses, HasNullClass = published.HasNullClass };
        }

        return inferred with { Name = TransformerFacts.Name(dict, hints, published) };
    }
}
