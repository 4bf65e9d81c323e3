using L2c.Kernels;
using L2c.Model.Accounting;

namespace L2c;

/// <summary>What the ops of a full batch do, all rows together.</summary>
/// <param name="Total">Under the schedule.</param>
/// <param name="WithoutCaching">With every branch computed, planned as fully.</param>
public sealed record BatchWork(OpWork Total, OpWork WithoutCaching);

/// <summary>What a schedule reuses and saves. MACs are of one image and one half of guidance.</summary>
/// <param name="Cache">Where the schedule came from, see <see cref="CacheChoice.Text"/>.</param>
/// <param name="ReusedBranches">Branches of the run that something of earlier evaluations stood for, see <see cref="CacheChoice.Reused"/>.</param>
/// <param name="ForecastBranches">Of those, branches that were forecast; null where there are none.</param>
/// <param name="DroppedBranches">Branches of the run that contributed nothing; null where there are none.</param>
/// <param name="CacheBranches">Branches of all cache evaluations.</param>
/// <param name="MacsBefore">Multiply-accumulates with every branch computed, attention products included.</param>
/// <param name="MacsAfter">As <paramref name="MacsBefore"/>, under the schedule.</param>
/// <param name="MacsBeforeWithoutProducts">As <paramref name="MacsBefore"/>, linear layers only.</param>
/// <param name="MacsAfterWithoutProducts">As <paramref name="MacsAfter"/>, linear layers only.</param>
/// <param name="MacRatio">MACs after over before.</param>
/// <param name="IdealSpeedup">MACs before over after: the speed-up if time were proportional to MACs.</param>
/// <param name="Work">What the ops of a full batch do.</param>
public sealed record CacheCost(
    string Cache,
    int ReusedBranches,
    int? ForecastBranches,
    int? DroppedBranches,
    int CacheBranches,
    long MacsBefore,
    long MacsAfter,
    long MacsBeforeWithoutProducts,
    long MacsAfterWithoutProducts,
    double MacRatio,
    double IdealSpeedup,
    BatchWork Work)
{
    /// <summary>Of <see cref="ReusedBranches"/>, those of replaced segments; null where there are none.</summary>
    public int? SegmentBranches { get; init; }

    /// <summary>Counts for a job; null where nothing was said about caching.</summary>
    internal static CacheCost? Of(SampleJob job, Device device)
    {
        if (job.Cache is not { } choice)
        {
            return null;
        }

        RunCost cost = new(job.Schedule, NetworkCost.Of(job.Architecture));
        return new CacheCost(
            choice.Text,
            choice.Reused,
            choice.Forecast > 0 ? choice.Forecast : null,
            choice.Dropped > 0 ? choice.Dropped : null,
            job.Schedule.CacheBranches,
            cost.MacsBefore,
            cost.MacsAfter,
            cost.MacsBeforeWithoutProducts,
            cost.MacsAfterWithoutProducts,
            (double)cost.MacsAfter / cost.MacsBefore,
            cost.IdealSpeedup,
            new BatchWork(job.OnPaper(device, job.Schedule).Work.Total, job.OnPaper(device, job.FullSchedule).Work.Total))
        {
            SegmentBranches = choice.InSegments > 0 ? choice.InSegments : null,
        };
    }
}
