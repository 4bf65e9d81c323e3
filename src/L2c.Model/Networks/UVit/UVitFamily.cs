using L2c.Kernels;
using L2c.Model.Accounting;
using L2c.Model.Caching;
using L2c.Model.Samplers;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks.UVit;

/// <summary>Transformers with long skips (Bao et al. 2023).</summary>
internal sealed class UVitFamily() : NetworkFamily("uvit", "U-ViT", RouterTarget.UVit, canTrain: false)
{
    /// <inheritdoc/>
    /// <remarks>
    /// Outside the branches: patch embedding, skip linears, output layer over all tokens, and time MLP and final convolution where there are any.
    /// </remarks>
    public override NetworkInfo Describe(TransformerArchitecture architecture)
    {
        var a = (UVitArchitecture)architecture;
        long t = a.Tokens, c = a.HiddenSize, patch = (long)a.PatchSize * a.PatchSize * a.InChannels;
        long time = a.MlpTimeEmbed ? 8 * c * c : 0;
        long join = 2 * c * c * t;
        long convolution = a.FinalConv ? 9L * a.InChannels * a.InChannels * a.InputSize * a.InputSize : 0;
        long rest = (patch * c * (t - a.ExtraTokens)) + time + (a.Depth / 2 * join) + (c * a.PatchOutputs * t) + convolution;
        NetworkCost cost = NetworkCost.Of(a, rest) with { LongSkips = a.Depth / 2, Join = join };
        return new NetworkInfo(a, this, cost, NoiseSchedule.ScaledLinear, a.InChannels)
        {
            DefaultSampler = SamplerCatalog.DpmSolver2S,
            Pixels = PixelRule.UnitInterval,
        };
    }

    /// <inheritdoc/>
    public override CachingRecipe Recipe(TransformerArchitecture? architecture, int evaluations) =>
        new(Threshold: 0.9, Lambda: 0.1, LearningRate: 1e-3, MaxSteps: evaluations >= 50 ? 40_000 : 20_000) { Reduction = LossReduction.SumPerImage };

    /// <inheritdoc/>
    /// <remarks>Two evaluations per solver step; of an odd number one is lost.</remarks>
    public override (EvaluationRole Role, int RouterRow)[] PublishedEvaluations(int rows) =>
        [.. PublishedRoles.TwoPerStep(rows).Select((role, e) => (role, PublishedRoles.RowOfTwoPerStep(e)))];

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, long[] Shape)> Tensors(TransformerArchitecture architecture) =>
        UVitLayout.Tensors((UVitArchitecture)architecture);

    /// <inheritdoc/>
    internal override Network Load(
        TransformerArchitecture architecture, WeightReader? read, Device device, WeightUse use, TrainedParameters? trained) => trained is null
        ? UVitModel.Load(Describe(architecture), read, device, use)
        : throw new ArgumentException($"{architecture.Name}: weights of a {Title} are not trained, only its routers");
}
