using L2c.Model.Networks;
using L2c.Model.Networks.Dit;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Training;

/// <summary>A DiT's forward pass in double precision as plain loops, written from the formulas and independent of the ops: what gradients are held
/// against.</summary>
/// <remarks>Parameters by published names; one image at a time. A student's branches are blended with given outputs.</remarks>
internal sealed class DoubleDit(DitArchitecture a, IReadOnlyDictionary<string, double[]> parameters)
{
    /// <summary>Branch outputs of the last image before blending, [2 blocks][T C].</summary>
    public double[][] Branches { get; } = new double[2 * a.Depth][];

    /// <summary>The network's output for one image, [C_out,H,W].</summary>
    /// <param name="image">[C_in,H,W].</param>
    /// <param name="timestep">0 .. 999.</param>
    /// <param name="label">Row of the label table.</param>
    /// <param name="blend">w and cached output of a branch, or null for a plain forward.</param>
    public double[] Forward(ReadOnlySpan<float> image, int timestep, int label, Func<int, (double W, double[] Cached)>? blend = null)
    {
        int c = a.HiddenSize;
        double[] silu = Map(Condition(timestep, label), Silu);
        double[] x = Add(Linear(Patches(image), "x_embedder.proj"), parameters["pos_embed"]);
        for (int block = 0; block < a.Depth; block++)
        {
            string at = $"blocks.{block}.";
            double[] m = Linear(silu, at + "adaLN_modulation.1");
            double[] attention = Linear(Attention(Linear(Modulated(x, m[..c], m[c..(2 * c)]), at + "attn.qkv")), at + "attn.proj");
            x = Add(x, Gated(Blended(2 * block, attention), m[(2 * c)..(3 * c)]));
            double[] hidden = Map(Linear(Modulated(x, m[(3 * c)..(4 * c)], m[(4 * c)..(5 * c)]), at + "mlp.fc1"), Gelu);
            x = Add(x, Gated(Blended((2 * block) + 1, Linear(hidden, at + "mlp.fc2")), m[(5 * c)..]));
        }

        double[] final = Linear(silu, "final_layer.adaLN_modulation.1");
        return Unpatchify(Linear(Modulated(x, final[..c], final[c..]), "final_layer.linear"));

        double[] Blended(int branch, double[] fresh)
        {
            Branches[branch] = fresh;
            if (blend is null)
            {
                return fresh;
            }

            (double w, double[] cached) = blend(branch);
            return [.. fresh.Zip(cached, (f, k) => (w * f) + ((1 - w) * k))];
        }
    }

    private static double Silu(double v) => v / (1 + Math.Exp(-v));

    private static double Gelu(double v) => 0.5 * v * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (v + (0.044715 * v * v * v))));

    private static double[] Map(double[] values, Func<double, double> function) => [.. values.Select(function)];

    private static double[] Add(double[] left, double[] right) => [.. left.Zip(right, (l, r) => l + r)];

    private static double[] Gated(double[] x, double[] gate) => [.. x.Select((v, i) => v * gate[i % gate.Length])];

    private double[] Condition(int timestep, int label)
    {
        var embedding = new TimestepEmbedding(DitWeights.TimeWidth);
        float[] sinusoid = new float[embedding.Width];
        embedding.Fill([timestep], sinusoid);
        double[] hidden = Map(Linear([.. sinusoid.Select(v => (double)v)], "t_embedder.mlp.0"), Silu);
        double[] table = parameters["y_embedder.embedding_table.weight"];
        return Add(Linear(hidden, "t_embedder.mlp.2"), table[(label * a.HiddenSize)..((label + 1) * a.HiddenSize)]);
    }

    private double[] Linear(double[] x, string name)
    {
        double[] weight = parameters[name + ".weight"], bias = parameters[name + ".bias"];
        int outputs = bias.Length, inputs = weight.Length / outputs;
        var y = new double[x.Length / inputs * outputs];
        for (int i = 0; i < y.Length; i++)
        {
            int row = i / outputs, n = i % outputs;
            double sum = bias[n];
            for (int k = 0; k < inputs; k++)
            {
                sum += x[(row * inputs) + k] * weight[(n * inputs) + k];
            }

            y[i] = sum;
        }

        return y;
    }

    private double[] Modulated(double[] x, double[] shift, double[] scale)
    {
        int c = a.HiddenSize;
        var y = new double[x.Length];
        for (int row = 0; row < x.Length; row += c)
        {
            double mean = x.Skip(row).Take(c).Average(), variance = x.Skip(row).Take(c).Average(v => (v - mean) * (v - mean));
            for (int i = 0; i < c; i++)
            {
                y[row + i] = ((x[row + i] - mean) / Math.Sqrt(variance + 1e-6) * (1 + scale[i])) + shift[i];
            }
        }

        return y;
    }

    private double[] Attention(double[] qkv)
    {
        int c = a.HiddenSize, t = a.Tokens, d = c / a.Heads;
        var y = new double[t * c];
        for (int query = 0; query < t * a.Heads; query++)
        {
            int row = query / a.Heads, head = query % a.Heads * d;
            double[] scores = [.. Enumerable.Range(0, t).Select(
                s => Math.Exp(Enumerable.Range(head, d).Sum(i => qkv[(row * 3 * c) + i] * qkv[(s * 3 * c) + c + i]) / Math.Sqrt(d)))];
            double sum = scores.Sum();
            for (int i = head; i < head + d; i++)
            {
                y[(row * c) + i] = Enumerable.Range(0, t).Sum(s => scores[s] / sum * qkv[(s * 3 * c) + (2 * c) + i]);
            }
        }

        return y;
    }

    private double[] Patches(ReadOnlySpan<float> image)
    {
        int p = a.PatchSize, side = a.InputSize / p, width = a.InChannels * p * p;
        var patches = new double[a.Tokens * width];
        for (int i = 0; i < patches.Length; i++)
        {
            (int token, int value) = (i / width, i % width);
            int channel = value / (p * p), y = (token / side * p) + (value / p % p), x = (token % side * p) + (value % p);
            patches[i] = image[(((channel * a.InputSize) + y) * a.InputSize) + x];
        }

        return patches;
    }

    private double[] Unpatchify(double[] tokens)
    {
        int p = a.PatchSize, side = a.InputSize / p;
        var image = new double[tokens.Length];
        for (int i = 0; i < tokens.Length; i++)
        {
            (int token, int value) = (i / a.PatchOutputs, i % a.PatchOutputs);
            int channel = value % a.OutChannels, pixel = value / a.OutChannels;
            int y = (token / side * p) + (pixel / p), x = (token % side * p) + (pixel % p);
            image[(((channel * a.InputSize) + y) * a.InputSize) + x] = tokens[i];
        }

        return image;
    }
}
