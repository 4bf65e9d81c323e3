using L2c.Weights.Layouts;

namespace L2c.Model.Accounting;

/// <summary>Multiply-accumulates (MACs) of one evaluation of the network for one row: one image, one half of guidance.</summary>
/// <param name="Blocks">Blocks, each with an attention and an MLP branch.</param>
/// <param name="AttentionLinear">Linear layers of an attention branch: qkv and projection, 4 T C^2.</param>
/// <param name="AttentionProducts">Products of an attention branch: scores and weighted values, 2 T^2 C.</param>
/// <param name="Mlp">An MLP branch: 2 T C M, M its hidden width.</param>
/// <param name="Rest">What no schedule skips: embeddings, modulations or skip linears, output layer.</param>
/// <remarks>
/// T tokens, C hidden width. Norms, activations, table look-ups and guidance are not counted, as is usual; one MAC is two FLOPs.
/// Sources: Peebles and Xie 2023 (118.64 GMACs for DiT-XL/2 at 256 px); Bao et al. 2023.
/// </remarks>
public sealed record NetworkCost(int Blocks, long AttentionLinear, long AttentionProducts, long Mlp, long Rest)
{
    // Width of the sinusoid that DiT's time MLP reads.
    private const long TimestepFrequencies = 256;

    /// <summary>An attention branch, its products included.</summary>
    public long Attention => AttentionLinear + AttentionProducts;

    /// <summary>A whole evaluation that computes every branch, attention products included.</summary>
    public long Evaluation => (Blocks * (Attention + Mlp)) + Rest;

    /// <summary>MACs that skipping a branch saves, attention products included.</summary>
    /// <param name="branch">2 block for attention, 2 block + 1 for the MLP.</param>
    public long Branch(int branch) => branch % 2 == 0 ? Attention : Mlp;

    /// <summary>As <see cref="Branch"/> without the attention products.</summary>
    public long BranchWithoutProducts(int branch) => branch % 2 == 0 ? AttentionLinear : Mlp;

    /// <summary>Counts a DiT or a U-ViT.</summary>
    /// <exception cref="ArgumentException">The architecture is of another family.</exception>
    public static NetworkCost Of(Architecture architecture) => architecture switch
    {
        DitArchitecture dit => Of(dit),
        UVitArchitecture uvit => Of(uvit),
        _ => throw new ArgumentException($"{architecture.Name}: a {architecture.Family} has no branches to account for"),
    };

    /// <summary>Counts a DiT. The rest: patch embedding, time MLP, six modulations per block and two at the end, final linear layer.</summary>
    public static NetworkCost Of(DitArchitecture a)
    {
        long t = a.Tokens, c = a.HiddenSize, patch = (long)a.PatchSize * a.PatchSize * a.InChannels;
        long time = (TimestepFrequencies * c) + (c * c);
        long modulations = ((6L * a.Depth) + 2) * c * c;
        return Create(a.Depth, t, c, a.MlpWidth, (patch * c * t) + time + modulations + (c * a.PatchOutputs * t));
    }

    /// <summary>
    /// Counts a U-ViT. The rest: patch embedding, skip linears, output layer over all tokens, and time MLP and final convolution where there are any.
    /// </summary>
    public static NetworkCost Of(UVitArchitecture a)
    {
        long t = a.Tokens, c = a.HiddenSize, patch = (long)a.PatchSize * a.PatchSize * a.InChannels;
        long time = a.MlpTimeEmbed ? 8 * c * c : 0;
        long skips = a.Depth / 2 * 2 * c * c * t;
        long convolution = a.FinalConv ? 9L * a.InChannels * a.InChannels * a.InputSize * a.InputSize : 0;
        return Create(a.Blocks, t, c, a.MlpWidth, (patch * c * (t - a.ExtraTokens)) + time + skips + (c * a.PatchOutputs * t) + convolution);
    }

    private static NetworkCost Create(int blocks, long t, long c, long mlpWidth, long rest) =>
        new(blocks, 4 * t * c * c, 2 * t * t * c, 2 * t * c * mlpWidth, rest);
}
