using L2c.Kernels;
using L2c.Model.Accounting;
using L2c.Model.Caching;
using L2c.Model.Sampling;

namespace L2c.Cli.Sampling;

/// <summary>What the ops of a full batch do, all rows together.</summary>
/// <param name="Total">Under the schedule.</param>
/// <param name="WithoutCaching">With every branch computed, planned as fully.</param>
internal sealed record BatchWork(OpWork Total, OpWork WithoutCaching)
{
    /// <summary>Records both runs on paper.</summary>
    public static BatchWork Of(SampleJob job, Device device) =>
        new(OnPaper(job, device, job.Schedule).Work.Total, OnPaper(job, device, job.FullSchedule).Work.Total);

    /// <summary>A full batch of a job with a given schedule, recorded on paper.</summary>
    public static PaperRun OnPaper(SampleJob job, Device device, CacheSchedule schedule) =>
        PaperRun.Of(job.Architecture, device, job.Sampler, schedule, job.Batch, job.Options);
}
