using L2c.Kernels;
using L2c.Testing;

namespace L2c.Model.Tests.Golden;

// The backward pass and training, as the reference formulas, with the roundings of the tensors that automatic differentiation stores in between.
internal unsafe partial class NaiveDevice
{
    protected override Matrix TakeTransposed(Arena arena, Matrix weight) =>
        weight with { Outputs = weight.Inputs, Inputs = weight.Outputs, IsTransposed = true };

    public override void WriteTransposed(Matrix transposed, int firstOutput, ReadOnlySpan<float> rows)
    {
        // The memory is the weight's own.
    }

    protected override void PackMatrixCore(Tensor values, Matrix weight, int firstOutput) =>
        Do(nameof(PackMatrix), () => Store(Rows(weight).SliceRows(firstOutput, values.Rows), Load(values)));

    protected override void PackTransposedCore(Tensor values, Matrix transposed) => Do(nameof(PackTransposed), () => { });

    protected override void ActivateCore(Tensor x, Tensor y, Activation activation) => Do(nameof(Activate), () =>
        Store(y, Activated(Load(x), activation)));

    protected override void ActivateBackwardCore(Tensor dy, Tensor x, Tensor dx, Activation activation) => Do(nameof(ActivateBackward), () =>
        Store(dx, [.. Load(dy).Zip(Load(x), (d, value) => d * activation switch
        {
            Activation.Silu => Reference.SiluGradient(value),
            Activation.GeluTanh => Reference.GeluTanhGradient(value),
            Activation.GeluErf => Reference.GeluErfGradient(value),
            Activation.Relu => Reference.ReluGradient(value),
            _ => 1,
        })]));

    protected override void LinearWeightGradientCore(Tensor dy, Tensor x, Tensor dWeight) =>
        Do(nameof(LinearWeightGradient), () => Store(dWeight, Reference.LinearWeightGradient<float>(Load(dy), Load(x), x.Rows)));

    protected override void ColumnSumsCore(Tensor x, Tensor sums) =>
        Do(nameof(ColumnSums), () => Store(sums, Reference.ColumnSums<float>(Load(x), x.Columns)));

    protected override void BlendCore(Tensor fresh, Tensor cached, Tensor weight, Tensor blended) => Do(nameof(Blend), () =>
    {
        float w = Load(weight)[0];
        float[] parts = Round(Array.ConvertAll(Load(fresh), value => w * value));
        float[] rest = Round(Array.ConvertAll(Load(cached), value => (1 - w) * value));
        Store(blended, [.. parts.Zip(rest, (a, b) => a + b)]);
    });

    protected override void BlendBackwardCore(Tensor d, Tensor fresh, Tensor cached, Tensor weight, Tensor dFresh, Tensor dWeight) =>
        Do(nameof(BlendBackward), () =>
        {
            (float[] gradient, float[] shares) = Reference.BlendBackward<float>(Load(d), Load(fresh), Load(cached), Load(weight)[0], d.Columns);
            Store(dWeight, shares);
            if (!dFresh.IsNone)
            {
                Store(dFresh, gradient);
            }
        });

    protected override void ResidualTermBackwardCore(
        Tensor dx, ReadOnlySpan<ResidualTerm> branch, ReadOnlySpan<ResidualTermGradient> gradients, Tensor dGate, Tensor dScalar)
    {
        if (!Begin(nameof(ResidualTermBackward)))
        {
            return;
        }

        ReferenceTerm[] terms = new ReferenceTerm[branch.Length];
        float[]? gate = branch[0].Gate.IsNone ? null : Load(branch[0].Gate);
        for (int k = 0; k < terms.Length; k++)
        {
            float[] source = dGate.IsNone && dScalar.IsNone ? new float[dx.Shape.Count] : Load(branch[k].Source);
            terms[k] = new ReferenceTerm(source, gate, branch[k].Weight, branch[k].Scalar.IsNone ? 1 : Load(branch[k].Scalar)[0]);
        }

        float[] slopes = [.. gradients.ToArray().Select(gradient => gradient.Slope)];
        (float[][] sources, float[] gates, float[] shares) = Reference.ResidualBranchBackward<float>(Load(dx), terms, slopes, dx.Shape[1], dx.Columns);
        for (int k = 0; k < terms.Length; k++)
        {
            if (!gradients[k].DSource.IsNone)
            {
                Store(gradients[k].DSource, sources[k]);
            }
        }

        if (!dGate.IsNone)
        {
            Store(dGate, gates);
        }

        if (!dScalar.IsNone)
        {
            Store(dScalar, shares);
        }

        End();
    }

