using L2c.Weights.Layouts;

namespace L2c.Model.Caching;

/// <summary>Schedules from router logits and a threshold.</summary>
public static class RouterSchedule
{
    /// <summary>The schedule that a router and a threshold give for the sampler that the router was trained with.</summary>
    /// <param name="router">Logits and the family of their network, which fixes the roles.</param>
    /// <param name="threshold">In [0, 1].</param>
    /// <param name="evaluations">Evaluations of the run; default the router's. For a U-ViT an odd number means one less, as published.</param>
    /// <exception cref="ArgumentException">The threshold is out of range, or the router is for another number of evaluations.</exception>
    public static CacheSchedule From(RouterLogits router, double threshold, int? evaluations = null)
    {
        RouterArchitecture shape = router.Architecture;
        bool isDit = shape.Target == RouterTarget.Dit;
        EvaluationRole[] roles = isDit ? PublishedRoles.Dit(shape.Evaluations) : PublishedRoles.UVit(shape.Evaluations);
        if (evaluations is { } wanted && wanted != shape.Evaluations && wanted != roles.Length)
        {
            throw new ArgumentException(
                $"router: trained for {roles.Length} evaluations, but the sampler makes {wanted}; sample with {roles.Length}");
        }

        if (roles.Length == 0)
        {
            throw new ArgumentException($"router: {shape.Evaluations} row, but a step of a U-ViT's solver takes two evaluations");
        }

        return FromLogits(
            roles,
            shape.Branches,
            router.Values,
            e => isDit ? PublishedRoles.DitRouterRow(roles.Length, e) : PublishedRoles.UVitRouterRow(e),
            threshold);
    }

    /// <summary>
    /// The evaluations that may reuse, in sampling order, and the row of the router that each reads. Other rows are read by nothing.
    /// </summary>
    /// <param name="shape">The router.</param>
    public static IReadOnlyList<(int Evaluation, int Row)> RowsRead(RouterArchitecture shape)
    {
        bool isDit = shape.Target == RouterTarget.Dit;
        EvaluationRole[] roles = isDit ? PublishedRoles.Dit(shape.Evaluations) : PublishedRoles.UVit(shape.Evaluations);
        return
        [
            .. Enumerable.Range(0, roles.Length).Where(e => roles[e] == EvaluationRole.Cache)
                .Select(e => (e, isDit ? PublishedRoles.DitRouterRow(roles.Length, e) : PublishedRoles.UVitRouterRow(e))),
        ];
    }

    /// <summary>A branch of a cache evaluation is computed iff sigmoid(logit) > threshold, strictly.</summary>
    /// <param name="roles">Roles of the evaluations.</param>
    /// <param name="branches">Logits per row.</param>
    /// <param name="logits">Raw logits, a row per router, row-major.</param>
    /// <param name="rowOf">Which row belongs to an evaluation.</param>
    /// <param name="threshold">In [0, 1].</param>
    /// <exception cref="ArgumentException">The threshold is out of range.</exception>
    /// <remarks>Source: Learning-to-Cache, equation 5; sigmoid and comparison in fp32 as the published code has them.</remarks>
    public static CacheSchedule FromLogits(
        IReadOnlyList<EvaluationRole> roles, int branches, ReadOnlySpan<float> logits, Func<int, int> rowOf, double threshold)
    {
        if (!(threshold >= 0 && threshold <= 1))
        {
            throw new ArgumentException($"threshold {threshold} is not between 0 and 1");
        }

        float rounded = (float)threshold;
        bool[][] computes = new bool[roles.Count][];
        for (int e = 0; e < roles.Count; e++)
        {
            computes[e] = new bool[branches];
            for (int b = 0; b < branches; b++)
            {
                computes[e][b] = roles[e] == EvaluationRole.Refresh || Score(logits[(rowOf(e) * branches) + b]) > rounded;
            }
        }

        return new CacheSchedule(roles, computes);
    }

    /// <summary>sigmoid(logit).</summary>
    public static float Score(float logit) => 1 / (1 + MathF.Exp(-logit));
}
