namespace L2c.Weights.Layouts;

/// <summary>Latent-diffusion autoencoders with the names of the latent-diffusion code (FrozenAutoencoderKL), which are the canonical ones.</summary>
/// <remarks>Source: Rombach et al. 2022, ldm/modules/diffusionmodules/model.py. Level 0 is full resolution in encoder and decoder.</remarks>
public static class VaeLayout
{
    internal static TensorNaming Naming { get; } = new(
        "published names",
        VaeArchitecture.FamilyName,
        dict => dict.Has("decoder.mid.block_1.conv1.weight") || dict.Has("encoder.mid.block_1.conv1.weight"),
        (dict, hints) => Infer(dict, hints, name => name),
        architecture => Rules((VaeArchitecture)architecture),
        "loss.");

    /// <summary>Canonical names and shapes, in canonical order.</summary>
    /// <param name="a">A valid architecture.</param>
    public static IReadOnlyList<(string Name, long[] Shape)> Tensors(VaeArchitecture a) => [.. Rules(a).Select(rule => (rule.Name, rule.Shape))];

    internal static List<TensorRule> Rules(VaeArchitecture a)
    {
        List<TensorRule> rules = [];
        int moments = a.DoubleZ ? 2 : 1;
        int last = a.ChannelMultipliers.Count - 1;
        int Width(int level) => a.Channels * a.ChannelMultipliers[level];

        AddConv(rules, "encoder.conv_in", a.Channels, a.InChannels, 3);
        int width = a.Channels;
        for (int level = 0; level <= last; level++)
        {
            for (int block = 0; block < a.ResBlocks; block++, width = Width(level))
            {
                AddResBlock(rules, $"encoder.down.{level}.block.{block}", width, Width(level));
            }

            if (level < last)
            {
                AddConv(rules, $"encoder.down.{level}.downsample.conv", width, width, 3);
            }
        }

        AddMiddle(rules, "encoder", width);
        AddNorm(rules, "encoder.norm_out", width);
        AddConv(rules, "encoder.conv_out", moments * a.ZChannels, width, 3);

        AddConv(rules, "decoder.conv_in", width, a.ZChannels, 3);
        AddMiddle(rules, "decoder", width);
        for (int level = last; level >= 0; level--)
        {
            for (int block = 0; block <= a.ResBlocks; block++, width = Width(level))
            {
                AddResBlock(rules, $"decoder.up.{level}.block.{block}", width, Width(level));
            }

            if (level > 0)
            {
                AddConv(rules, $"decoder.up.{level}.upsample.conv", width, width, 3);
            }
        }

        AddNorm(rules, "decoder.norm_out", width);
        AddConv(rules, "decoder.conv_out", a.OutChannels, width, 3);
        AddConv(rules, "quant_conv", moments * a.LatentChannels, moments * a.ZChannels, 1);
        AddConv(rules, "post_quant_conv", a.ZChannels, a.LatentChannels, 1);
        return rules;
    }

    /// <summary>The architecture from shapes.</summary>
    /// <param name="dict">The file's tensors.</param>
    /// <param name="hints">Only the name can be left open.</param>
    /// <param name="rename">From a canonical name, of the encoder or outside the levels, to the file's.</param>
    internal static VaeArchitecture Infer(StateDictView dict, LayoutHints hints, Func<string, string> rename)
    {
        int Extent(string what, string name, int axis) => dict.Extent(what, (rename(name), axis));

        int levels = Math.Min(8, dict.CountBlocks(rename("encoder.down.")));
        int channels = Extent("width", "encoder.conv_in.weight", 0);
        int zChannels = Extent("number of z channels", "decoder.conv_in.weight", 1);
        return new VaeArchitecture
        {
            Name = TransformerFacts.Name(dict, hints, null),
            InChannels = Extent("number of input channels", "encoder.conv_in.weight", 1),
            OutChannels = Extent("number of output channels", "decoder.conv_out.weight", 0),
            Channels = channels,
            ChannelMultipliers = [.. Enumerable.Range(0, levels).Select(level =>
                Math.Max(1, Extent($"width of level {level}", $"encoder.down.{level}.block.0.conv2.weight", 0) / channels))],
            ResBlocks = dict.CountBlocks(rename("encoder.down.0.block.")),
            ZChannels = zChannels,
            LatentChannels = Extent("number of latent channels", "post_quant_conv.weight", 1),
            DoubleZ = Extent("number of moments", "encoder.conv_out.weight", 0) != zChannels,
        };
    }

    private static void AddConv(List<TensorRule> rules, string name, long outputs, long inputs, long kernel)
    {
        rules.Add(new(name + ".weight", outputs, inputs, kernel, kernel));
        rules.Add(new(name + ".bias", outputs));
    }

    private static void AddNorm(List<TensorRule> rules, string name, long width)
    {
        rules.Add(new(name + ".weight", width));
        rules.Add(new(name + ".bias", width));
    }

    private static void AddResBlock(List<TensorRule> rules, string name, long inputs, long outputs)
    {
        AddNorm(rules, name + ".norm1", inputs);
        AddConv(rules, name + ".conv1", outputs, inputs, 3);
        AddNorm(rules, name + ".norm2", outputs);
        AddConv(rules, name + ".conv2", outputs, outputs, 3);
        if (inputs != outputs)
        {
            AddConv(rules, name + ".nin_shortcut", outputs, inputs, 1);
        }
    }

    private static void AddMiddle(List<TensorRule> rules, string network, long width)
    {
        AddResBlock(rules, network + ".mid.block_1", width, width);
        AddNorm(rules, network + ".mid.attn_1.norm", width);
        foreach (string projection in new[] { "q", "k", "v", "proj_out" })
        {
            // A 1x1 convolution and a linear layer hold the same matrix; either shape is met in the wild.
            string name = $"{network}.mid.attn_1.{projection}";
            long[] shape = [width, width, 1, 1];
            rules.Add(new TensorRule(name + ".weight", shape, [new SourceRule([name + ".weight"], [shape, [width, width]])]));
            rules.Add(new(name + ".bias", width));
        }

        AddResBlock(rules, network + ".mid.block_2", width, width);
    }
}