    protected override void NormBackwardCore(Tensor x, Norm norm, Tensor dy, Tensor dxIn, Tensor dxOut, Tensor dScale, Tensor dShift) =>
        Do(nameof(NormBackward), () =>
        {
            (float[] gradient, float[] scales, float[] shifts) = Reference.NormBackward<float>(
                Load(x), Load(norm.Scale), norm.Kind == NormKind.Affine, Load(dy), null, x.Shape[1], x.Columns, norm.Epsilon);
            if (!dxOut.IsNone)
            {
                float[] own = Round(gradient);
                Store(dxOut, dxIn.IsNone ? own : [.. own.Zip(Load(dxIn), (a, b) => a + b)]);
            }

            if (!dScale.IsNone)
            {
                Store(dScale, scales);
                Store(dShift, shifts);
            }
        });

    protected override void AttentionBackwardCore(Tensor qkv, Tensor dy, Tensor dQkv, int heads) => Do(nameof(AttentionBackward), () =>
    {
        int tokens = qkv.Shape[1], channels = dy.Columns, width = channels / heads;
        float scale = 1 / MathF.Sqrt(width);
        float[] all = Load(qkv), outer = Load(dy), result = new float[all.Length];
        for (int batchHead = 0; batchHead < qkv.Shape[0] * heads; batchHead++)
        {
            (int b, int h) = (batchHead / heads, batchHead % heads);
            float[] q = Head(all, 3, 0), k = Head(all, 3, 1), v = Head(all, 3, 2), d = Head(outer, 1, 0);
            float[] scores = Round(Array.ConvertAll(Round(Reference.Linear<float>(q, k, null, width)), s => s * scale));
            float[] p = [.. Enumerable.Range(0, tokens).SelectMany(t => Round(Reference.Softmax(scores[(t * tokens)..((t + 1) * tokens)])))];
            float[] dP = Round(Reference.Linear<float>(d, v, null, width)), dS = new float[p.Length];
            for (int t = 0; t < tokens; t++)
            {
                Range row = (t * tokens)..((t + 1) * tokens);
                float sum = p[row].Zip(dP[row], (a, c) => a * c).Sum();
                p[row].Zip(dP[row], (a, c) => a * (c - sum)).ToArray().CopyTo(dS, t * tokens);
            }

            dS = Round(Array.ConvertAll(Round(dS), s => s * scale));
            Put(0, Reference.LinearInputGradient<float>(dS, k, width));
            Put(1, Reference.LinearWeightGradient<float>(dS, q, tokens));
            Put(2, Reference.LinearWeightGradient<float>(p, d, tokens));

            float[] Head(float[] values, int parts, int part) =>
                [.. Enumerable.Range(0, tokens * width).Select(i => values[At(i / width, parts, part) + (i % width)])];

            void Put(int part, float[] values)
            {
                for (int i = 0; i < values.Length; i++)
                {
                    result[At(i / width, 3, part) + (i % width)] = values[i];
                }
            }

            int At(int t, int parts, int part) => ((((b * tokens) + t) * parts) + part) * channels + (h * width);
        }

        Store(dQkv, result);
    });

    protected override void UnpatchifyBackwardCore(Tensor dImage, Tensor dTokens, int patchSize, int leadingTokens) => Do(nameof(UnpatchifyBackward), () => Store(
        dTokens,
        Reference.UnpatchifyBackward(
            Load(dImage), dImage.Shape[0], dImage.Shape[1], dImage.Shape[2], dImage.Shape[3], patchSize, leadingTokens)));

    protected override void ImageConvolutionBackwardCore(Tensor dy, Tensor weight, Tensor dx) => Do(nameof(ImageConvolutionBackward), () => Store(
        dx,
        Round(Reference.ImageConvolutionBackward<float>(Round(Load(dy)), Load(weight), dx.Shape[1], dx.Shape[2], dx.Shape[3]))));

