using L2c.Kernels;
using L2c.Model.Caching;

namespace L2c.Model.Dit;

/// <summary>
/// One adaLN-Zero block: x += gate * Attn(mod(LN(x))), x += gate * Mlp(mod(LN(x))); a branch that is not computed leaves out all but the addition.
/// </summary>
/// <remarks>
/// Each residual addition is fused with the norm that follows it, so a block ends with its MLP's output pending in the stream.
/// Source: Peebles and Xie 2023, section 3.2; DiT models.py, DiTBlock. Reuse: Learning-to-Cache, section 3; what is reused is the output before the
/// gate.
/// </remarks>
internal static class DitBlock
{
    /// <summary>Epsilon of every LN in DiT.</summary>
    public const float LayerNormEpsilon = 1e-6f;

    /// <summary>Enqueues the block.</summary>
    /// <param name="device">Where ops go.</param>
    /// <param name="w">The block's weights.</param>
    /// <param name="plan">What is computed, and this evaluation's modulations.</param>
    /// <param name="block">Which block this is.</param>
    /// <param name="heads">H.</param>
    /// <param name="x">The stream, [B,T,C].</param>
    /// <param name="a">Buffers.</param>
    /// <param name="tap">Sees the stream as it enters and the branches' outputs before their gates, or null.</param>
    public static void Forward(
        Device device, DitBlockWeights w, ForwardPlan plan, int block, int heads, ResidualStream x, DitActivations a, ForwardTap? tap)
    {
        BranchPlan attention = plan.Branches[2 * block], mlp = plan.Branches[(2 * block) + 1];

        device.Scope = new OpScope(plan.Evaluation, 2 * block);
        if (attention.Action == BranchAction.Compute)
        {
            Tensor entering = x.Normalise(plan.Norm(block, ModulationPart.AttentionShiftScale), a.Normed);   // [B,T,C]
            tap?.Invoke(block == 0 ? "tokens_in" : $"block{block - 1}.out", entering);
            device.Linear(a.Normed, w.Qkv.Weight, w.Qkv.Bias, a.Qkv);                                              // [B,T,3C]
            device.Attention(a.Qkv, a.Heads, heads);                                                               // [B,T,C]
            device.Linear(a.Heads, w.Projection.Weight, w.Projection.Bias, attention.Output);                      // [B,T,C]
            tap?.Invoke($"block{block}.attn_out", attention.Output);
        }

        Contribute(attention, ModulationPart.AttentionShiftScale, ModulationPart.AttentionGate);

        device.Scope = new OpScope(plan.Evaluation, (2 * block) + 1);
        if (mlp.Action == BranchAction.Compute)
        {
            x.Normalise(plan.Norm(block, ModulationPart.MlpShiftScale), a.Normed);                           // [B,T,C]
            device.Linear(a.Normed, w.Fc1.Weight, w.Fc1.Bias, a.Hidden, Activation.GeluTanh);                      // [B,T,4C]
            device.Linear(a.Hidden, w.Fc2.Weight, w.Fc2.Bias, mlp.Output);                                         // [B,T,C]
            tap?.Invoke($"block{block}.mlp_out", mlp.Output);
        }

        Contribute(mlp, ModulationPart.MlpShiftScale, ModulationPart.MlpGate);

        void Contribute(BranchPlan branch, ModulationPart shiftScale, ModulationPart gate)
        {
            if (branch.Action != BranchAction.Compute && !plan.SkipUnusedNorms)
            {
                x.Normalise(plan.Norm(block, shiftScale), a.Normed);
            }

            if (branch.Action != BranchAction.Drop)
            {
                x.Add(branch.Output, plan.Modulation(block, gate));
            }
        }
    }
}
