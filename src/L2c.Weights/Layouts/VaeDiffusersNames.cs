namespace L2c.Weights.Layouts;

/// <summary>The autoencoder as diffusers' AutoencoderKL names it; the decoder's levels are counted from the other end.</summary>
internal static class VaeDiffusersNames
{
    // Canonical fragment, today's fragment, and the one of diffusers before 0.17 where it differs.
    private static readonly (string Canonical, string Today, string? Before)[] _fragments =
    [
        (".mid.block_1.", ".mid_block.resnets.0.", null),
        (".mid.block_2.", ".mid_block.resnets.1.", null),
        (".mid.attn_1.norm.", ".mid_block.attentions.0.group_norm.", null),
        (".mid.attn_1.q.", ".mid_block.attentions.0.to_q.", ".mid_block.attentions.0.query."),
        (".mid.attn_1.k.", ".mid_block.attentions.0.to_k.", ".mid_block.attentions.0.key."),
        (".mid.attn_1.v.", ".mid_block.attentions.0.to_v.", ".mid_block.attentions.0.value."),
        (".mid.attn_1.proj_out.", ".mid_block.attentions.0.to_out.0.", ".mid_block.attentions.0.proj_attn."),
        (".down.", ".down_blocks.", null),
        (".up.", ".up_blocks.", null),
        (".block.", ".resnets.", null),
        (".nin_shortcut.", ".conv_shortcut.", null),
        (".downsample.", ".downsamplers.0.", null),
        (".upsample.", ".upsamplers.0.", null),
        (".norm_out.", ".conv_norm_out.", null),
    ];

    public static TensorNaming Naming { get; } = new(
        "diffusers names",
        VaeArchitecture.FamilyName,
        dict => dict.Has("decoder.mid_block.resnets.0.conv1.weight") || dict.Has("encoder.mid_block.resnets.0.conv1.weight"),
        (dict, hints) => VaeLayout.Infer(dict, hints, name => Rename(name, before: false)),
        architecture => [.. VaeLayout.Rules((VaeArchitecture)architecture).Select(rule => Rename(rule, (VaeArchitecture)architecture))]);

    private static TensorRule Rename(TensorRule rule, VaeArchitecture a)
    {
        string name = rule.Name;
        if (name.StartsWith("decoder.up.", StringComparison.Ordinal))
        {
            string[] path = name.Split('.', 4);
            name = $"decoder.up.{a.ChannelMultipliers.Count - 1 - int.Parse(path[2])}.{path[3]}";
        }

        string[] names = [.. new[] { Rename(name, before: false), Rename(name, before: true) }.Distinct()];
        return rule with { Sources = [new SourceRule(names, rule.Sources[0].Shapes)] };
    }

    private static string Rename(string name, bool before)
    {
        foreach ((string canonical, string today, string? old) in _fragments)
        {
            name = name.Replace(canonical, before ? old ?? today : today, StringComparison.Ordinal);
        }

        return name;
    }
}
