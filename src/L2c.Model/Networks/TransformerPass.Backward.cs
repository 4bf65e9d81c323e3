using L2c.Kernels;

namespace L2c.Model.Networks;

/// <summary>The backward pass of the blocks: the forward from its last op to its first, each with its gradient.</summary>
/// <remarks>
/// d of the stream lives in one buffer, since an addition hands it on and a norm adds to it. The scratch that the forward's inner values used takes
/// their gradients.
/// </remarks>
internal abstract partial class TransformerPass
{
    /// <summary>Where the gradient of the stream lies now, [B,T,C].</summary>
    protected Tensor StreamGradient { get; set; }

    /// <summary>Where the gradient of a branch's gate goes, [B,C]; none with frozen weights.</summary>
    protected virtual Tensor GateGradient(int branch) => default;

    /// <summary>Where the gradients of the shift and scale of a branch's norm go, [B,2C]; none with frozen weights.</summary>
    protected virtual Tensor NormGradient(int branch) => default;

    /// <summary>Enqueues the backward pass of a block: of the last one first.</summary>
    protected void BlockBackward(int block)
    {
        if (Blocks.Recomputes && block < BlockCount - 1)
        {
            Recompute(block);
        }

        MlpBackward(block);
        AttentionBackward(block);
    }

    /// <summary>Adds to the stream's gradient what comes through a norm, from the scratch's normalised stream.</summary>
    /// <param name="x">What was normalised.</param>
    /// <param name="norm">The norm.</param>
    /// <param name="dxIn">The stream's gradient so far; none for zero.</param>
    /// <param name="dShiftScale">[B,2C], or none.</param>
    protected void NormBackward(Tensor x, Norm norm, Tensor dxIn, Tensor dShiftScale)
    {
        int c = Network.Architecture.HiddenSize;
        (Tensor dShift, Tensor dScale) = dShiftScale.IsNone ? (default, default) : (dShiftScale.SliceColumns(0, c), dShiftScale.SliceColumns(c, c));
        Device.NormBackward(x, norm, Scratch.Normed, dxIn, StreamGradient, dScale, dShift);
    }

    /// <summary>A block's forward again, from the stream that entered it; what it adds at its end is there already.</summary>
    private void Recompute(int block)
    {
        bool hasAttention = Plan.Branches[2 * block].IsComputed;
        var x = new ResidualStream(Device, hasAttention ? Blocks.Attention[block].X : Blocks.Mlp[block].X, default);
        if (hasAttention)
        {
            Attention(x, block);
            Contribute(x, 2 * block);
        }

        Mlp(x, block);
    }

    private void MlpBackward(int block)
    {
        (BlockWeights w, MlpTape t) = (_weights[block], Blocks.Mlp[block]);
        if (!BranchBackward((2 * block) + 1))
        {
            return;
        }

        w.Fc2.Backward(Device, Scratch.Branch, t.Activated, Scratch.Hidden);                                        // [B,T,4C]
        Device.ActivateBackward(Scratch.Hidden, t.Hidden, Scratch.Hidden, _activation);
        w.Fc1.Backward(Device, Scratch.Hidden, t.Normed, Scratch.Normed);                                           // [B,T,C]
        NormBackward(t.X, (2 * block) + 1);
    }

    private void AttentionBackward(int block)
    {
        (BlockWeights w, AttentionTape t) = (_weights[block], Blocks.Attention[block]);
        if (!BranchBackward(2 * block))
        {
            return;
        }

        w.Projection.Backward(Device, Scratch.Branch, t.Heads, Scratch.Heads);                                      // [B,T,C]
        Device.AttentionBackward(t.Qkv, Scratch.Heads, Scratch.Qkv, Network.Architecture.Heads);                    // [B,T,3C]
        w.Qkv.Backward(Device, Scratch.Qkv, t.Normed, Scratch.Normed);                                              // [B,T,C]
        NormBackward(t.X, 2 * block);
    }

    /// <summary>
    /// From the stream's gradient to that of a branch's fresh output, in the scratch's branch, by way of its gate and factors. Returns whether the
    /// branch was computed, so that the gradient goes on.
    /// </summary>
    private bool BranchBackward(int branch)
    {
        BranchPlan plan = Plan.Branches[branch];
        Device.Scope = Device.Scope with { Branch = branch };
        Tensor dGate = GateGradient(branch);
        if (plan.IsComputed || !plan.SlopeGradient.IsNone || !dGate.IsNone)
        {
            ResidualTermGradient[] wanted = Array.ConvertAll(plan.Terms, term => new ResidualTermGradient(
                plan.IsComputed && term.Source == plan.Output ? Scratch.Branch : default, term.Slope));
            Device.ResidualTermBackward(StreamGradient, plan.Gated(GateOf(branch)), wanted, dGate, plan.SlopeGradient);
        }

        return plan.IsComputed;
    }

    private void NormBackward(Tensor x, int branch) => NormBackward(x, NormOf(branch), StreamGradient, NormGradient(branch));
}
