using L2c.Kernels;

namespace L2c.Model.Networks.Dit;

/// <summary>
/// One evaluation of a DiT while it is being enqueued. A block is adaLN-Zero: x += gate * Attn(mod(LN(x))), x += gate * Mlp(mod(LN(x))); a branch
/// that is not computed leaves out all but the addition.
/// </summary>
/// <remarks>
/// Each residual addition is fused with the norm that follows it, so a block ends with its MLP's contribution pending in the stream.
/// Source: Peebles and Xie 2023, section 3.2; DiT models.py, DiTBlock. Reuse: Learning-to-Cache, section 3; what is reused is the output before the
/// gate. A student's blend: equation 5.
/// </remarks>
internal sealed partial class DitPass
{
    /// <summary>Epsilon of every LN in DiT.</summary>
    public const float LayerNormEpsilon = 1e-6f;

    private readonly Device _device;
    private readonly DitModel _model;
    private readonly DitWeights _weights;
    private readonly DitMemory _memory;
    private readonly DitModulations _modulations;
    private readonly DitActivations _scratch;
    private readonly DitTape _blocks;
    private readonly EvaluationPlan _plan;
    private readonly ForwardTap? _tap;

    /// <param name="model">The network.</param>
    /// <param name="memory">With the evaluation's modulations.</param>
    /// <param name="plan">What is computed and contributed.</param>
    /// <param name="tap">Sees every stage, or null.</param>
    public DitPass(DitModel model, DitMemory memory, EvaluationPlan plan, ForwardTap? tap)
    {
        (_device, _model, _weights, _memory, _plan, _tap) = (model.Device, model, model.Weights, memory, plan, tap);
        _modulations = memory.Modulations[plan.Evaluation / memory.GroupSize];
        (_scratch, _blocks) = (memory.Activations, memory.Blocks(plan.HasBackward));
    }

    private int Depth => _weights.Blocks.Length;

    /// <summary>The norm before the final layer.</summary>
    private Norm FinalNorm => DitModulations.Modulated(_modulations.Final(InGroup));

    private int InGroup => _plan.Evaluation % _memory.GroupSize;

    /// <summary>Enqueues the forward pass.</summary>
    /// <param name="image">[N,C_in,H,W].</param>
    /// <param name="output">[B,C_out,H,W].</param>
    public void Forward(Tensor image, Tensor output)
    {
        int patch = _model.Architecture.PatchSize;
        _device.Scope = new OpScope(_plan.Scope, -1);
        _device.Patchify(image, _scratch.Patches, patch);                                                           // [B,T,C_in P P]
        Linear(_scratch.Patches, _weights.PatchEmbedding, _scratch.Heads);                                          // [B,T,C]
        _tap?.Invoke("patch_embed_out", _scratch.Heads);

        var x = new ResidualStream(_device, _weights.Positions, _scratch.X, _plan.Switches.FuseSkips);
        x.Add(_scratch.Heads);
        for (int block = 0; block < Depth; block++)
        {
            Attention(x, block);
            Contribute(x, block, ModulationPart.AttentionGate);
            Mlp(x, block);
            Contribute(x, block, ModulationPart.MlpGate);
        }

        _device.Scope = new OpScope(_plan.Scope, -1);
        Tensor last = _tap is null ? _blocks.FinalX : _scratch.X;
        x.Normalise(FinalNorm, _blocks.FinalNormed, last);                                                          // [B,T,C]
        _tap?.Invoke($"block{Depth - 1}.out", last);
        Linear(_blocks.FinalNormed, _weights.FinalLinear, _scratch.PatchOutputs);                                   // [B,T,P P C_out]
        _tap?.Invoke("final_layer_out", _scratch.PatchOutputs);
        _device.Unpatchify(_scratch.PatchOutputs, output, patch);                                                   // [B,C_out,H,W]
        _tap?.Invoke("out", output);
    }

    private void Attention(ResidualStream x, int block)
    {
        (DitBlockWeights w, AttentionTape t, BranchPlan branch) = (_weights.Blocks[block], _blocks.Attention[block], _plan.Branches[2 * block]);
        if (!Enter(x, block, ModulationPart.AttentionShiftScale, branch, t.Normed, t.X))
        {
            return;
        }

        _tap?.Invoke(block == 0 ? "tokens_in" : $"block{block - 1}.out", t.X);
        Linear(t.Normed, w.Qkv, t.Qkv);                                                                             // [B,T,3C]
        _device.Attention(t.Qkv, t.Heads, _model.Architecture.Heads);                                               // [B,T,C]
        Linear(t.Heads, w.Projection, branch.Output);                                                               // [B,T,C]
        _tap?.Invoke($"block{block}.attn_out", branch.Output);
    }

    private void Mlp(ResidualStream x, int block)
    {
        (DitBlockWeights w, MlpTape t, BranchPlan branch) = (_weights.Blocks[block], _blocks.Mlp[block], _plan.Branches[(2 * block) + 1]);
        if (!Enter(x, block, ModulationPart.MlpShiftScale, branch, t.Normed, t.X))
        {
            return;
        }

        if (t.Hidden.IsNone)
        {
            _device.Linear(t.Normed, w.Fc1.Weight, w.Fc1.Bias, t.Activated, Activation.GeluTanh);                   // [B,T,4C]
        }
        else
        {
            Linear(t.Normed, w.Fc1, t.Hidden);                                                                      // [B,T,4C]
            _device.Activate(t.Hidden, t.Activated, Activation.GeluTanh);
        }

        Linear(t.Activated, w.Fc2, branch.Output);                                                                  // [B,T,C]
        _tap?.Invoke($"block{block}.mlp_out", branch.Output);
    }

    /// <summary>Enqueues a branch's norm if the branch is computed, and returns whether it is.</summary>
    private bool Enter(ResidualStream x, int block, ModulationPart part, BranchPlan branch, Tensor normed, Tensor stream)
    {
        _device.Scope = _device.Scope with { Branch = part.Branch(block) };
        if (branch.IsComputed || !_plan.Switches.SkipUnused)
        {
            x.Normalise(Norm(block, part), normed, stream);                                                         // [B,T,C]
        }

        return branch.IsComputed;
    }

    private void Contribute(ResidualStream x, int block, ModulationPart gate) =>
        x.Add(_plan.Branches[gate.Branch(block)].Gated(Modulation(block, gate)));

    /// <summary>A part of a block's modulation in this evaluation, [R, width].</summary>
    private Tensor Modulation(int block, ModulationPart part) => _modulations.Part(InGroup, block, part);

    /// <summary>The norm before a branch, of a shift and scale.</summary>
    private Norm Norm(int block, ModulationPart part) => DitModulations.Modulated(Modulation(block, part));

    private void Linear(Tensor x, LinearWeights w, Tensor y) => _device.Linear(x, w.Weight, w.Bias, y);
}
