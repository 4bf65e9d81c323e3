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
    protected bool Normalises(int branch) => Plan.Branches[branch].IsComputed || !Plan.Switches.SkipUnused;

    /// <summary>Enqueues a block; what its MLP contributes is left pending.</summary>
    protected void Block(ResidualStream x, int block)
    {
        Attention(x, block);
        Contribute(x, 2 * block);
        Mlp(x, block);
        Contribute(x, (2 * block) + 1);
    }

    /// <summary>Enqueues a linear map.</summary>
    protected void Linear(Tensor x, LinearWeights w, Tensor y) => Device.Linear(x, w.Weight, w.Bias, y);

    private void Attention(ResidualStream x, int block)
    {
        (BlockWeights w, AttentionTape t, BranchPlan branch) = (_weights[block], Blocks.Attention[block], Plan.Branches[2 * block]);
        if (!Enter(x, 2 * block, t.Normed, t.X))
        {
            return;
        }

        if (Tap is not null && StageBefore(block) is { } stage)
        {
            Tap(stage, t.X);
        }

        Tap?.Invoke($"block{block}.attn_in", t.Normed);
        Linear(t.Normed, w.Qkv, t.Qkv);                                                                             // [B,T,3C]
        Device.Attention(t.Qkv, t.Heads, Network.Architecture.Heads);                                               // [B,T,C]
        Linear(t.Heads, w.Projection, branch.Output);                                                               // [B,T,C]
        Tap?.Invoke($"block{block}.attn_out", branch.Output);
    }

    private void Mlp(ResidualStream x, int block)
    {
        (BlockWeights w, MlpTape t, BranchPlan branch) = (_weights[block], Blocks.Mlp[block], Plan.Branches[(2 * block) + 1]);
        if (!Enter(x, (2 * block) + 1, t.Normed, t.X))
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
        Tap?.Invoke($"block{block}.mlp_out", branch.Output);
    }

    /// <summary>Enqueues a branch's norm if the branch is computed, and returns whether it is.</summary>
    private bool Enter(ResidualStream x, int branch, Tensor normed, Tensor stream)
    {
        Device.Scope = Device.Scope with { Branch = branch };
        if (Normalises(branch))
        {
            x.Normalise(NormOf(branch), normed, stream);                                                            // [B,T,C]
        }

        return Plan.Branches[branch].IsComputed;
    }

    private void Contribute(ResidualStream x, int branch) => x.Add(Plan.Branches[branch].Gated(GateOf(branch)));
}
