using L2c.Model.Caching;

namespace L2c.Bench.Caching;

/// <summary>Schedules that reuse a share of the branches of cache evaluations, spread evenly.</summary>
internal static class ReuseShare
{
    /// <summary>Of the cache evaluations' branches, in the order evaluation, kind (attention before MLP), block, every (100 / percent)-th is reused.
    /// </summary>
    /// <param name="percent">0 .. 100; the number reused is rounded down. 100 is the rule <c>all</c>.</param>
    /// <param name="roles">Roles of the evaluations.</param>
    /// <param name="branches">Branches of the network: two per block.</param>
    public static CacheSchedule Schedule(int percent, IReadOnlyList<EvaluationRole> roles, int branches)
    {
        int earlier = 0;
        List<IReadOnlyList<bool>> computes = [];
        foreach (EvaluationRole role in roles)
        {
            bool[] row = [.. Enumerable.Repeat(true, branches)];
            for (int i = 0; role == EvaluationRole.Cache && i < branches; i++, earlier++)
            {
                int kind = i / (branches / 2), block = i % (branches / 2);
                row[(2 * block) + kind] = (earlier + 1) * percent / 100 == earlier * percent / 100;
            }

            computes.Add(row);
        }

        return new CacheSchedule(roles, computes);
    }
}
