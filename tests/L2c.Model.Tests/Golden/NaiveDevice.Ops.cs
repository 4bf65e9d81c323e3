using L2c.Kernels;
using L2c.Testing;

namespace L2c.Model.Tests.Golden;

// Each op as its reference formula, with the roundings of the tensors that the published code stores in between.
internal unsafe partial class NaiveDevice
{
    protected override void LinearCore(Tensor x, Matrix weight, Tensor bias, Tensor y, Activation activation, bool accumulates)
    {
        if (!Begin(nameof(Linear)))
        {
            return;
        }

        float[] sums = Round(weight.IsTransposed
            ? Reference.LinearInputGradient<float>(Load(x), Load(Rows(weight)), weight.Outputs)
            : Reference.Linear<float>(Load(x), Load(Rows(weight)), bias.IsNone ? null : Load(bias), weight.Inputs));
        StoreSums(sums, y, activation, accumulates);
        End();
    }

    private void StoreSums(float[] sums, Tensor y, Activation activation, bool accumulates) =>
        Store(y, Activated(accumulates ? Round([.. sums.Zip(Load(y), (a, b) => a + b)]) : sums, activation));

    private static float[] Activated(float[] values, Activation activation) => activation switch
    {
        Activation.Silu => Array.ConvertAll(values, Reference.Silu),
        Activation.GeluTanh => Array.ConvertAll(values, Reference.GeluTanh),
        Activation.GeluErf => Array.ConvertAll(values, Reference.GeluErf),
        Activation.Relu => Array.ConvertAll(values, Reference.Relu),
        _ => values,
    };

    protected override void AttentionCore(Tensor qkv, Tensor y, int heads)
    {
        if (!Begin(nameof(Attention)))
        {
            return;
        }

        int tokens = qkv.Shape[1], width = qkv.Columns / 3 / heads, batch = qkv.Shape[0], channels = heads * width;
        float[] all = Load(qkv), result = new float[y.Shape.Count];
        float scale = 1 / MathF.Sqrt(width);
        for (int b = 0; b < batch; b++)
        {
            for (int h = 0; h < heads; h++)
            {
                float[] q = Part(b, h, 0), k = Part(b, h, 1), v = Part(b, h, 2);
                float[] scores = Round(Array.ConvertAll(Round(Reference.Linear<float>(q, k, null, width)), s => s * scale));
                for (int t = 0; t < tokens; t++)
                {
                    float[] weights = Round(Reference.Softmax(scores[(t * tokens)..((t + 1) * tokens)]));
                    for (int d = 0; d < width; d++)
                    {
                        float sum = 0;
                        for (int s = 0; s < tokens; s++)
                        {
                            sum += weights[s] * v[(s * width) + d];
                        }

                        result[(((b * tokens) + t) * channels) + (h * width) + d] = sum;
                    }
                }
            }
        }

        Store(y, result);

        float[] Part(int b, int h, int part) => [.. from t in Enumerable.Range(0, tokens)
                                                    from d in Enumerable.Range(0, width)
                                                    select all[(((((b * tokens) + t) * 3) + part) * channels) + (h * width) + d]];
        End();
    }

    protected override void ConditioningCore(Tensor time, Tensor table, Tensor labels, Tensor c, Tensor silu)
    {
        if (!Begin(nameof(Conditioning)))
        {
            return;
        }

        int[] numbers = new ReadOnlySpan<int>((void*)labels.Address, labels.Columns).ToArray();
        float[] sums = Round(Reference.Conditioning<float>(Load(time), Load(table), numbers, silu.Rows, silu.Columns));
        if (!c.IsNone)
        {
            Store(c, sums);
        }

        Store(silu, Array.ConvertAll(sums, Reference.Silu));
        End();
    }

    protected override void GatherRowsCore(Tensor source, Tensor rows, Tensor destination)
    {
        if (!Begin(nameof(GatherRows)))
        {
            return;
        }

        float[] values = Load(source);
        int[] numbers = new ReadOnlySpan<int>((void*)rows.Address, rows.Columns).ToArray();
        Store(destination, [.. numbers.SelectMany(row => values.AsSpan(row * source.Columns, source.Columns).ToArray())]);
        End();
    }

    protected override void PatchifyCore(Tensor image, Tensor patches, int patchSize, int leadingTokens)
    {
        if (Begin(nameof(Patchify)))
        {
            Store(
                patches,
                Reference.Patchify(Load(image), patches.Shape[0], image.Shape[1], image.Shape[2], image.Shape[3], patchSize, leadingTokens));
            End();
        }
    }

