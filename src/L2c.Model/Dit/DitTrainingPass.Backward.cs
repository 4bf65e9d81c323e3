using L2c.Kernels;

namespace L2c.Model.Dit;

/// <summary>The backward pass: <see cref="Forward"/> from its last op to its first, each with its gradient.</summary>
/// <remarks>
/// d of the stream lives in one buffer from the last norm to the first, since an addition hands it on and a norm adds to it. The scratch that the
/// forward's inner values used takes their gradients.
/// </remarks>
internal sealed partial class DitTrainingPass
{
    /// <summary>Enqueues the backward pass: gradients of the blending weights, or of all that is trained but the modulations' maps.</summary>
    /// <param name="dOutput">[B,C_out,H,W].</param>
    public void Backward(Tensor dOutput)
    {
        Tensor dx = _scratch.X;
        _device.Scope = new OpScope(_backwardScope, -1);
        _device.UnpatchifyBackward(dOutput, _scratch.PatchOutputs, _architecture.PatchSize);                        // [B,T,P P C_out]
        _weights.FinalLinear.Backward(_device, _scratch.PatchOutputs, _tape.FinalNormed, _scratch.Normed);          // [B,T,C]
        NormBackward(_tape.FinalX, _modulations.FinalNorm, default, _gradients?.Final ?? default);

        for (int block = Blocks - 1; block >= 0; block--)
        {
            if (_tape.Recomputes && block < Blocks - 1)
            {
                Recompute(block);
            }

            MlpBackward(block);
            AttentionBackward(block);
        }

        _device.Scope = new OpScope(_backwardScope, -1);
        if (_cached is null)
        {
            _weights.PatchEmbedding.Backward(_device, dx, _scratch.Patches, default);
        }
    }

    private void MlpBackward(int block)
    {
        (DitBlockWeights w, MlpTape t) = (_weights.Blocks[block], _tape.Mlp[block]);
        _device.Scope = _device.Scope with { Branch = (2 * block) + 1 };
        BranchBackward(block, ModulationPart.MlpGate, t.Output);
        w.Fc2.Backward(_device, _scratch.Branch, t.Activated, _scratch.Hidden);                                     // [B,T,4C]
        _device.ActivateBackward(_scratch.Hidden, t.Hidden, _scratch.Hidden, Activation.GeluTanh);
        w.Fc1.Backward(_device, _scratch.Hidden, t.Normed, _scratch.Normed);                                        // [B,T,C]
        NormBackward(t.X, block, ModulationPart.MlpShiftScale);
    }

    private void AttentionBackward(int block)
    {
        (DitBlockWeights w, AttentionTape t) = (_weights.Blocks[block], _tape.Attention[block]);
        _device.Scope = _device.Scope with { Branch = 2 * block };
        BranchBackward(block, ModulationPart.AttentionGate, t.Output);
        if (block == 0 && _cached is not null)
        {
            return;
        }

        w.Projection.Backward(_device, _scratch.Branch, t.Heads, _scratch.Heads);                                   // [B,T,C]
        _device.AttentionBackward(t.Qkv, _scratch.Heads, _scratch.Qkv, _architecture.Heads);                        // [B,T,3C]
        w.Qkv.Backward(_device, _scratch.Qkv, t.Normed, _scratch.Normed);                                           // [B,T,C]
        NormBackward(t.X, block, ModulationPart.AttentionShiftScale);
    }

    /// <summary>From the stream's gradient to that of a branch's output, in the scratch's branch, by way of the gate and the blending.</summary>
    private void BranchBackward(int block, ModulationPart gate, Tensor output)
    {
        int branch = gate.Branch(block);
        Tensor d = _scratch.Branch, dGate = _gradients?.Part(block, gate) ?? default;
        _device.ResidualTermBackward(_scratch.X, new ResidualTerm(output, _modulations.Modulation(block, gate)), d, dGate);
        if (_cached is not null)
        {
            _device.BlendBackward(
                d, output, _cached.Outputs[branch], _cached.Weight(branch), branch == 0 ? default : d, _cached.WeightGradient(branch));
        }
    }

    private void NormBackward(Tensor x, int block, ModulationPart part) =>
        NormBackward(x, _modulations.Norm(block, part), _scratch.X, _gradients?.Part(block, part) ?? default);

    /// <summary>Adds to the stream's gradient what comes through a norm, from the scratch's normalised stream.</summary>
    private void NormBackward(Tensor x, Norm norm, Tensor dxIn, Tensor dShiftScale)
    {
        int c = _architecture.HiddenSize;
        (Tensor dShift, Tensor dScale) = dShiftScale.IsNone ? (default, default) : (dShiftScale.SliceColumns(0, c), dShiftScale.SliceColumns(c, c));
        _device.NormBackward(x, norm, _scratch.Normed, dxIn, _scratch.X, dScale, dShift);
    }
}
