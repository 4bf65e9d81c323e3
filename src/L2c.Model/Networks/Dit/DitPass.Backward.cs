using L2c.Kernels;

namespace L2c.Model.Networks.Dit;

/// <summary>The backward pass: <see cref="Forward"/> from its last op to its first, each with its gradient.</summary>
/// <remarks>
/// d of the stream lives in one buffer from the last norm to the first, since an addition hands it on and a norm adds to it. The scratch that the
/// forward's inner values used takes their gradients.
/// </remarks>
internal sealed partial class DitPass
{
    private DitModulationGradients? Gradients => _memory.Gradients;

    /// <summary>Enqueues the backward pass.</summary>
    /// <param name="dOutput">[B,C_out,H,W].</param>
    public void Backward(Tensor dOutput)
    {
        _device.Scope = new OpScope(_plan.Scope + 1, -1);
        _device.UnpatchifyBackward(dOutput, _scratch.PatchOutputs, _model.Architecture.PatchSize);                  // [B,T,P P C_out]
        _weights.FinalLinear.Backward(_device, _scratch.PatchOutputs, _blocks.FinalNormed, _scratch.Normed);        // [B,T,C]
        NormBackward(_blocks.FinalX, FinalNorm, default, Gradients?.Final ?? default);

        for (int block = Depth - 1; block >= 0; block--)
        {
            if (_blocks.Recomputes && block < Depth - 1)
            {
                Recompute(block);
            }

            MlpBackward(block);
            AttentionBackward(block);
        }

        _device.Scope = new OpScope(_plan.Scope + 1, -1);
        if (Gradients is not null)
        {
            _weights.PatchEmbedding.Backward(_device, _scratch.X, _scratch.Patches, default);
            Gradients.Backward(_device, _weights, _memory.TimeEmbedding, _memory.Labels, _modulations);
        }
    }

    /// <summary>A block's forward again, from the stream that entered it; what it adds at its end is there already.</summary>
    private void Recompute(int block)
    {
        bool hasAttention = _plan.Branches[2 * block].IsComputed;
        var x = new ResidualStream(_device, hasAttention ? _blocks.Attention[block].X : _blocks.Mlp[block].X, default);
        if (hasAttention)
        {
            Attention(x, block);
            Contribute(x, block, ModulationPart.AttentionGate);
        }

        Mlp(x, block);
    }

    private void MlpBackward(int block)
    {
        (DitBlockWeights w, MlpTape t) = (_weights.Blocks[block], _blocks.Mlp[block]);
        if (!BranchBackward(block, ModulationPart.MlpGate))
        {
            return;
        }

        w.Fc2.Backward(_device, _scratch.Branch, t.Activated, _scratch.Hidden);                                     // [B,T,4C]
        _device.ActivateBackward(_scratch.Hidden, t.Hidden, _scratch.Hidden, Activation.GeluTanh);
        w.Fc1.Backward(_device, _scratch.Hidden, t.Normed, _scratch.Normed);                                        // [B,T,C]
        NormBackward(t.X, block, ModulationPart.MlpShiftScale);
    }

    private void AttentionBackward(int block)
    {
        (DitBlockWeights w, AttentionTape t) = (_weights.Blocks[block], _blocks.Attention[block]);
        if (!BranchBackward(block, ModulationPart.AttentionGate))
        {
            return;
        }

        w.Projection.Backward(_device, _scratch.Branch, t.Heads, _scratch.Heads);                                   // [B,T,C]
        _device.AttentionBackward(t.Qkv, _scratch.Heads, _scratch.Qkv, _model.Architecture.Heads);                  // [B,T,3C]
        w.Qkv.Backward(_device, _scratch.Qkv, t.Normed, _scratch.Normed);                                           // [B,T,C]
        NormBackward(t.X, block, ModulationPart.AttentionShiftScale);
    }

    /// <summary>
    /// From the stream's gradient to that of a branch's fresh output, in the scratch's branch, by way of its gate and factors. Returns whether the
    /// branch was computed, so that the gradient goes on.
    /// </summary>
    private bool BranchBackward(int block, ModulationPart gate)
    {
        BranchPlan branch = _plan.Branches[gate.Branch(block)];
        _device.Scope = _device.Scope with { Branch = gate.Branch(block) };
        Tensor dGate = Gradients?.Part(block, gate) ?? default;
        if (branch.IsComputed || !branch.SlopeGradient.IsNone || !dGate.IsNone)
        {
            ResidualTermGradient[] wanted = Array.ConvertAll(branch.Terms, term => new ResidualTermGradient(
                branch.IsComputed && term.Source == branch.Output ? _scratch.Branch : default, term.Slope));
            _device.ResidualTermBackward(_scratch.X, branch.Gated(Modulation(block, gate)), wanted, dGate, branch.SlopeGradient);
        }

        return branch.IsComputed;
    }

    private void NormBackward(Tensor x, int block, ModulationPart part) =>
        NormBackward(x, Norm(block, part), _scratch.X, Gradients?.Part(block, part) ?? default);

    /// <summary>Adds to the stream's gradient what comes through a norm, from the scratch's normalised stream.</summary>
    private void NormBackward(Tensor x, Norm norm, Tensor dxIn, Tensor dShiftScale)
    {
        int c = _model.Architecture.HiddenSize;
        (Tensor dShift, Tensor dScale) = dShiftScale.IsNone ? (default, default) : (dShiftScale.SliceColumns(0, c), dShiftScale.SliceColumns(c, c));
        _device.NormBackward(x, norm, _scratch.Normed, dxIn, _scratch.X, dScale, dShift);
    }
}
