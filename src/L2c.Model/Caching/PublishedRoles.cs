namespace L2c.Model.Caching;

/// <summary>Which evaluations refresh and which may reuse in the published method. The only place that knows about parity.</summary>
public static class PublishedRoles
{
    /// <summary>
    /// DiT with DDIM or DDPM: respaced index N-1-e; odd refreshes, even is a cache evaluation. With odd N the first evaluation has nothing to reuse
    /// and refreshes.
    /// </summary>
    /// <param name="evaluations">N.</param>
    /// <remarks>Source: dynamic_models.py of the published code: caching decided by the parity of the respaced index.</remarks>
    public static EvaluationRole[] Dit(int evaluations) =>
        [.. Enumerable.Range(0, evaluations).Select(e => e > 0 && (evaluations - 1 - e) % 2 == 0 ? EvaluationRole.Cache : EvaluationRole.Refresh)];

    /// <summary>Row of a DiT router that belongs to an evaluation: its respaced index.</summary>
    public static int DitRouterRow(int evaluations, int evaluation) => evaluations - 1 - evaluation;

    /// <summary>
    /// U-ViT with singlestep DPM-Solver-2: each solver step makes two evaluations; from the second step on the first of them is a cache evaluation.
    /// </summary>
    /// <param name="evaluations">Twice the solver steps; an odd number loses one, as published.</param>
    public static EvaluationRole[] UVit(int evaluations) =>
        [.. Enumerable.Range(0, evaluations / 2 * 2).Select(e => e >= 2 && e % 2 == 0 ? EvaluationRole.Cache : EvaluationRole.Refresh)];

    /// <summary>Row of a U-ViT router that belongs to an evaluation: its solver step.</summary>
    public static int UVitRouterRow(int evaluation) => evaluation / 2;
}
