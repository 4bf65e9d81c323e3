using L2c.Model.Caching;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Training;

/// <summary>A network's forward pass in double precision as plain loops, written from the formulas and independent of the ops: what gradients are held
/// against.</summary>
/// <remarks>Parameters by published names; one image at a time. A student's branches are blended with given outputs.</remarks>
internal abstract class DoubleTransformer(TransformerArchitecture a, IReadOnlyDictionary<string, double[]> parameters)
{
    private Func<int, (double W, double[] Cached)>? _blend;

    /// <summary>Branch outputs of the last image before blending, [2 blocks][T C].</summary>
    public double[][] Branches { get; } = new double[a.Branches][];

    /// <summary>The stream entering each branch of the last image, [2 blocks][T C].</summary>
    public double[][] Entering { get; } = new double[a.Branches][];

    /// <summary>The stream leaving each branch.</summary>
    public double[][] Leaving { get; } = new double[a.Branches][];

    /// <summary>What is added in place of segments, [T C] each.</summary>
    public IReadOnlyDictionary<CacheSegment, double[]> Replaced { get; set; } = new Dictionary<CacheSegment, double[]>();

    /// <summary>What a segment added to the stream of the last image.</summary>
    public double[] Delta(CacheSegment segment) => [.. Leaving[segment.Last].Zip(Entering[segment.First], (after, before) => after - before)];

    /// <summary>The network's output for one image, [C_out,H,W].</summary>
    /// <param name="image">[C_in,H,W].</param>
    /// <param name="time">As the network counts.</param>
    /// <param name="label">Row of the label table.</param>
    /// <param name="blend">w and cached output of a branch, or null for a plain forward.</param>
    public double[] Forward(ReadOnlySpan<float> image, float time, int label, Func<int, (double W, double[] Cached)>? blend = null)
    {
        _blend = blend;
        return Forward(Patches(image), time, label);
    }

    /// <summary>The output from the patches, [T,C_in P P].</summary>
    protected abstract double[] Forward(double[] patches, float time, int label);

    /// <summary>What a branch contributes before its gate.</summary>
    protected double[] Blended(int branch, double[] fresh)
    {
        Branches[branch] = fresh;
        if (_blend is null)
        {
            return fresh;
        }

        (double w, double[] cached) = _blend(branch);
        return [.. fresh.Zip(cached, (f, k) => (w * f) + ((1 - w) * k))];
    }

    /// <summary>The stream after a branch, or after the replaced segment that begins with it.</summary>
    /// <param name="branch">The branch.</param>
    /// <param name="x">The stream before it.</param>
    /// <param name="contribution">What the branch adds.</param>
    protected double[] Step(int branch, double[] x, Func<double[]> contribution)
    {
        Entering[branch] = x;
        CacheSegment? segment = Replaced.Keys.Cast<CacheSegment?>().FirstOrDefault(s => s!.Value.Contains(branch));
        return Leaving[branch] = segment is not { } found ? Add(x, contribution()) : found.First == branch ? Add(x, Replaced[found]) : x;
    }

    /// <summary>Whether the place before a block is inside a replaced segment.</summary>
    protected bool IsInside(int block) => Replaced.Keys.Any(s => s.First < 2 * block && 2 * block <= s.Last);

    protected static double Silu(double v) => v / (1 + Math.Exp(-v));

    protected static double[] Map(double[] values, Func<double, double> function) => [.. values.Select(function)];

    protected static double[] Add(double[] left, double[] right) => [.. left.Zip(right, (l, r) => l + r)];

    protected double[] Linear(double[] x, string name)
    {
        double[] weight = parameters[name + ".weight"];
        double[]? bias = parameters.GetValueOrDefault(name + ".bias");
        int outputs = bias?.Length ?? 3 * a.HiddenSize, inputs = weight.Length / outputs;
        var y = new double[x.Length / inputs * outputs];
        for (int i = 0; i < y.Length; i++)
        {
            int row = i / outputs, n = i % outputs;
            double sum = bias?[n] ?? 0;
            for (int k = 0; k < inputs; k++)
            {
                sum += x[(row * inputs) + k] * weight[(n * inputs) + k];
            }

            y[i] = sum;
        }

        return y;
    }

    /// <summary>(x - mean) / sqrt(variance + epsilon) scale + shift, by rows of C.</summary>
    protected double[] Normalised(double[] x, double epsilon, Func<int, double> scale, double[] shift)
    {
        int c = a.HiddenSize;
        var y = new double[x.Length];
        for (int row = 0; row < x.Length; row += c)
        {
            double mean = x.Skip(row).Take(c).Average(), variance = x.Skip(row).Take(c).Average(v => (v - mean) * (v - mean));
            for (int i = 0; i < c; i++)
            {
                y[row + i] = ((x[row + i] - mean) / Math.Sqrt(variance + epsilon) * scale(i)) + shift[i];
            }
        }

        return y;
    }

    protected double[] Attention(double[] qkv)
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
        var patches = new double[side * side * width];
        for (int i = 0; i < patches.Length; i++)
        {
            (int token, int value) = (i / width, i % width);
            int channel = value / (p * p), y = (token / side * p) + (value / p % p), x = (token % side * p) + (value % p);
            patches[i] = image[(((channel * a.InputSize) + y) * a.InputSize) + x];
        }

        return patches;
    }

    protected double[] Unpatchify(double[] tokens)
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
