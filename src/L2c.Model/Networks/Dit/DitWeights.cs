using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks.Dit;

/// <summary>Weights of a DiT, under their published names.</summary>
/// <param name="PatchEmbedding">C_in P P -> C: the patch convolution as a linear map.</param>
/// <param name="Positions">[T,C].</param>
/// <param name="Time1">256 -> C, followed by SiLU.</param>
/// <param name="Time2">C -> C.</param>
/// <param name="LabelTable">[label rows, C].</param>
/// <param name="LabelGradient">[label rows, C] F32; none where weights are frozen.</param>
/// <param name="Blocks">In order.</param>
/// <param name="Modulations">C -> 6C for each block, then 2C for the final layer: see <see cref="ModulationPart"/>.</param>
/// <param name="FinalLinear">C -> P P C_out.</param>
internal sealed record DitWeights(
    LinearWeights PatchEmbedding,
    Tensor Positions,
    LinearWeights Time1,
    LinearWeights Time2,
    Tensor LabelTable,
    Tensor LabelGradient,
    BlockWeights[] Blocks,
    LinearStack Modulations,
    LinearWeights FinalLinear)
{
    /// <summary>Width of the sinusoid that the time MLP reads: in every published DiT.</summary>
    public const int TimeWidth = 256;

    /// <summary>Every linear map but the modulations.</summary>
    public IEnumerable<LinearWeights> Linears =>
        Blocks.SelectMany(block => block.All).Concat([PatchEmbedding, Time1, Time2, FinalLinear]);

    // Tensors are read in the order of these calls, and the hash by which a training run knows its model depends on it.
    public static DitWeights Take(DitArchitecture a, WeightLoader w)
    {
        int c = a.HiddenSize;
        LinearStack modulations = w.Stack(ModulationParts.FirstOfFinal(a) + (2 * c), c);
        return new DitWeights(
            w.Linear("x_embedder.proj", c, a.InChannels * a.PatchSize * a.PatchSize, InputGradient.Never),
            w.Tensor("pos_embed", a.Tokens, c),
            w.Linear("t_embedder.mlp.0", c, TimeWidth, InputGradient.Never),
            w.Linear("t_embedder.mlp.2", c, c, InputGradient.ForWeights),
            w.Tensor("y_embedder.embedding_table.weight", a.LabelRows, c),
            w.Gradient("y_embedder.embedding_table.weight", a.LabelRows, c),
            [.. Enumerable.Range(0, a.Depth).Select(Block)],
            w.Map(modulations, "final_layer.adaLN_modulation.1", ModulationParts.FirstOfFinal(a), 2 * c),
            w.Linear("final_layer.linear", a.PatchOutputs, c, InputGradient.ForRouters));

        BlockWeights Block(int i)
        {
            w.Map(modulations, $"blocks.{i}.adaLN_modulation.1", ModulationPart.AttentionShiftScale.First(i, c), 2 * c, c, 2 * c, c);
            return new BlockWeights(
                w.Linear($"blocks.{i}.attn.qkv", 3 * c, c, InAttention(i)),
                w.Linear($"blocks.{i}.attn.proj", c, c, InAttention(i)),
                w.Linear($"blocks.{i}.mlp.fc1", a.MlpWidth, c, InputGradient.ForRouters),
                w.Linear($"blocks.{i}.mlp.fc2", c, a.MlpWidth, InputGradient.ForRouters));
        }
    }

    // Below the attention of block 0 nothing depends on a router.
    private static InputGradient InAttention(int block) => block == 0 ? InputGradient.ForWeights : InputGradient.ForRouters;
}
