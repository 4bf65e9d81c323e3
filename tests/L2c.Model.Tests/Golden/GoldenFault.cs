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
}

/// <summary>A CPU device whose residual additions forget the gate.</summary>
internal sealed class GateDroppingDevice : CpuDevice
{
    protected override void ResidualNormCore(Tensor xIn, ReadOnlySpan<ResidualTerm> terms, Tensor xOut, Norm norm, Tensor y)
    {
        var ungated = new ResidualTerm[terms.Length];
        for (int i = 0; i < terms.Length; i++)
        {
            ungated[i] = new ResidualTerm(terms[i].Branch);
        }

        base.ResidualNormCore(xIn, ungated, xOut, norm, y);
    }
}
