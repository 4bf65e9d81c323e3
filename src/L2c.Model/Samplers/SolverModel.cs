using L2c.Kernels;
using L2c.Model.Caching;

namespace L2c.Model.Samplers;

/// <summary>What a solver of the diffusion ODE extrapolates: the network's m, which is ε (noise prediction, DPM-Solver) or x_0 (data prediction,
/// DPM-Solver++).</summary>
/// <param name="Process">The noise that the network removes.</param>
/// <param name="PredictsData">Whether m is x_0.</param>
/// <remarks>
/// Both papers' solutions are the same formula, x_t = A_t/A_s x_s - B_t (e^k - 1) m + ..., with A = α, B = σ, k = h = λ_t - λ_s for ε, and with A = σ, B = α,
/// k = -h for x_0. (The signs of DPM-Solver++'s terms are those of its φ(-h).) Source: Lu et al. 2022, DPM-Solver, equation 3.4; DPM-Solver++, equation 8.
/// </remarks>
public sealed record SolverModel(ContinuousSchedule Process, bool PredictsData)
{
    /// <summary>A_t, the factor of x.</summary>
    internal float A(float t) => PredictsData ? Process.Sigma(t) : Process.Alpha(t);

    /// <summary>B_t, the factor of m.</summary>
    internal float B(float t) => PredictsData ? Process.Alpha(t) : Process.Sigma(t);

    /// <summary>k of a distance h in λ.</summary>
    internal float K(float h) => PredictsData ? -h : h;

    /// <summary>φ1 = e^k - 1.</summary>
    internal static float Phi1(float k) => (float)(Math.Exp(k) - 1);

    /// <summary>A state as a sum of x and of the prediction of this evaluation.</summary>
    internal LinearUpdate Set(SamplerState target, float x, float m) =>
        PredictsData ? new(target) { X = x, X0 = m } : new(target) { X = x, Eps = m };

    /// <summary>Keeps the prediction of this evaluation in a state.</summary>
    internal LinearUpdate Keep(SamplerState target) => Set(target, x: 0, m: 1);

    /// <summary>A row of a table.</summary>
    internal SamplerEvaluation Row(float t, SamplerState input, EvaluationRole role, int routerRow, params LinearUpdate[] updates) =>
        new(Process.NetworkTime(t), role, routerRow, Process.Prediction(t, input), updates);
}
