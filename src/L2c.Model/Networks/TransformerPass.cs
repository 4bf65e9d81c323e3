using L2c.Kernels;

namespace L2c.Model.Networks;

/// <summary>
/// One evaluation of a transformer while it is being enqueued: what networks have in common whose blocks are an attention and an MLP on a residual
/// stream. A block is x += gate * Attn(Norm(x)), x += gate * Mlp(Norm(x)); a branch that is not computed leaves out all but the addition. A network
/// says which norm and gate a branch has and what lies around the blocks.
/// </summary>
/// <remarks>
/// Each residual addition is fused with the norm that follows it, so a block ends with its MLP's contribution pending in the stream.
/// Reuse: Learning-to-Cache, section 3; what is reused is the output before the gate. A student's blend: equation 5.
/// </remarks>
internal abstract partial class TransformerPass
{
    private readonly BlockWeights[] _weights;
    private readonly Activation _activation;

    /// <param name="network">The network.</param>
    /// <param name="weights">Of its blocks.</param>
    /// <param name="activation">Of every MLP.</param>
    /// <param name="scratch">What blocks share.</param>
    /// <param name="blocks">Where the blocks write.</param>
    /// <param name="plan">What is computed and contributed.</param>
    /// <param name="tap">Sees every stage, or null.</param>
    protected TransformerPass(
        Network network,
        BlockWeights[] weights,
        Activation activation,
        PassActivations scratch,
        BlockTape blocks,
        EvaluationPlan plan,
        ForwardTap? tap)
    {
        (Network, _weights, _activation) = (network, weights, activation);
        (Scratch, Blocks, Plan, Tap) = (scratch, blocks, plan, tap);
        StreamGradient = scratch.X;
    }

    /// <summary>The network.</summary>
    protected Network Network { get; }

    /// <summary>Where ops go.</summary>
    protected Device Device => Network.Device;

    /// <summary>What blocks share.</summary>
    protected PassActivations Scratch { get; }

    /// <summary>Where the blocks write.</summary>
    protected BlockTape Blocks { get; }

    /// <summary>What is computed and contributed.</summary>
    protected EvaluationPlan Plan { get; }

    /// <summary>Sees every stage, or null.</summary>
    protected ForwardTap? Tap { get; }

    /// <summary>Number of blocks.</summary>
    protected int BlockCount => _weights.Length;

    /// <summary>The norm before a branch.</summary>
    protected abstract Norm NormOf(int branch);

    /// <summary>What a branch is multiplied by, [R,C]; none for 1.</summary>
    protected virtual Tensor GateOf(int branch) => default;

    /// <summary>Name of the stage that the stream entering a block is, where nothing between the blocks has told the tap; null otherwise.</summary>
    protected virtual string? StageBefore(int block) => block == 0 ? "tokens_in" : $"block{block - 1}.out";

    /// <summary>Says that the ops from now on belong to no branch.</summary>
    /// <param name="evaluation">The evaluation that they report.</param>
    protected void LeaveBranches(int evaluation) => Device.Scope = new OpScope(evaluation, -1);

    /// <summary>Whether a branch's norm is enqueued.</summary>
    protected bool Normalises(int branch) => Plan.Branches[branch].IsComputed || !(Plan.Switches.SkipUnused || IsReplaced(branch));

    /// <summary>Whether a block begins inside a replaced segment: the stream is not known there.</summary>
    protected bool BeginsReplaced(int block) => Array.Exists(Plan.Segments, s => s.IsReplaced && s.Segment.ContainsStart(block));

    /// <summary>Enqueues a block; what its last branch contributes is left pending.</summary>
    protected void Block(ResidualStream x, int block)
    {
        if (!Replace(x, 2 * block))
        {
            Attention(x, block);
            Contribute(x, 2 * block);
        }

        if (!Replace(x, (2 * block) + 1))
        {
            Mlp(x, block);
            Contribute(x, (2 * block) + 1);
        }
    }

    /// <summary>Enqueues a linear map.</summary>
    protected void Linear(Tensor x, LinearWeights w, Tensor y) => Device.Linear(x, w.Weight, w.Bias, y);

