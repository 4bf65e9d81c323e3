using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Metrics;
using L2c.Model.Runs;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>What sampling takes beside the weights, counted by the code that would allocate it.</summary>
internal static class SampleMemory
{
    /// <summary>Samples, states, comparison and the pictures of them.</summary>
    /// <param name="job">The job.</param>
    /// <param name="device">Where it runs.</param>
    /// <param name="batch">Images at once.</param>
    /// <param name="schedule">Which branches are computed; null for the job's schedule.</param>
    public static MemoryNeed OfSampling(SampleJob job, Device device, int batch, CacheSchedule? schedule = null)
    {
        bool compares = job.Request.Compare;
        long states = job.Request.KeepStates ? job.Sampler.Evaluations.Count : 0;
        long samples = Bytes(job, job.Kept);
        MemoryNeed runs = Run(job, schedule ?? job.Schedule, device, batch), arrays = new(0, samples * ((compares ? 2 : 1) + states));
        MemoryNeed sampling = compares ? runs + Run(job, job.FullSchedule, device, batch) : runs;
        if (job.Request.IsSet)
        {
            // Sampling and decoding are planned once and alternate, chunk by chunk.
            MemoryNeed making = arrays + sampling + new MemoryNeed(0, SampleChunks.Bytes(job));
            return job.Decoding is { } latents ? latents.Kept(device, compares) + latents.Loading(device).Or(making + latents.Pass(device)) : making;
        }

        MemoryNeed drawing = new(0, PictureBytes(job));
        return job.Decoding is { } decoding
            ? arrays + decoding.Kept(device, compares) + sampling.Or(drawing).Or(decoding.Loading(device)).Or(decoding.Pass(device))
            : arrays + sampling.Or(drawing);
    }

    /// <summary>A batch, in turn with the same batch without caching or alone; before that the device's peak is measured.</summary>
    public static MemoryNeed OfTiming(SampleJob job, Device device, int batch, bool inTurn)
    {
        MemoryNeed run = Run(job, job.Schedule, device, batch);
        MemoryNeed runs = inTurn ? run + Run(job, job.FullSchedule, device, batch) : run;
        return (runs + new MemoryNeed(0, Bytes(job, batch))).Or(Peak.Need(device));
    }

    /// <summary>A batch with each of several schedules, all planned beside each other, and the samples of two.</summary>
    public static MemoryNeed OfPlanning(SampleJob job, IReadOnlyList<CacheSchedule> schedules, Device device, int batch) =>
        schedules.Select(schedule => Run(job, schedule, device, batch)).Aggregate((one, other) => one + other) + new MemoryNeed(0, 2 * Bytes(job, batch));

    /// <summary>Jobs one after the other, each of whose samples is then compared with data.</summary>
    /// <param name="jobs">The jobs.</param>
    /// <param name="device">Where they run.</param>
    /// <param name="batch">Images at once.</param>
    /// <param name="pooled">Whether in the features of FID, whose network lies on the device all the time.</param>
    public static MemoryNeed OfDistances(IReadOnlyList<SampleJob> jobs, Device device, int batch, bool pooled)
    {
        MemoryNeed runs = jobs.Select(job => Run(job, job.Schedule, device, batch)).Aggregate((one, other) => one.Or(other));
        return new MemoryNeed(0, Bytes(jobs[0], jobs[0].Count)) + (pooled
            ? PoolFeatures.Resident(device) + runs.Or(FrechetMeter.Need(InceptionStructure.PoolLength, jobs[0].Count, jobs[0].Device.Threads))
            : runs.Or(Features(jobs[0])));
    }

    /// <summary>The same with each run timed in turn with the first one's, whose samples are kept.</summary>
    public static MemoryNeed OfSweep(IReadOnlyList<SampleJob> jobs, Device device, int batch)
    {
        MemoryNeed first = Run(jobs[0], jobs[0].Schedule, device, batch);
        MemoryNeed runs = jobs.Select(job => first + Run(job, job.Schedule, device, batch)).Aggregate((one, other) => one.Or(other));
        return new MemoryNeed(0, 2 * Bytes(jobs[0], jobs[0].Count)) + runs.Or(Features(jobs[0]));
    }

    /// <summary>A planned batch of a job and its inputs.</summary>
    /// <param name="job">The job.</param>
    /// <param name="schedule">Which branches are computed.</param>
    /// <param name="device">Where.</param>
    /// <param name="batch">Images.</param>
    /// <param name="options">Of the plan; null for the job's.</param>
    public static MemoryNeed Run(SampleJob job, CacheSchedule schedule, Device device, int batch, SamplingOptions? options = null)
    {
        var run = DryRun.Of(job.Architecture, device, job.Sampler, schedule, batch, options ?? job.Options);

        // Algorithms of products are tried on operands of their own.
        long trials = device.FreeBytes is null ? 0 : run.Ops.Where(op => op.Flops > 0).Max(op => op.Bytes);
        return new MemoryNeed(run.RunBytes + trials, Bytes(job, batch), WeightMemory.Staging(device, Bytes(job, batch)));
    }

    /// <summary>Images as fp32.</summary>
    public static long Bytes(SampleJob job, int images) => (long)sizeof(float) * images * job.ElementsPerImage;

    private static MemoryNeed Features(SampleJob job)
    {
        (int channels, int side) = (job.Architecture.InChannels, job.Architecture.InputSize);

        // What has no features is refused where the data are opened.
        return RandomConvFeatures.FindProblem(channels, side, side) is null
            ? FrechetMeter.Need(RandomConvFeatures.Length, job.Count, job.Device.Threads)
                .Or(RandomFeatures.Need(new RandomConvFeatures(channels, side, side), job.Count, job.Device.Threads))
            : default;
    }

    // A sheet of pixels and its compressed form; a comparison is the larger of the two sheets.
    private static long PictureBytes(SampleJob job)
    {
        Grid grid = SamplePictures.Layout(job, job.Request.Compare);
        long sheet = sizeof(int) * new SampleSheet(grid).Pixels;

        // At worst noise, of which every pixel is a square: three bytes each, in blocks that are then joined.
        return sheet + (2 * 3 * grid.Width * grid.Height / grid.Factor / grid.Factor);
    }
}
