using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Weights.Layouts;

namespace L2c.Model.Accounting;

/// <summary>Multiply-accumulates (MACs) of one evaluation of the network for one row: one image, one half of guidance.</summary>
/// <param name="Blocks">Blocks, each with an attention and an MLP branch.</param>
/// <param name="AttentionLinear">Linear layers of an attention branch: qkv and projection, 4 T C^2.</param>
/// <param name="AttentionProducts">Products of an attention branch: scores and weighted values, 2 T^2 C.</param>
/// <param name="Mlp">An MLP branch: 2 T C M, M its hidden width.</param>
/// <param name="Rest">Everything else: embeddings, modulations or skip linears, output layer.</param>
/// <remarks>
/// T tokens, C hidden width. Norms, activations, table look-ups and guidance are not counted, as is usual; one MAC is two FLOPs.
/// Sources: Peebles and Xie 2023 (118.64 GMACs for DiT-XL/2 at 256 px); Bao et al. 2023.
/// </remarks>
public sealed record NetworkCost(int Blocks, long AttentionLinear, long AttentionProducts, long Mlp, long Rest)
{
    /// <summary>Long skips: the stream entering block b, b from 1 to this, is joined with the stream entering block Blocks - b.</summary>
    public int LongSkips { get; init; }

    /// <summary>One such join; all of them are part of <see cref="Rest"/>, since only a replaced segment that goes over one saves it.</summary>
    public long Join { get; init; }

    /// <summary>An attention branch, its products included.</summary>
    public long Attention => AttentionLinear + AttentionProducts;

    /// <summary>A whole evaluation that computes every branch, attention products included.</summary>
    public long Evaluation => (Blocks * (Attention + Mlp)) + Rest;

    /// <summary>MACs that skipping a branch saves, attention products included.</summary>
    /// <param name="branch">2 block for attention, 2 block + 1 for the MLP.</param>
    public long Branch(int branch) => branch % 2 == 0 ? Attention : Mlp;

    /// <summary>As <see cref="Branch"/> without the attention products.</summary>
    public long BranchWithoutProducts(int branch) => branch % 2 == 0 ? AttentionLinear : Mlp;

    /// <summary>MACs of joining the stream with a long skip before a block; 0 where there is none.</summary>
    public long JoinBefore(int block) => block >= Blocks - LongSkips ? Join : 0;

    /// <summary>MACs of the joins that replacing a segment saves.</summary>
    public long Joins(CacheSegment segment) => Enumerable.Range(0, Blocks).Where(segment.ContainsStart).Sum(JoinBefore);

    /// <summary>Counts a network of any family.</summary>
    /// <exception cref="ArgumentException">The architecture is not a denoising network.</exception>
    public static NetworkCost Of(Architecture architecture) => NetworkFamilies.Of(architecture).Describe((TransformerArchitecture)architecture).Cost;

    /// <summary>Counts the branches of a transformer whose blocks are as usual.</summary>
    /// <param name="a">Its shapes.</param>
    /// <param name="rest">MACs outside the branches.</param>
    public static NetworkCost Of(TransformerArchitecture a, long rest)
    {
        long t = a.Tokens, c = a.HiddenSize;
        return new NetworkCost(a.Blocks, 4 * t * c * c, 2 * t * t * c, 2 * t * c * a.MlpWidth, rest);
    }
}
