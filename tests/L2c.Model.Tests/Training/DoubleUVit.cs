using L2c.Model.Networks;
using L2c.Testing;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Training;

/// <summary>A U-ViT in double precision, with its skips concatenated as published.</summary>
internal sealed class DoubleUVit(UVitArchitecture a, IReadOnlyDictionary<string, double[]> parameters) : DoubleTransformer(a, parameters)
{
    private readonly IReadOnlyDictionary<string, double[]> _parameters = parameters;

    /// <inheritdoc/>
    protected override double[] Forward(double[] patches, float time, int label)
    {
        int c = a.HiddenSize, half = a.Depth / 2;
        double[] label0 = a.LabelRows > 0 ? _parameters["label_emb.weight"][(label * c)..((label + 1) * c)] : [];
        double[] x = Add([.. label0, .. Time(time), .. Linear(patches, "patch_embed.proj")], _parameters["pos_embed"]);
        var skips = new Stack<double[]>();
        for (int i = 0; i < a.Blocks; i++)
        {
            int block = i;
            string at = block < half ? $"in_blocks.{block}." : block == half ? "mid_block." : $"out_blocks.{block - half - 1}.";
            if (block > half && !IsInside(block))
            {
                double[] skip = skips.Pop();
                x = Linear([.. x.Chunk(c).Zip(skip.Chunk(c)).SelectMany(rows => rows.First.Concat(rows.Second))], at + "skip_linear");
            }

            double[] entering = x;
            x = Step(2 * block, entering, () => Blended(
                2 * block, Linear(Attention(Linear(Affine(entering, at + "norm1"), at + "attn.qkv")), at + "attn.proj")));
            double[] between = x;
            x = Step((2 * block) + 1, between, () => Blended(
                (2 * block) + 1, Linear(Map(Linear(Affine(between, at + "norm2"), at + "mlp.fc1"), Reference.GeluErf), at + "mlp.fc2")));
            if (block < half && !IsInside(block + 1))
            {
                skips.Push(x);
            }
        }

        double[] image = Unpatchify(Linear(Affine(x, "norm"), "decoder_pred")[(a.ExtraTokens * a.PatchOutputs)..]);
        return a.FinalConv ? Convolved(image) : image;
    }

    private double[] Affine(double[] x, string name) => Normalised(x, 1e-5, i => _parameters[name + ".weight"][i], _parameters[name + ".bias"]);

    private double[] Time(float time)
    {
        float[] sinusoid = new float[a.HiddenSize];
        new TimestepEmbedding(a.HiddenSize).Fill([time], sinusoid);
        double[] token = Array.ConvertAll(sinusoid, v => (double)v);
        return a.MlpTimeEmbed ? Linear(Map(Linear(token, "time_embed.0"), Silu), "time_embed.2") : token;
    }

    // 3 x 3, zeros outside.
    private double[] Convolved(double[] image)
    {
        int side = a.InputSize, channels = a.InChannels;
        double[] weight = _parameters["final_layer.weight"], bias = _parameters["final_layer.bias"];
        return [.. from o in Enumerable.Range(0, channels)
                   from y in Enumerable.Range(0, side)
                   from x in Enumerable.Range(0, side)
                   select bias[o] + (from i in Enumerable.Range(0, channels)
                                     from dy in Enumerable.Range(-1, 3)
                                     from dx in Enumerable.Range(-1, 3)
                                     where y + dy >= 0 && y + dy < side && x + dx >= 0 && x + dx < side
                                     select weight[(((o * channels) + i) * 9) + (3 * (dy + 1)) + dx + 1]
                                         * image[(((i * side) + y + dy) * side) + x + dx]).Sum()];
    }
}
