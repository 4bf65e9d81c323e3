using L2c.Kernels;

namespace L2c.Model.Tests.Golden;

/// <summary>A deliberate fault that the recorded data must reject.</summary>
public enum GoldenFault
{
    None,
    /// <summary>x + branch instead of x + gate * branch.</summary>
    GateDropped,
    /// <summary>Guidance on all channels where the published code guides three.</summary>
    GuidanceOnAllChannels,
    /// <summary>Respaced timesteps rounded half up instead of half to even.</summary>
    SpacingHalfUp,
    /// <summary>DDPM with the fixed variance although the network predicts one.</summary>
    LearnedVarianceIgnored,
    /// <summary>The row before the null class used in its place.</summary>
    NullClassOffByOne,
    /// <summary>Router training with twice the weight of the penalty.</summary>
    LambdaDoubled,
    /// <summary>Router training whose logits have no bound.</summary>
    ClampMissing,
    /// <summary>AdamW stepping routers that received no gradient, with a gradient of zero.</summary>
    IdleRoutersStepped,
    /// <summary>w cached + (1 - w) fresh.</summary>
    CachedAndFreshSwapped,
}

/// <summary>A CPU device whose residual additions forget the gate.</summary>
internal sealed class GateDroppingDevice : CpuDevice
{
    protected override void ResidualNormCore(Tensor xIn, ReadOnlySpan<ResidualTerm> terms, Tensor xOut, Norm norm, Tensor y)
    {
        var ungated = new ResidualTerm[terms.Length];
        for (int i = 0; i < terms.Length; i++)
        {
            ungated[i] = terms[i] with { Gate = default };
        }

        base.ResidualNormCore(xIn, ungated, xOut, norm, y);
    }
}

/// <summary>A CPU device that blends the other way round.</summary>
internal sealed class BlendSwappingDevice : CpuDevice
{
    protected override void BlendCore(Tensor fresh, Tensor cached, Tensor weight, Tensor blended) => base.BlendCore(cached, fresh, weight, blended);

    protected override void BlendBackwardCore(Tensor d, Tensor fresh, Tensor cached, Tensor weight, Tensor dFresh, Tensor dWeight) =>
        base.BlendBackwardCore(d, cached, fresh, weight, dFresh, dWeight);
}
