using L2c.Kernels;
using L2c.Model.Caching;
using static L2c.Kernels.SamplerState;

namespace L2c.Model.Samplers;

/// <summary>The singlestep DPM-Solvers of order 1 to 3: as many evaluations per step, all but the first between its ends.</summary>
/// <remarks>
/// Source: Lu et al. 2022, DPM-Solver, section 3 and algorithms 1 and 2, for noise prediction; for data prediction DPM-Solver++, algorithm 1 (2S, with r1 =
/// 1/2), and the published code. Order 2 with data prediction is what Learning-to-Cache samples U-ViT with. Everything is fp32, as there.
/// </remarks>
public static class DpmSolver
{
    /// <summary>A table of the solver.</summary>
    /// <param name="name">One of <see cref="SamplerCatalog.Names"/>.</param>
    /// <param name="order">1, 2 or 3: evaluations per step.</param>
    /// <param name="model">What is extrapolated.</param>
    /// <param name="t">The ends of the steps, descending; see <see cref="TimeGrid.Times"/>.</param>
    public static SamplerTable Table(string name, int order, SolverModel model, IReadOnlyList<float> t) =>
        new(name, [.. Enumerable.Range(0, t.Count - 1).SelectMany(i => order switch
        {
            1 => First(model, t[i], t[i + 1], i, t.Count - 1),
            2 => Second(model, t[i], t[i + 1], i),
            3 => Third(model, t[i], t[i + 1], i),
            _ => throw new ArgumentOutOfRangeException(nameof(order), order, "order of a DPM-Solver must be 1, 2 or 3"),
        })]);

    /// <summary>x_t = A_t/A_s x - B_t φ1 m_s.</summary>
    private static SamplerEvaluation[] First(SolverModel model, float s, float t, int step, int steps)
    {
        (float k, EvaluationRole role) = (model.K(H(model, s, t)), PublishedRoles.OnePerStep(steps)[step]);
        return
        [
            model.Row(s, X, role, PublishedRoles.RowOfOnePerStep(steps, step), model.Set(X, x: model.A(t) / model.A(s), m: -model.B(t) * SolverModel.Phi1(k))),
        ];
    }

    /// <summary>One step of order 2 from s to t, by way of s1 between them:
    /// <code>
    /// u   = A_s1/A_s x - B_s1 φ11 m_s                            φ11 = e^(r1 k) - 1
    /// x_t = A_t/A_s x - B_t φ1 m_s - B_t φ1/(2 r1) (m_s1 - m_s)      φ1 = e^k - 1
    /// </code></summary>
    /// <param name="model">What is extrapolated.</param>
    /// <param name="s">Where it begins.</param>
    /// <param name="t">Where it ends, below s.</param>
    /// <param name="step">Its number, from 0: its router row.</param>
    /// <param name="r1">Where s1 lies, as a share of the distance in λ; with 1/2 m_s drops out of x_t.</param>
    public static SamplerEvaluation[] Second(SolverModel model, float s, float t, int step, float r1 = 0.5f)
    {
        float h = H(model, s, t), k = model.K(h), s1 = Between(model, s, r1, h);
        float phi11 = SolverModel.Phi1(r1 * k), phi1 = SolverModel.Phi1(k);
        float m1 = -0.5f / r1 * model.B(t) * phi1, m0 = (-model.B(t) * phi1) - m1;
        return Step(
            model,
            step,
            (s, X, [model.Set(U, x: model.A(s1) / model.A(s), m: -model.B(s1) * phi11), .. m0 == 0 ? (LinearUpdate[])[] : [model.Keep(H1)]]),
            (s1, U, [model.Set(X, x: model.A(t) / model.A(s), m: m1) with { H1 = m0 }]));
    }

    /// <summary>One step of order 3 from s to t, by way of s1 and s2 between them:
    /// <code>
    /// u1  = A_s1/A_s x - B_s1 φ11 m_s                                      φ11 = e^(r1 k) - 1
    /// u2  = A_s2/A_s x - B_s2 φ12 m_s - r2/r1 B_s2 φ22 (m_s1 - m_s)           φ12 = e^(r2 k) - 1, φ22 = φ12/(r2 k) - 1
    /// x_t = A_t/A_s x - B_t φ1 m_s - 1/r2 B_t φ2 (m_s2 - m_s)                 φ1 = e^k - 1, φ2 = φ1/k - 1
    /// </code></summary>
    private static SamplerEvaluation[] Third(SolverModel model, float s, float t, int step)
    {
        const float R1 = 1f / 3, R2 = 2f / 3;
        float h = H(model, s, t), k = model.K(h), s1 = Between(model, s, R1, h), s2 = Between(model, s, R2, h);
        float phi11 = SolverModel.Phi1(R1 * k), phi12 = SolverModel.Phi1(R2 * k), phi1 = SolverModel.Phi1(k);
        float phi22 = (phi12 / (R2 * k)) - 1, phi2 = (phi1 / k) - 1;
        float m1 = -R2 / R1 * model.B(s2) * phi22, m2 = -1 / R2 * model.B(t) * phi2;
        return Step(
            model,
            step,
            (s, X, [model.Set(U, x: model.A(s1) / model.A(s), m: -model.B(s1) * phi11), model.Keep(H1)]),
            (s1, U, [model.Set(U, x: model.A(s2) / model.A(s), m: m1) with { H1 = (-model.B(s2) * phi12) - m1 }]),
            (s2, U, [model.Set(X, x: model.A(t) / model.A(s), m: m2) with { H1 = (-model.B(t) * phi1) - m2 }]));
    }

    private static SamplerEvaluation[] Step(SolverModel model, int step, params (float T, SamplerState Input, LinearUpdate[] Updates)[] evaluations) =>
    [
        .. evaluations.Select((e, j) => model.Row(e.T, e.Input, PublishedRoles.Singlestep(step, j), step, e.Updates)),
    ];

    private static float H(SolverModel model, float s, float t) => model.Process.Lambda(t) - model.Process.Lambda(s);

    private static float Between(SolverModel model, float s, float r, float h) => model.Process.Time(model.Process.Lambda(s) + (r * h));
}
