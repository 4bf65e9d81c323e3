using L2c.Model.Networks;
using L2c.Model.Networks.Dit;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Training;

/// <summary>A DiT in double precision.</summary>
internal sealed class DoubleDit(DitArchitecture a, IReadOnlyDictionary<string, double[]> parameters) : DoubleTransformer(a, parameters)
{
    private readonly IReadOnlyDictionary<string, double[]> _parameters = parameters;

    /// <inheritdoc/>
    protected override double[] Forward(double[] patches, float time, int label)
    {
        int c = a.HiddenSize;
        double[] silu = Map(Condition(time, label), Silu);
        double[] x = Add(Linear(patches, "x_embedder.proj"), _parameters["pos_embed"]);
        for (int i = 0; i < a.Depth; i++)
        {
            int block = i;
            string at = $"blocks.{block}.";
            double[] m = Linear(silu, at + "adaLN_modulation.1");
            double[] entering = x;
            x = Step(2 * block, entering, () =>
            {
                double[] attention = Linear(Attention(Linear(Modulated(entering, m[..c], m[c..(2 * c)]), at + "attn.qkv")), at + "attn.proj");
                return Gated(Blended(2 * block, attention), m[(2 * c)..(3 * c)]);
            });
            double[] between = x;
            x = Step((2 * block) + 1, between, () =>
            {
                double[] hidden = Map(Linear(Modulated(between, m[(3 * c)..(4 * c)], m[(4 * c)..(5 * c)]), at + "mlp.fc1"), Gelu);
                return Gated(Blended((2 * block) + 1, Linear(hidden, at + "mlp.fc2")), m[(5 * c)..]);
            });
        }

        double[] final = Linear(silu, "final_layer.adaLN_modulation.1");
        return Unpatchify(Linear(Modulated(x, final[..c], final[c..]), "final_layer.linear"));
    }

    private static double Gelu(double v) => 0.5 * v * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (v + (0.044715 * v * v * v))));

    private static double[] Gated(double[] x, double[] gate) => [.. x.Select((v, i) => v * gate[i % gate.Length])];

    private double[] Modulated(double[] x, double[] shift, double[] scale) => Normalised(x, 1e-6, i => 1 + scale[i], shift);

    private double[] Condition(float time, int label)
    {
        var embedding = new TimestepEmbedding(DitWeights.TimeWidth);
        float[] sinusoid = new float[embedding.Width];
        embedding.Fill([time], sinusoid);
        double[] hidden = Map(Linear([.. sinusoid.Select(v => (double)v)], "t_embedder.mlp.0"), Silu);
        double[] table = _parameters["y_embedder.embedding_table.weight"];
        return Add(Linear(hidden, "t_embedder.mlp.2"), table[(label * a.HiddenSize)..((label + 1) * a.HiddenSize)]);
    }
}
