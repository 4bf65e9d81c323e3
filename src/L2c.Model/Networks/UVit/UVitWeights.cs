using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks.UVit;

/// <summary>Weight and bias of an LN, [C] each.</summary>
internal readonly record struct NormWeights(Tensor Weight, Tensor Bias)
{
    /// <summary>Epsilon of every LN in U-ViT: PyTorch's default.</summary>
    public const float Epsilon = 1e-5f;

    /// <summary>The norm.</summary>
    public Norm Norm => Norm.Affine(Weight, Bias, Epsilon);
}

/// <summary>Weights of a U-ViT, under their published names.</summary>
/// <param name="PatchEmbedding">C_in P P -> C: the patch convolution as a linear map.</param>
/// <param name="Positions">[T,C], label and time tokens included.</param>
/// <param name="Time1">C -> 4C, followed by SiLU; null where the sinusoid itself is the time token.</param>
/// <param name="Time2">4C -> C, or null.</param>
/// <param name="LabelTable">[label rows, C]; none for a network without classes.</param>
/// <param name="Blocks">In-blocks, the middle block, out-blocks.</param>
/// <param name="Norms">By branch.</param>
/// <param name="Skips">[stream, skip], 2C -> C, of every out-block in order.</param>
/// <param name="FinalNorm">Before the output layer.</param>
/// <param name="FinalLinear">C -> P P C_out.</param>
/// <param name="Convolution">[C_out,C_out,3,3] and [C_out]: the convolution of the output; none where there is none.</param>
internal sealed record UVitWeights(
    LinearWeights PatchEmbedding,
    Tensor Positions,
    LinearWeights? Time1,
    LinearWeights? Time2,
    Tensor LabelTable,
    BlockWeights[] Blocks,
    NormWeights[] Norms,
    LinearWeights[] Skips,
    NormWeights FinalNorm,
    LinearWeights FinalLinear,
    (Tensor Weight, Tensor Bias) Convolution)
{
    /// <summary>Carves them, in canonical order: the hash by which a training run knows its model depends on it.</summary>
    public static UVitWeights Take(UVitArchitecture a, WeightLoader w)
    {
        int c = a.HiddenSize, half = a.Depth / 2;
        (var blocks, var norms, var skips) = (new BlockWeights[a.Blocks], new NormWeights[a.Branches], new LinearWeights[half]);
        Tensor positions = w.Tensor("pos_embed", a.Tokens, c);
        LinearWeights patches = w.Linear("patch_embed.proj", c, a.InChannels * a.PatchSize * a.PatchSize, InputGradient.Never);
        LinearWeights? time1 = a.MlpTimeEmbed ? w.Linear("time_embed.0", 4 * c, c, InputGradient.Never) : null;
        LinearWeights? time2 = a.MlpTimeEmbed ? w.Linear("time_embed.2", c, 4 * c, InputGradient.Never) : null;
        Tensor labels = a.LabelRows > 0 ? w.Tensor("label_emb.weight", a.LabelRows, c) : default;
        for (int block = 0; block < a.Blocks; block++)
        {
            string name = block < half ? $"in_blocks.{block}" : block == half ? "mid_block" : $"out_blocks.{block - half - 1}";
            InputGradient inAttention = block == 0 ? InputGradient.Never : InputGradient.ForRouters;
            norms[2 * block] = Norm($"{name}.norm1");
            LinearWeights qkv = w.Linear($"{name}.attn.qkv", 3 * c, c, inAttention, a.QkvBias);
            LinearWeights projection = w.Linear($"{name}.attn.proj", c, c, inAttention);
            norms[(2 * block) + 1] = Norm($"{name}.norm2");
            LinearWeights fc1 = w.Linear($"{name}.mlp.fc1", a.MlpWidth, c, InputGradient.ForRouters);
            blocks[block] = new BlockWeights(qkv, projection, fc1, w.Linear($"{name}.mlp.fc2", c, a.MlpWidth, InputGradient.ForRouters));
            if (block > half)
            {
                skips[block - half - 1] = w.Linear($"{name}.skip_linear", c, 2 * c, InputGradient.ForRouters);
            }
        }

        return new UVitWeights(
            patches,
            positions,
            time1,
            time2,
            labels,
            blocks,
            norms,
            skips,
            Norm("norm"),
            w.Linear("decoder_pred", a.PatchOutputs, c, InputGradient.ForRouters),
            a.FinalConv ? (w.Tensor("final_layer.weight", a.InChannels, a.InChannels, 3, 3), w.Tensor("final_layer.bias", a.InChannels)) : default);

        NormWeights Norm(string name) => new(w.Tensor($"{name}.weight", c), w.Tensor($"{name}.bias", c));
    }
}
