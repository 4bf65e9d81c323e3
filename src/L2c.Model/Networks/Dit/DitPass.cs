using L2c.Kernels;

namespace L2c.Model.Networks.Dit;

/// <summary>One evaluation of a DiT while it is being enqueued: its blocks are adaLN-Zero, LN without affine, then a shift, scale and gate of time and
/// label.</summary>
/// <remarks>Source: Peebles and Xie 2023, section 3.2; DiT models.py, DiTBlock.</remarks>
internal sealed class DitPass : TransformerPass
{
    /// <summary>Epsilon of every LN in DiT.</summary>
    public const float LayerNormEpsilon = 1e-6f;

    private readonly DitWeights _weights;
    private readonly DitMemory _memory;
    private readonly DitModulations _modulations;

    /// <param name="model">The network.</param>
    /// <param name="memory">With the evaluation's modulations.</param>
    /// <param name="plan">What is computed and contributed.</param>
    /// <param name="tap">Sees every stage, or null.</param>
    public DitPass(DitModel model, DitMemory memory, EvaluationPlan plan, ForwardTap? tap)
        : base(model, model.Weights.Blocks, Activation.GeluTanh, memory.Activations, memory.Blocks(plan.HasBackward), plan, tap)
    {
        (_weights, _memory) = (model.Weights, memory);
        _modulations = memory.Modulations[plan.Evaluation / memory.GroupSize];
    }

    private DitModulationGradients? Gradients => _memory.Gradients;

    /// <summary>The norm before the final layer.</summary>
    private Norm FinalNorm => DitModulations.Modulated(_modulations.Final(InGroup));

    private int InGroup => Plan.Evaluation % _memory.GroupSize;

    /// <summary>Enqueues the forward pass.</summary>
    /// <param name="image">[N,C_in,H,W].</param>
    /// <param name="output">[B,C_out,H,W].</param>
    public void Forward(Tensor image, Tensor output)
    {
        int patch = Network.Architecture.PatchSize;
        LeaveBranches(Plan.Scope);
        Device.Patchify(image, Scratch.Patches, patch);                                                             // [B,T,C_in P P]
        Linear(Scratch.Patches, _weights.PatchEmbedding, Scratch.Heads);                                            // [B,T,C]
        Tap?.Invoke("patch_embed_out", Scratch.Heads);

        var x = new ResidualStream(Device, _weights.Positions, Scratch.X, Plan.Switches.FuseSkips);
        x.Add(Scratch.Heads);
        for (int block = 0; block < BlockCount; block++)
        {
            Block(x, block);
        }

        LeaveBranches(Plan.Scope);
        Tensor last = Tap is null ? Blocks.FinalX : Scratch.X;
        x.Normalise(FinalNorm, Blocks.FinalNormed, last);                                                           // [B,T,C]
        Tap?.Invoke($"block{BlockCount - 1}.out", last);
        Linear(Blocks.FinalNormed, _weights.FinalLinear, Scratch.PatchOutputs);                                     // [B,T,P P C_out]
        Tap?.Invoke("final_layer_out", Scratch.PatchOutputs);
        Device.Unpatchify(Scratch.PatchOutputs, output, patch);                                                     // [B,C_out,H,W]
        Tap?.Invoke("out", output);
    }

    /// <summary>Enqueues the backward pass.</summary>
    /// <param name="dOutput">[B,C_out,H,W].</param>
    public void Backward(Tensor dOutput)
    {
        LeaveBranches(Plan.Scope + 1);
        Device.UnpatchifyBackward(dOutput, Scratch.PatchOutputs, Network.Architecture.PatchSize);                   // [B,T,P P C_out]
        _weights.FinalLinear.Backward(Device, Scratch.PatchOutputs, Blocks.FinalNormed, Scratch.Normed);            // [B,T,C]
        NormBackward(Blocks.FinalX, FinalNorm, default, Gradients?.Final ?? default);
        for (int block = BlockCount - 1; block >= 0; block--)
        {
            BlockBackward(block);
        }

        LeaveBranches(Plan.Scope + 1);
        if (Gradients is not null)
        {
            _weights.PatchEmbedding.Backward(Device, StreamGradient, Scratch.Patches, default);
            Gradients.Backward(Device, _weights, _memory.TimeEmbedding, _memory.Labels, _modulations);
        }
    }

    /// <inheritdoc/>
    protected override Norm NormOf(int branch) =>
        DitModulations.Modulated(_modulations.Part(InGroup, branch / 2, ModulationParts.ShiftScaleOf(branch)));

    /// <inheritdoc/>
    protected override Tensor GateOf(int branch) => _modulations.Part(InGroup, branch / 2, ModulationParts.GateOf(branch));

    /// <inheritdoc/>
    protected override Tensor GateGradient(int branch) => Gradients?.Part(branch / 2, ModulationParts.GateOf(branch)) ?? default;

    /// <inheritdoc/>
    protected override Tensor NormGradient(int branch) => Gradients?.Part(branch / 2, ModulationParts.ShiftScaleOf(branch)) ?? default;
}