    private void Attention(ResidualStream x, int block)
    {
        (BlockWeights w, AttentionTape t, BranchPlan branch) = (_weights[block], Blocks.Attention[block], Plan.Branches[2 * block]);
        if (!Enter(x, 2 * block, t.Normed, t.X, out Tensor entering))
        {
            return;
        }

        if (Tap is not null && StageBefore(block) is { } stage)
        {
            Tap(stage, entering);
        }

        Tap?.Invoke($"block{block}.attn_in", t.Normed);
        Linear(t.Normed, w.Qkv, t.Qkv);                                                                             // [B,T,3C]
        Device.Attention(t.Qkv, t.Heads, Network.Architecture.Heads);                                               // [B,T,C]
        Linear(t.Heads, w.Projection, branch.Output);                                                               // [B,T,C]
        Keep(branch);
        Tap?.Invoke($"block{block}.attn_out", branch.Output);
    }

    private void Mlp(ResidualStream x, int block)
    {
        (BlockWeights w, MlpTape t, BranchPlan branch) = (_weights[block], Blocks.Mlp[block], Plan.Branches[(2 * block) + 1]);
        if (!Enter(x, (2 * block) + 1, t.Normed, t.X, out _))
        {
            return;
        }

        if (t.Hidden.IsNone)
        {
            Device.Linear(t.Normed, w.Fc1.Weight, w.Fc1.Bias, t.Activated, _activation);                            // [B,T,4C]
        }
        else
        {
            Linear(t.Normed, w.Fc1, t.Hidden);                                                                      // [B,T,4C]
            Device.Activate(t.Hidden, t.Activated, _activation);
        }

        Linear(t.Activated, w.Fc2, branch.Output);                                                                  // [B,T,C]
        Keep(branch);
        Tap?.Invoke($"block{block}.mlp_out", branch.Output);
    }

    // Right after the product, which has left the output in the caches.
    private void Keep(BranchPlan branch)
    {
        if (!branch.Kept.IsNone)
        {
            Device.Convert(branch.Output, branch.Kept);                                                             // [B,T,C]
        }
    }

    /// <summary>Enqueues a branch's norm if the branch is computed, and returns whether it is.</summary>
    /// <param name="x">The stream.</param>
    /// <param name="branch">The branch.</param>
    /// <param name="normed">Where the norm goes.</param>
    /// <param name="stream">Where the stream goes that enters the branch.</param>
    /// <param name="entering">Where it lies: in the memory of a delta that is kept from here on, if nothing else holds it that long.</param>
    private bool Enter(ResidualStream x, int branch, Tensor normed, Tensor stream, out Tensor entering)
    {
        Device.Scope = Device.Scope with { Branch = branch };
        SegmentPlan[] kept = stream == Scratch.X ? Array.FindAll(Plan.Segments, s => !s.IsReplaced && s.Segment.First == branch) : [];
        entering = kept.Length > 0 ? kept[0].Delta : stream;
        if (Normalises(branch))
        {
            x.Normalise(NormOf(branch), normed, entering);                                                          // [B,T,C]
        }

        // Each delta takes the place of the stream that it began with.
        for (int i = 1; i < kept.Length; i++)
        {
            Device.ResidualNorm(entering, [], kept[i].Delta, Norm.None, default);                                   // [B,T,C]
        }

        return Plan.Branches[branch].IsComputed;
    }

    private void Contribute(ResidualStream x, int branch)
    {
        x.Add(Plan.Branches[branch].Gated(GateOf(branch)));
        foreach (SegmentPlan segment in Plan.Segments)
        {
            if (!segment.IsReplaced && segment.Segment.Last == branch)
            {
                x.KeepDelta(Before(segment), segment.Delta, segment.Work.IsNone ? default : segment.Kept);
            }
        }
    }

    /// <summary>Where the stream before a kept segment lies, see <see cref="Enter"/>.</summary>
    private Tensor Before(SegmentPlan segment)
    {
        int first = segment.Segment.First;
        Tensor stream = first % 2 == 0 ? Blocks.Attention[first / 2].X : Blocks.Mlp[first / 2].X;
        return stream == Scratch.X ? segment.Delta : stream;
    }

    /// <summary>Whether a branch belongs to a replaced segment; what stands for the segment is added where its first one would be.</summary>
    private bool Replace(ResidualStream x, int branch)
    {
        foreach (SegmentPlan segment in Plan.Segments)
        {
            if (segment.IsReplaced && segment.Segment.First == branch)
            {
                Device.Scope = Device.Scope with { Branch = branch };
                x.Add(Term.Gated(segment.Terms, default));
            }
        }

        return IsReplaced(branch);
    }

    private bool IsReplaced(int branch) => Array.Exists(Plan.Segments, s => s.IsReplaced && s.Segment.Contains(branch));
}
