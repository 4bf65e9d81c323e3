using System.Text.RegularExpressions;
using L2c.Model.Accounting;
using L2c.Model.Networks;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>One block of a network. MACs are of one evaluation, for one image and one half of guidance.</summary>
/// <param name="Block">Its number in the order of the forward pass.</param>
/// <param name="Tensors">What the published names of its tensors begin with.</param>
/// <param name="Parameters">Values of its tensors, modulations and skip linears included.</param>
/// <param name="AttentionMacs">Of its attention branch, attention products included.</param>
/// <param name="MlpMacs">Of its MLP branch.</param>
public sealed record NetworkBlock(int Block, string Tensors, long Parameters, long AttentionMacs, long MlpMacs);

/// <summary>A network block by block.</summary>
/// <param name="Blocks">In the order of the forward pass.</param>
/// <param name="OutsideParameters">Values of tensors that belong to no block.</param>
/// <param name="OutsideMacs">MACs that belong to no branch: embeddings, modulations or skip linears, output layer.</param>
public sealed partial record NetworkSummary(IReadOnlyList<NetworkBlock> Blocks, long OutsideParameters, long OutsideMacs)
{
    /// <summary>Counts a network.</summary>
    public static NetworkSummary Of(TransformerArchitecture architecture)
    {
        NetworkCost cost = NetworkCost.Of(architecture);
        ILookup<string, long> tensors = NetworkFamilies.Of(architecture).Tensors(architecture).ToLookup(
            tensor => Prefix().Match(tensor.Name).Value, tensor => tensor.Shape.Aggregate(1L, (product, extent) => product * extent));
        return new NetworkSummary(
            [.. tensors.Where(group => group.Key.Length > 0)
                .Select((group, block) => new NetworkBlock(block, group.Key, group.Sum(), cost.Attention, cost.Mlp))],
            tensors[""].Sum(),
            cost.Rest);
    }

    // Published names: blocks.3. of a DiT; in_blocks.3., mid_block. and out_blocks.3. of a U-ViT, in the order of the forward pass.
    [GeneratedRegex(@"^(?:\w*blocks\.[0-9]+|\w*block)\.")]
    private static partial Regex Prefix();
}
