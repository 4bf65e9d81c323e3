namespace L2c.Model.Caching;

/// <summary>Which evaluations refresh, which may reuse, and which row of a router each reads, in the published method. Samplers put this into their
/// tables; a router's file, which has none, is read by it.</summary>
public static class PublishedRoles
{
    /// <summary>
    /// Samplers with one evaluation per step: what lies an odd number of steps before the end refreshes, the others are cache evaluations. With odd N
    /// the first evaluation has nothing to reuse and refreshes.
    /// </summary>
    /// <param name="evaluations">N.</param>
    /// <remarks>Source: dynamic_models.py of the published code: caching decided by the parity of the respaced index.</remarks>
    public static EvaluationRole[] OnePerStep(int evaluations) =>
        [.. Enumerable.Range(0, evaluations).Select(e => e > 0 && (evaluations - 1 - e) % 2 == 0 ? EvaluationRole.Cache : EvaluationRole.Refresh)];

    /// <summary>The router row of an evaluation of those: the steps that are left after it.</summary>
    public static int RowOfOnePerStep(int evaluations, int evaluation) => evaluations - 1 - evaluation;

    /// <summary>
    /// Singlestep solvers of order 2: each step makes two evaluations; from the second step on the first of them is a cache evaluation.
    /// </summary>
    /// <param name="evaluations">Twice the solver steps; an odd number loses one, as published.</param>
    public static EvaluationRole[] TwoPerStep(int evaluations) =>
        [.. Enumerable.Range(0, evaluations / 2 * 2).Select(e => Singlestep(e / 2, e % 2))];

    /// <summary>The role of an evaluation within a step of a singlestep solver of order 2 and, by the same rule, of order 3.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="evaluation">Within it, from 0.</param>
    public static EvaluationRole Singlestep(int step, int evaluation) =>
        step > 0 && evaluation == 0 ? EvaluationRole.Cache : EvaluationRole.Refresh;

    /// <summary>The router row of an evaluation of those: its solver step.</summary>
    public static int RowOfTwoPerStep(int evaluation) => evaluation / 2;
}
