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
    /// <summary>x + gate * gate * branch.</summary>
    GateTwice,
    /// <summary>A forecast whose two latest outputs have each other's weight.</summary>
    WeightsSwapped,
    /// <summary>A forecast that takes the output of the refresh before the last one for the last one's.</summary>
    WrongRefresh,
    /// <summary>FORA's refreshes counted from the first evaluation.</summary>
    AnchoredAtTheFirst,
    /// <summary>Long skips read first in, first out.</summary>
    SkipsInWrongOrder,
    /// <summary>The rows of label and time decoded as patches, and the last patches left out.</summary>
    TokenRowsLeftIn,
    /// <summary>The unconditional half in the conditional one's place, and the other way round.</summary>
    GuidanceHalvesExchanged,
    /// <summary>Of a solver step the midpoint's evaluation reuses, and the one before it refreshes.</summary>
    RolesWithinStepExchanged,
    /// <summary>Times of a solver in double precision, so that 0.5005 is timestep 500, not 501.</summary>
    GridInDoublePrecision,
    /// <summary>SmoothCache's errors of all evaluations that would reuse added up and compared with the threshold.</summary>
    ErrorsAddedUp,
    /// <summary>SmoothCache's difference divided by the earlier output.</summary>
    DividedByTheEarlier,
    /// <summary>SmoothCache's difference from the evaluation right before, whatever the distance.</summary>
    DistanceOne,
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

/// <summary>A CPU device that multiplies every branch by its gate twice.</summary>
internal sealed class GateDoublingDevice : CpuDevice
{
    private readonly List<Arena> _arenas = [];

    protected override void ResidualNormCore(Tensor xIn, ReadOnlySpan<ResidualTerm> terms, Tensor xOut, Norm norm, Tensor y)
    {
        List<ResidualTerm> gated = [];
        for (int first = 0, next; first < terms.Length; first = next)
        {
            for (next = first + 1; next < terms.Length && terms[next].Joins; next++)
            {
            }

            (int rows, int tokens, int columns) = (terms[first].Source.Shape[0], terms[first].Source.Shape[1], terms[first].Source.Columns);
            (Arena arena, Tensor[] own) = Arena.Carve(
                this, "gated", carved => (Tensor[])[carved.Take(rows, tokens, columns), carved.Take(rows, tokens, columns)]);
            _arenas.Add(arena);
            Tensor source = terms[first].Source;
            base.ResidualNormCore(source, [new ResidualTerm(source, Weight: -1)], own[0], Norm.None, default); // zeros
            base.ResidualNormCore(own[0], terms[first..next], own[1], Norm.None, default);
            gated.Add(new ResidualTerm(own[1], terms[first].Gate));
        }

        base.ResidualNormCore(xIn, gated.ToArray(), xOut, norm, y);
    }

    protected override void Dispose(bool disposing)
    {
        _arenas.ForEach(arena => arena.Dispose());
        base.Dispose(disposing);
    }
}

/// <summary>A CPU device that gives each of two joined terms the other's scalar.</summary>
internal sealed class ScalarSwappingDevice : CpuDevice
{
    protected override void ResidualNormCore(Tensor xIn, ReadOnlySpan<ResidualTerm> terms, Tensor xOut, Norm norm, Tensor y) =>
        base.ResidualNormCore(xIn, Swapped(terms), xOut, norm, y);

    protected override void ResidualTermBackwardCore(
        Tensor dx, ReadOnlySpan<ResidualTerm> branch, ReadOnlySpan<ResidualTermGradient> gradients, Tensor dGate, Tensor dScalar)
    {
        ResidualTermGradient[] swapped = gradients.ToArray();
        if (swapped is [var first, var second])
        {
            swapped = [first with { Slope = second.Slope }, second with { Slope = first.Slope }];
        }

        base.ResidualTermBackwardCore(dx, Swapped(branch), swapped, dGate, dScalar);
    }

    private static ResidualTerm[] Swapped(ReadOnlySpan<ResidualTerm> terms)
    {
        ResidualTerm[] swapped = terms.ToArray();
        for (int i = 1; i < swapped.Length; i++)
        {
            if (swapped[i].Joins)
            {
                (swapped[i - 1], swapped[i]) =
                    (swapped[i - 1] with { Scalar = swapped[i].Scalar }, swapped[i] with { Scalar = swapped[i - 1].Scalar });
            }
        }

        return swapped;
    }
}

/// <summary>A CPU device whose joins read the long skips of a U-ViT in the order in which they were written.</summary>
/// <remarks>Skips are the streams that a pass writes once: the working memory of the stream is written again and again before the first join.</remarks>
internal sealed class SkipReversingDevice : CpuDevice
{
    private readonly List<Tensor> _written = [];
    private Tensor[]? _skips;
    private int _joins;

    protected override void PatchifyCore(Tensor image, Tensor patches, int patchSize, int leadingTokens)
    {
        _written.Clear();
        (_skips, _joins) = (null, 0);
        base.PatchifyCore(image, patches, patchSize, leadingTokens);
    }

    protected override void ResidualNormCore(Tensor xIn, ReadOnlySpan<ResidualTerm> terms, Tensor xOut, Norm norm, Tensor y)
    {
        _written.Add(xOut);
        base.ResidualNormCore(xIn, terms, xOut, norm, y);
    }

    protected override void LinearCore(Tensor x, Matrix weight, Tensor bias, Tensor y, Activation activation, bool accumulates)
    {
        if (accumulates)
        {
            _skips ??= [.. _written.Where(tensor => !tensor.IsNone).GroupBy(tensor => tensor.Address).Where(g => g.Count() == 1).Select(g => g.First())];
            x = _skips[_joins++];
        }

        base.LinearCore(x, weight, bias, y, activation, accumulates);
    }
}

/// <summary>A CPU device that decodes an image from its first rows, whatever comes before its patches.</summary>
internal sealed unsafe class TokenDecodingDevice : CpuDevice
{
    protected override void UnpatchifyCore(Tensor tokens, Tensor image, int patchSize, int leadingTokens)
    {
        long row = (long)tokens.Columns * sizeof(float);
        for (int b = 0; b < tokens.Shape[0]; b++)
        {
            float* first = (float*)tokens.Address + ((long)b * tokens.Shape[1] * tokens.Columns);
            long kept = (tokens.Shape[1] - leadingTokens) * row;
            Buffer.MemoryCopy(first, first + ((long)leadingTokens * tokens.Columns), kept, kept);
        }

        base.UnpatchifyCore(tokens, image, patchSize, leadingTokens);
    }
}
