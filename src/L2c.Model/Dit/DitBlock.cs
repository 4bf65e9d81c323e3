using L2c.Kernels;

namespace L2c.Model.Dit;

/// <summary>One adaLN-Zero block: x += gate * Attn(mod(LN(x))), x += gate * Mlp(mod(LN(x))).</summary>
/// <remarks>
/// Each residual addition is fused with the norm that follows it, so a block ends with its MLP's output pending in the stream.
/// Source: Peebles and Xie 2023, section 3.2; DiT models.py, DiTBlock.
/// </remarks>
internal static class DitBlock
{
    /// <summary>Epsilon of every LN in DiT.</summary>
    public const float LayerNormEpsilon = 1e-6f;

    /// <summary>Enqueues the block.</summary>
    /// <param name="device">Where ops go.</param>
    /// <param name="w">The block's weights.</param>
    /// <param name="m">The block's modulation of this evaluation.</param>
    /// <param name="heads">H.</param>
    /// <param name="x">The stream, [B,T,C].</param>
    /// <param name="a">Buffers.</param>
    /// <param name="index">Which block this is, for the tap.</param>
    /// <param name="tap">Sees the stream as it enters and the branches' outputs before their gates, or null.</param>
    public static void Forward(Device device, DitBlockWeights w, in BlockModulation m, int heads, ResidualStream x, DitActivations a, int index, ForwardTap? tap)
    {
        Tensor entering = x.Normalise(Norm.Modulated(m.ScaleAttention, m.ShiftAttention, LayerNormEpsilon), a.Normed);  // [B,T,C]
        tap?.Invoke(index == 0 ? "tokens_in" : $"block{index - 1}.out", entering);
        device.Linear(a.Normed, w.Qkv.Weight, w.Qkv.Bias, a.Qkv);                                     // [B,T,3C]
        device.Attention(a.Qkv, a.Heads, heads);                                                      // [B,T,C]
        device.Linear(a.Heads, w.Projection.Weight, w.Projection.Bias, a.Branch);                     // [B,T,C]
        tap?.Invoke($"block{index}.attn_out", a.Branch);
        x.Add(a.Branch, m.GateAttention);

        x.Normalise(Norm.Modulated(m.ScaleMlp, m.ShiftMlp, LayerNormEpsilon), a.Normed);              // [B,T,C]
        device.Linear(a.Normed, w.Fc1.Weight, w.Fc1.Bias, a.Hidden, Activation.GeluTanh);             // [B,T,4C]
        device.Linear(a.Hidden, w.Fc2.Weight, w.Fc2.Bias, a.Branch);                                  // [B,T,C]
        tap?.Invoke($"block{index}.mlp_out", a.Branch);
        x.Add(a.Branch, m.GateMlp);
    }
}