    protected override void ConditioningBackwardCore(Tensor dSilu, Tensor c, Tensor labels, Tensor dTime, Tensor dTable) =>
        Do(nameof(ConditioningBackward), () =>
        {
            int[] numbers = new ReadOnlySpan<int>((void*)labels.Address, labels.Columns).ToArray();
            (float[] time, float[] table) = Reference.ConditioningBackward<float>(Load(dSilu), Load(c), numbers, dTable.Rows);
            Store(dTime, time);
            Store(dTable, table);
        });

    protected override void SquaredErrorCore(Tensor a, Tensor b, int counted, float scale, Tensor dA, Tensor sums) => Do(nameof(SquaredError), () =>
    {
        (float[] gradient, float[] errors) = Reference.SquaredError<float>(Load(a), Load(b), counted, scale, a.Shape[0]);
        Store(dA, gradient);
        Store(sums, errors);
    });

    protected override void HybridLossCore(Tensor output, Tensor noise, Tensor x0, Tensor xt, Tensor table, Tensor dOutput, Tensor losses) =>
        Do(nameof(HybridLoss), () =>
        {
            ReferenceTimestep[] timesteps = [.. Load(table).Chunk((int)HybridLossColumn.Count).Select(row => new ReferenceTimestep(
                row[(int)HybridLossColumn.XToX0],
                row[(int)HybridLossColumn.EpsToX0],
                row[(int)HybridLossColumn.MeanX0],
                row[(int)HybridLossColumn.MeanX],
                row[(int)HybridLossColumn.MinLogVariance],
                row[(int)HybridLossColumn.MaxLogVariance],
                row[(int)HybridLossColumn.IsFirst] != 0,
                row[(int)HybridLossColumn.ErrorWeight]))];
            (float[] values, float[] gradient) = Reference.HybridLoss<float>(Load(output), Load(noise), Load(x0), Load(xt), timesteps);
            Store(losses, values);
            Store(dOutput, gradient);
        });

    protected override void ClipNormCore(Tensor gradients, float most, Tensor norm, Tensor scale) => Do(nameof(ClipNorm), () =>
    {
        (float its, float factor) = Reference.ClipNorm<float>(Load(gradients), most);
        Store(norm, [its]);
        Store(scale, [factor]);
    });

    protected override void AdamWCore(
        Tensor weights, Tensor gradients, Tensor firstMoment, Tensor secondMoment, Tensor average, Tensor coefficients) =>
        Do(nameof(AdamW), () =>
        {
            float[] k = Load(coefficients), w = Load(weights);
            float[] g = Array.ConvertAll(Load(gradients), gradient => Of(AdamWCoefficient.GradientScale) * gradient);
            float rate = Of(AdamWCoefficient.LearningRate);
            float[] m = [.. Load(firstMoment).Zip(g, (old, now) => old + (Of(AdamWCoefficient.OneMinusBeta1) * (now - old)))];
            float[] v = [.. Load(secondMoment).Zip(g, (old, now) => old + (Of(AdamWCoefficient.OneMinusBeta2) * ((now * now) - old)))];
            for (int i = 0; i < w.Length; i++)
            {
                float root = (MathF.Sqrt(v[i]) * Of(AdamWCoefficient.Correction2)) + Of(AdamWCoefficient.Epsilon);
                w[i] = (w[i] * (1 - (rate * Of(AdamWCoefficient.WeightDecay)))) - (rate * Of(AdamWCoefficient.Correction1) * m[i] / root);
            }

            Store(weights, w);
            Store(firstMoment, m);
            Store(secondMoment, v);
            if (!average.IsNone)
            {
                Store(average, [.. Load(average).Zip(w, (old, now) => old + (Of(AdamWCoefficient.OneMinusEmaDecay) * (now - old)))]);
            }

            float Of(AdamWCoefficient coefficient) => k[(int)coefficient];
        });

    private void Do(string op, Action compute)
    {
        if (Begin(op))
        {
            compute();
            End();
        }
    }
}
