using L2c.Model.Caching;
using L2c.Model.Planning;

namespace L2c;

/// <summary>The schedule of a search whose predicted time is the greatest within a budget.</summary>
internal static class BudgetSearch
{
    // Twenty-seven decades: in the last of them a price changes by less than a thousandth.
    private const int Bisections = 18;

    /// <summary>Moves the price of time until the schedule takes what it may.</summary>
    /// <param name="search">Gives the best schedule for a price.</param>
    /// <param name="ratio">Time of a schedule over that of the uncached run.</param>
    /// <param name="budget">Not less than the time of the least schedule.</param>
    public static CacheSchedule Find(ScheduleSearch search, Func<CacheSchedule, double> ratio, double budget)
    {
        CacheSchedule free = search.Solve(0);
        if (ratio(free) <= budget)
        {
            return free;
        }

        // Times are shares of a run and errors squares of relative ones, in fp32 hardly below 1e-16: the low price is one for which everything is
        // worth computing, the high one for which nothing is, of errors that mean anything.
        (double low, double high) = (1e-24, 1e3);
        CacheSchedule best = search.Solve(high);
        while (ratio(best) > budget)
        {
            high *= 1e3;
            best = double.IsFinite(high)
                ? search.Solve(high)
                : throw new InvalidOperationException("the search found no schedule as cheap as the least one");
        }

        for (int i = 0; i < Bisections; i++)
        {
            double middle = Math.Sqrt(low * high);
            CacheSchedule schedule = search.Solve(middle);
            if (ratio(schedule) <= budget)
            {
                (best, high) = (schedule, middle);
            }
            else
            {
                low = middle;
            }
        }

        return best;
    }
}
