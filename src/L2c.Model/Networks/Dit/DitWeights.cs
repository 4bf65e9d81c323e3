using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks.Dit;

/// <summary>Weights of one adaLN-Zero block.</summary>
/// <param name="Modulation">C -> 6C in four parts, since a reused branch needs its gate only: see <see cref="ModulationPart"/>.</param>
/// <param name="Qkv">C -> 3C.</param>
/// <param name="Projection">C -> C.</param>
/// <param name="Fc1">C -> MLP width.</param>
/// <param name="Fc2">MLP width -> C.</param>
internal sealed record DitBlockWeights(LinearWeights[] Modulation, LinearWeights Qkv, LinearWeights Projection, LinearWeights Fc1, LinearWeights Fc2);

/// <summary>Weights of a DiT, under their published names.</summary>
/// <param name="PatchEmbedding">C_in P P -> C: the patch convolution as a linear map.</param>
/// <param name="Positions">[T,C].</param>
/// <param name="Time1">256 -> C, followed by SiLU.</param>
/// <param name="Time2">C -> C.</param>
/// <param name="LabelTable">[label rows, C].</param>
/// <param name="LabelGradient">[label rows, C] F32; none where weights are frozen.</param>
/// <param name="Blocks">In order.</param>
/// <param name="FinalModulation">C -> 2C: shift, scale.</param>
/// <param name="FinalLinear">C -> P P C_out.</param>
internal sealed record DitWeights(
    LinearWeights PatchEmbedding,
    Tensor Positions,
    LinearWeights Time1,
    LinearWeights Time2,
    Tensor LabelTable,
    Tensor LabelGradient,
    DitBlockWeights[] Blocks,
    LinearWeights FinalModulation,
    LinearWeights FinalLinear)
{
    /// <summary>Every linear map.</summary>
    public IEnumerable<LinearWeights> Linears =>
        Blocks.SelectMany(block => (IEnumerable<LinearWeights>)[.. block.Modulation, block.Qkv, block.Projection, block.Fc1, block.Fc2])
            .Concat([PatchEmbedding, Time1, Time2, FinalModulation, FinalLinear]);

    public static DitWeights Take(DitArchitecture a, WeightLoader w)
    {
        int c = a.HiddenSize;
        return new DitWeights(
            w.Linear("x_embedder.proj", c, a.InChannels * a.PatchSize * a.PatchSize, InputGradient.Never),
            w.Tensor("pos_embed", a.Tokens, c),
            w.Linear("t_embedder.mlp.0", c, TimestepEmbedding.Width, InputGradient.Never),
            w.Linear("t_embedder.mlp.2", c, c, InputGradient.ForWeights),
            w.Tensor("y_embedder.embedding_table.weight", a.LabelRows, c),
            w.Gradient("y_embedder.embedding_table.weight", a.LabelRows, c),
            [.. Enumerable.Range(0, a.Depth).Select(i => new DitBlockWeights(
                w.LinearParts($"blocks.{i}.adaLN_modulation.1", c, InputGradient.ForWeights, 2 * c, c, 2 * c, c),
                w.Linear($"blocks.{i}.attn.qkv", 3 * c, c, InAttention(i)),
                w.Linear($"blocks.{i}.attn.proj", c, c, InAttention(i)),
                w.Linear($"blocks.{i}.mlp.fc1", a.MlpWidth, c, InputGradient.ForRouters),
                w.Linear($"blocks.{i}.mlp.fc2", c, a.MlpWidth, InputGradient.ForRouters)))],
            w.Linear("final_layer.adaLN_modulation.1", 2 * c, c, InputGradient.ForWeights),
            w.Linear("final_layer.linear", a.PatchOutputs, c, InputGradient.ForRouters));
    }

    // Below the attention of block 0 nothing depends on a router.
    private static InputGradient InAttention(int block) => block == 0 ? InputGradient.ForWeights : InputGradient.ForRouters;
}
