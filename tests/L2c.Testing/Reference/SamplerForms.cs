using L2c.Kernels;

namespace L2c.Testing;

/// <summary>The arguments of <see cref="Device.SamplerUpdate"/> in the words of the reference.</summary>
public static class SamplerForms
{
    /// <summary>As the reference names a state.</summary>
    public static string Name(SamplerState state) => state.ToString().ToLowerInvariant();

    /// <summary>The prediction's numbers.</summary>
    public static ReferencePrediction Of(in SamplerPrediction p) => new(
        Name(p.Input), p.InputToX0, p.EpsToX0, p.LearnedVariance ? (p.MinLogVariance, p.MaxLogVariance) : null, p.ClipX0);

    /// <summary>The terms whose weight is not 0, in the documented order.</summary>
    public static ReferenceUpdate Of(LinearUpdate u)
    {
        (string, float)[] terms =
            [("x0", u.X0), ("eps", u.Eps), ("x", u.X), ("u", u.U), ("h1", u.H1), ("h2", u.H2), ("h3", u.H3), ("noise", u.Noise)];
        return new ReferenceUpdate(Name(u.Target), [.. terms.Where(term => term.Item2 != 0)]);
    }
}
