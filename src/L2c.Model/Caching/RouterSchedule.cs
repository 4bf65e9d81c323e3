using L2c.Model.Caching.Forecasts;
using L2c.Model.Networks;
using L2c.Model.Samplers;
using L2c.Weights.Layouts;

namespace L2c.Model.Caching;

/// <summary>Schedules from router logits and a threshold.</summary>
public static class RouterSchedule
{
    /// <summary>The schedule that a router and a threshold give for a sampler.</summary>
    /// <param name="router">Logits.</param>
    /// <param name="threshold">In [0, 1].</param>
    /// <param name="sampler">Its table has the roles, and the row that each evaluation reads.</param>
    /// <param name="forecast">What branches contribute that are not computed, as of a router that was trained over it; null for their latest
    /// outputs.</param>
    /// <exception cref="ArgumentException">The threshold is out of range, or router or forecast are for other evaluations.</exception>
    public static CacheSchedule From(RouterLogits router, double threshold, SamplerTable sampler, CacheSchedule? forecast = null)
    {
        int trained = Evaluations(router.Architecture), makes = sampler.Evaluations.Count;
        if (trained != makes)
        {
            throw new ArgumentException($"router: trained for {trained} evaluations, but the sampler makes {makes}; sample with {trained}");
        }

        CacheSchedule schedule = FromLogits(
            sampler.Roles, router.Architecture.Branches, router.Values, e => sampler.Evaluations[e].RouterRow, threshold);
        if (forecast is null)
        {
            return schedule;
        }

        forecast.RequireFits(makes, schedule.Branches);
        return ForecastSources.WithTerms(schedule, (e, b) => forecast.Terms(e, b));
    }

    /// <summary>The schedule that a router and a threshold give for the sampler that its authors use with its network.</summary>
    /// <param name="router">Logits and the family of their network, which fixes the roles. For a U-ViT an odd number of rows means one evaluation fewer,
    /// as published.</param>
    /// <param name="threshold">In [0, 1].</param>
    /// <exception cref="ArgumentException">The threshold is out of range, or the router has too few rows.</exception>
    public static CacheSchedule From(RouterLogits router, double threshold)
    {
        RouterShape shape = router.Architecture;
        (EvaluationRole Role, int RouterRow)[] evaluations = Published(shape);
        return evaluations.Length > 0
            ? FromLogits([.. evaluations.Select(e => e.Role)], shape.Branches, router.Values, e => evaluations[e].RouterRow, threshold)
            : throw new ArgumentException(
                $"router: {shape.Evaluations} row, but a step of a {NetworkFamilies.Of(shape.Target).Title}'s solver takes more evaluations");
    }

    /// <summary>Evaluations of the sampler that a router is for: of a U-ViT's with an odd number of rows one less.</summary>
    public static int Evaluations(RouterShape shape) => Published(shape).Length;

    /// <summary>
    /// The evaluations that may reuse, in sampling order, and the row of the router that each reads. Nothing reads the other rows.
    /// </summary>
    /// <param name="shape">The router.</param>
    public static IReadOnlyList<(int Evaluation, int Row)> RowsRead(RouterShape shape)
    {
        (EvaluationRole Role, int RouterRow)[] evaluations = Published(shape);
        return
        [
            .. Enumerable.Range(0, evaluations.Length)
                .Where(e => evaluations[e].Role == EvaluationRole.Cache).Select(e => (e, evaluations[e].RouterRow)),
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

    private static (EvaluationRole Role, int RouterRow)[] Published(RouterShape shape) =>
        NetworkFamilies.Of(shape.Target).PublishedEvaluations(shape.Evaluations);

    /// <summary>sigmoid(logit).</summary>
    public static float Score(float logit) => 1 / (1 + MathF.Exp(-logit));
}
