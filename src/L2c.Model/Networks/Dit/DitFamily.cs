using L2c.Kernels;
using L2c.Model.Accounting;
using L2c.Model.Caching;
using L2c.Model.Samplers;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks.Dit;

/// <summary>Diffusion transformers with adaLN-Zero blocks (Peebles and Xie 2023).</summary>
internal sealed class DitFamily() : NetworkFamily("dit", "DiT", RouterTarget.Dit, canTrain: true)
{
    private const string Positions = "pos_embed";
    private const int FewSteps = 20_000, ManySteps = 40_000, GuidedChannels = 3;

    /// <inheritdoc/>
    /// <remarks>
    /// Outside the branches: patch embedding, time MLP, six modulations per block and two at the end, final linear layer. Published guidance leaves
    /// the fourth latent channel alone.
    /// </remarks>
    public override NetworkInfo Describe(TransformerArchitecture architecture)
    {
        TransformerArchitecture a = architecture;
        long t = a.Tokens, c = a.HiddenSize, patch = (long)a.PatchSize * a.PatchSize * a.InChannels;
        long time = ((long)DitWeights.TimeWidth * c) + (c * c);
        long modulations = ((6L * a.Depth) + 2) * c * c;
        var cost = NetworkCost.Of(a, (patch * c * t) + time + modulations + (c * a.PatchOutputs * t));
        return new NetworkInfo(a, this, cost, NoiseSchedule.Linear, Math.Min(GuidedChannels, a.InChannels));
    }

    /// <inheritdoc/>
    /// <remarks>What the published commands do not cover takes the values of DiT-XL/2 256 at 20 steps.</remarks>
    public override CachingRecipe Recipe(TransformerArchitecture? architecture, int evaluations)
    {
        double threshold = architecture?.Name == "DiT-XL/2 512" ? 0.9 : 0.1;
        return (architecture?.Name, evaluations) switch
        {
            ("DiT-XL/2 256", 50) => Of(1e-6, 1e-3, ManySteps),
            ("DiT-XL/2 256", 10) => Of(1e-6, 1e-3, FewSteps),
            ("DiT-XL/2 512", 50) => Of(5e-6, 1e-3, ManySteps),
            ("DiT-L/2 256", 50) => Of(1e-6, 1e-3, ManySteps),
            ("DiT-L/2 256", 20) => Of(5e-6, 1e-2, FewSteps),
            _ => Of(5e-6, 1e-3, evaluations >= 50 ? ManySteps : FewSteps),
        };

        CachingRecipe Of(double lambda, double learningRate, int maxSteps) => new(threshold, lambda, learningRate, maxSteps) { Clamp = 5 };
    }

    /// <inheritdoc/>
    public override (EvaluationRole Role, int RouterRow)[] PublishedEvaluations(int rows) =>
        [.. PublishedRoles.OnePerStep(rows).Select((role, e) => (role, PublishedRoles.RowOfOnePerStep(rows, e)))];

    /// <inheritdoc/>
    public override WeightReader Initialization(TransformerArchitecture architecture, ulong seed) =>
        new DitInitialization((DitArchitecture)architecture, seed).Read;

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, long[] Shape)> Tensors(TransformerArchitecture architecture) =>
        DitLayout.Tensors((DitArchitecture)architecture);

    /// <inheritdoc/>
    public override bool IsTrained(string name) => name != Positions;

    /// <inheritdoc/>
    internal override Network Load(
        TransformerArchitecture architecture, WeightReader? read, Device device, WeightUse use, TrainedParameters? trained) =>
        DitModel.Load(Describe(architecture), read, device, use, trained);
}
