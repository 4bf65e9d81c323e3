using L2c.Kernels;
using L2c.Model.Caching;
using static L2c.Kernels.SamplerState;

namespace L2c.Model.Samplers;

/// <summary>The multistep DPM-Solvers: one evaluation per step, and the predictions of the one or two evaluations before it.</summary>
/// <remarks>
/// Source: Lu et al. 2022, DPM-Solver++, algorithm 2, for order 2; its authors' code for order 3. Both begin with a step of order 1. Everything is fp32.
/// </remarks>
public static class DpmSolverPlusPlus
{
    /// <summary>A table of order 2 or 3.</summary>
    /// <param name="name">One of <see cref="SamplerCatalog.Names"/>.</param>
    /// <param name="order">2 or 3.</param>
    /// <param name="model">What is extrapolated.</param>
    /// <param name="t">The times of the evaluations and the end, descending; see <see cref="TimeGrid.Times"/>.</param>
    public static SamplerTable Table(string name, int order, SolverModel model, IReadOnlyList<float> t) =>
        new(name, [.. Enumerable.Range(0, t.Count - 1).Select(i => order switch
        {
            2 => Second(model, t, i),
            3 => Third(model, t, i),
            _ => throw new ArgumentOutOfRangeException(nameof(order), order, "order of a multistep DPM-Solver must be 2 or 3"),
        })]);

    /// <summary>x_t = A_t/A_s x - B_t φ1 D, D = (1 + 1/(2r)) m0 - 1/(2r) m1, r = h'/h; h' is the distance in λ of the step before.</summary>
    private static SamplerEvaluation Second(SolverModel model, IReadOnlyList<float> t, int i)
    {
        float h = H(model, t, i), factor = -model.B(t[i + 1]) * SolverModel.Phi1(model.K(h));
        float share = i == 0 ? 0 : 0.5f * h / H(model, t, i - 1);
        return Row(model, t, i, newer: H1, kept: H1, factor * (1 + share), -factor * share, 0);
    }

    /// <summary>x_t = A_t/A_s x - B_t (φ1 m0 + φ2 D1 + φ3 D2), φ1 = e^k - 1, φ2 = φ1/k - 1, φ3 = φ2/k - 1/2;
    /// <code>
    /// D1 = d10 + r0/(r0 + r1) (d10 - d11), D2 = (d10 - d11)/(r0 + r1)     d10 = (m0 - m1)/r0, d11 = (m1 - m2)/r1, r0 = h'/h, r1 = h''/h
    /// </code>
    /// The second step knows one prediction of the past and is one of order 2 as above.</summary>
    /// <remarks>Two histories take turns: the older is overwritten when it has been read.</remarks>
    private static SamplerEvaluation Third(SolverModel model, IReadOnlyList<float> t, int i)
    {
        (SamplerState newer, SamplerState older) = i % 2 == 1 ? (H1, H2) : (H2, H1);
        float h = H(model, t, i), k = model.K(h), b = -model.B(t[i + 1]);
        float phi1 = SolverModel.Phi1(k), phi2 = (phi1 / k) - 1, phi3 = (phi2 / k) - 0.5f;
        if (i == 0)
        {
            return Row(model, t, i, newer, older, b * phi1, 0, 0);
        }

        float r0 = H(model, t, i - 1) / h;
        if (i == 1)
        {
            float share = 0.5f / r0;
            return Row(model, t, i, newer, older, b * phi1 * (1 + share), -b * phi1 * share, 0);
        }

        // D1 = d10 + r0 D2: so d10 has the weight φ2, and d10 - d11 this one.
        float r1 = H(model, t, i - 2) / h, second = ((phi2 * r0) + phi3) / (r0 + r1);
        float d10 = phi2 + second, d11 = -second;
        return Row(model, t, i, newer, older, b * (phi1 + (d10 / r0)), b * ((d11 / r1) - (d10 / r0)), -b * d11 / r1);
    }

    /// <summary>x as a sum of x and the last three predictions, the newest first; then this prediction is kept, unless it is the last.</summary>
    private static SamplerEvaluation Row(
        SolverModel model, IReadOnlyList<float> t, int i, SamplerState newer, SamplerState kept, float m0, float m1, float m2)
    {
        int steps = t.Count - 1;
        LinearUpdate next = model.Set(X, model.A(t[i + 1]) / model.A(t[i]), m0).With(kept, m2).With(newer, m1);
        return model.Row(
            t[i], X, PublishedRoles.OnePerStep(steps)[i], PublishedRoles.RowOfOnePerStep(steps, i), i + 1 < steps ? [next, model.Keep(kept)] : [next]);
    }

    private static float H(SolverModel model, IReadOnlyList<float> t, int i) => model.Process.Lambda(t[i + 1]) - model.Process.Lambda(t[i]);
}
