namespace L2c.Model.Metrics;

/// <summary>A Fréchet distance and what it is made of.</summary>
/// <param name="Mean">|μ - μ'|².</param>
/// <param name="Trace">Tr Σ of the set.</param>
/// <param name="ReferenceTrace">Tr Σ' of the reference.</param>
/// <param name="RootTrace">Tr (Σ Σ')^½.</param>
public sealed record FrechetTerms(double Mean, double Trace, double ReferenceTrace, double RootTrace)
{
    /// <summary>The distance, which is a square. Not clamped: of equal sets, rounding leaves some 1e-14 of the traces, of either sign.</summary>
    public double Distance => Mean + Trace + ReferenceTrace - (2 * RootTrace);
}
