namespace L2c.Model.Caching;

/// <summary>Schedules from router logits and a threshold.</summary>
public static class RouterSchedule
{
    /// <summary>A branch of a cache evaluation is computed iff sigmoid(logit) > threshold, strictly.</summary>
    /// <param name="roles">Roles of the evaluations.</param>
    /// <param name="branches">Logits per row.</param>
    /// <param name="logits">Raw logits, a row per router, row-major.</param>
    /// <param name="rowOf">Which row belongs to an evaluation.</param>
    /// <param name="threshold">In [0, 1].</param>
    /// <exception cref="ArgumentException">The threshold is out of range.</exception>
    /// <remarks>Source   Learning-to-Cache, equation 5; sigmoid in fp32 as the published code computes it.</remarks>
    public static CacheSchedule FromLogits(IReadOnlyList<EvaluationRole> roles, int branches, ReadOnlySpan<float> logits, Func<int, int> rowOf, double threshold)
    {
        if (!(threshold >= 0 && threshold <= 1))
        {
            throw new ArgumentException($"threshold {threshold} is not between 0 and 1");
        }

        bool[][] computes = new bool[roles.Count][];
        for (int e = 0; e < roles.Count; e++)
        {
            computes[e] = new bool[branches];
            for (int b = 0; b < branches; b++)
            {
                computes[e][b] = roles[e] == EvaluationRole.Refresh || Score(logits[(rowOf(e) * branches) + b]) > threshold;
            }
        }

        return new CacheSchedule(roles, computes);
    }

    /// <summary>sigmoid(logit).</summary>
    public static float Score(float logit) => 1 / (1 + MathF.Exp(-logit));
}
