using L2c.Model.Caching;
using L2c.Model.Runs;

namespace L2c;

/// <summary>How far the samples of schedules are from those without caching, on some of a job's images.</summary>
internal sealed class SampleErrors
{
    private readonly PlanJob _job;
    private readonly LoadedModel _model;
    private readonly int _first, _count;
    private readonly PassCount _passes;
    private readonly TaskContext _context;

    /// <summary>Samples without caching.</summary>
    /// <param name="job">The job.</param>
    /// <param name="model">The loaded model.</param>
    /// <param name="first">First image.</param>
    /// <param name="count">Images.</param>
    /// <param name="passes">Counts the evaluations of the network.</param>
    /// <param name="context">For progress and cancellation.</param>
    public SampleErrors(PlanJob job, LoadedModel model, int first, int count, PassCount passes, TaskContext context)
    {
        (_job, _model, _first, _count, _passes, _context) = (job, model, first, count, passes, context);
        Uncached = Samples(job.Sample.FullSchedule);
    }

    /// <summary>Samples without caching, [N,C,H,W].</summary>
    public float[] Uncached { get; }

    /// <summary>Relative L2 over all images; null where it is not finite.</summary>
    public double? Of(CacheSchedule schedule) => Comparison.RelativeDistance(Samples(schedule), Uncached);

    private float[] Samples(CacheSchedule schedule)
    {
        float[] samples = new float[_count * _job.Sample.ElementsPerImage];
        SamplingRun? run = null;
        try
        {
            for (int done = 0; done < _count; done += run.Images)
            {
                int images = Math.Min(_job.ErrorBatch, _count - done);
                if (run?.Images != images)
                {
                    run?.Dispose();
                    run = _job.Sample.Plan(_model, schedule, images);
                }

                int first = _first + done;
                run.Run(_job.Labels(first, images), (float)_job.Sample.CfgScale, _job.Noise(first), cancel: _context.Cancel);
                run.ReadState(samples.AsSpan(done * _job.Sample.ElementsPerImage, images * _job.Sample.ElementsPerImage));
                _passes.Add(images, schedule.Evaluations);
            }
        }
        finally
        {
            run?.Dispose();
        }

        return samples;
    }
}