    protected override void UnpatchifyCore(Tensor tokens, Tensor image, int patchSize, int leadingTokens)
    {
        if (Begin(nameof(Unpatchify)))
        {
            Store(
                image,
                Reference.Unpatchify(Load(tokens), image.Shape[0], image.Shape[1], image.Shape[2], image.Shape[3], patchSize, leadingTokens));
            End();
        }
    }

    protected override void ImageConvolutionCore(Tensor x, Tensor weight, Tensor bias, Tensor y)
    {
        if (Begin(nameof(ImageConvolution)))
        {
            float[]? offsets = bias.IsNone ? null : Load(bias);
            Store(y, Round(Reference.ImageConvolution<float>(Round(Load(x)), Load(weight), offsets, x.Shape[1], x.Shape[2], x.Shape[3])));
            End();
        }
    }

    protected override void ConvertCore(Tensor x, Tensor y) => Do(nameof(Convert), () => Store(y, Load(x)));

    protected override void ResidualNormCore(Tensor xIn, ReadOnlySpan<ResidualTerm> terms, Tensor xOut, Norm norm, Tensor y)
    {
        if (!Begin(nameof(ResidualNorm)))
        {
            return;
        }

        Tensor shape = xOut.IsNone ? y : xOut;
        int batch = shape.Shape[0], tokens = shape.Shape[1], channels = shape.Columns;
        float[] x = Load(xIn), sum = [.. Enumerable.Range(0, batch * tokens * channels).Select(i => x[i % x.Length])];
        float[] branch = [];
        Tensor branchGate = default;
        for (int i = 0; i < terms.Length; i++)
        {
            float[] source = Weighted(terms[i]);
            (branch, branchGate) = terms[i].Joins
                ? (Round([.. branch.Zip(source, (a, b) => a + b)]), branchGate)
                : (source, terms[i].Gate);
            if (i == terms.Length - 1 || !terms[i + 1].Joins)
            {
                float[] gated = branchGate.IsNone ? branch : Round([.. branch.Zip(PerToken(branchGate), (value, gate) => value * gate)]);
                sum = Round([.. sum.Zip(gated, (a, b) => a + b)]);
            }
        }

        if (!xOut.IsNone)
        {
            Store(xOut, sum);
        }

        if (norm.Kind == NormKind.None)
        {
            End();
            return;
        }

        float[] normed = Round(Reference.LayerNorm(sum, channels, norm.Epsilon));
        bool modulated = norm.Kind == NormKind.Modulated;
        float[] scale = modulated ? Round(Array.ConvertAll(PerToken(norm.Scale), s => 1 + s)) : PerToken(norm.Scale);
        float[] scaled = Round([.. normed.Zip(scale, (value, s) => value * s)]);
        Store(y, [.. scaled.Zip(PerToken(norm.Shift), (value, s) => value + s)]);

        // [R,C] as [B,T,C]: image b reads row min(b, R - 1).
        float[] PerToken(Tensor rows)
        {
            float[] values = Load(rows);
            return [.. Enumerable.Range(0, batch * tokens * channels).Select(
                i => values[(Math.Min(i / (tokens * channels), rows.Rows - 1) * channels) + (i % channels)])];
        }
        End();
    }

    private float[] Weighted(ResidualTerm term)
    {
        float factor = term.Scalar.IsNone ? term.Weight : term.Weight * Load(term.Scalar)[0];
        float[] source = Load(term.Source);
        return factor == 1 ? source : Round(Array.ConvertAll(source, value => factor * value));
    }

    protected override void SamplerUpdateCore(
        Tensor output,
        Tensor guidanceScale,
        int guidedChannels,
        in SamplerPrediction prediction,
        in SamplerTensors states,
        Tensor noise,
        ReadOnlySpan<LinearUpdate> updates,
        Tensor guided)
    {
        if (!Begin(nameof(SamplerUpdate)))
        {
            return;
        }

        Shape shape = states[prediction.Input].Shape;
        Dictionary<string, float[]> values = [];
        foreach (SamplerState state in SamplerTensors.Readable)
        {
            if (!states[state].IsNone)
            {
                values.Add(SamplerForms.Name(state), Load(states[state]));
            }
        }

        (Dictionary<string, float[]> targets, float[] mixed) = Reference.SamplerUpdate<float>(
            Load(output),
            guidanceScale.IsNone ? null : Load(guidanceScale)[0],
            guidedChannels,
            SamplerForms.Of(prediction),
            [.. updates.ToArray().Select(SamplerForms.Of)],
            values,
            noise.IsNone ? null : Load(noise),
            shape[0],
            shape[1]);
        foreach (LinearUpdate update in updates)
        {
            Store(states[update.Target], targets[SamplerForms.Name(update.Target)]);
        }

        if (!guided.IsNone)
        {
            Store(guided, mixed);
        }
        End();
    }
}
