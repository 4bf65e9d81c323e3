using L2c.Kernels;
using L2c.Model.Calibration;
using L2c.Model.Runs;

namespace L2c;

/// <summary>Samples the images of a job without caching, batch by batch, and shows a reader what is computed.</summary>
internal static class TrajectoryRun
{
    /// <summary>Samples all images.</summary>
    /// <param name="job">What to sample; its schedule is not read.</param>
    /// <param name="reader">Shown every batch.</param>
    /// <param name="model">The loaded model.</param>
    /// <param name="work">What it is for, in a few words.</param>
    /// <param name="context">For progress and cancellation.</param>
    /// <param name="samples">Room for the samples, [N,C,H,W]; null where nobody reads them.</param>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public static void Execute(
        SampleJob job, ITrajectoryReader reader, LoadedModel model, string work, TaskContext context, float[]? samples = null)
    {
        Action step = context.Begin(work, job.Batches * job.Sampler.Evaluations.Count);
        Trajectory? trajectory = null;
        try
        {
            for (int first = 0; first < job.Count; first += job.Batch)
            {
                int images = Math.Min(job.Batch, job.Count - first);
                if (trajectory?.Images != images)
                {
                    trajectory?.Dispose();
                    trajectory = Trajectory.Plan(model.Network, job.Sampler, images, job.Options);
                }

                trajectory.Run(job.Labels.AsSpan(first, images), (float)job.CfgScale, job.Noise(first), reader, _ => step(), context.Cancel);
                if (samples is not null)
                {
                    trajectory.ReadState(samples.AsSpan(first * job.ElementsPerImage, images * job.ElementsPerImage));
                }
            }
        }
        finally
        {
            trajectory?.Dispose();
        }
    }

    /// <summary>What it takes: the run, and on the host what is shown.</summary>
    /// <param name="job">The job.</param>
    /// <param name="device">Where it runs.</param>
    /// <param name="batch">Images at once.</param>
    public static MemoryNeed Need(SampleJob job, Device device, int batch)
    {
        SamplingOptions options = job.Options with { KeepPredictions = true, OneSequence = false };
        long rows = job.Guidance.Rows(batch), stream = sizeof(float) * rows * job.Architecture.Tokens * job.Architecture.HiddenSize;
        long image = SampleMemory.Bytes(job, 1), outputs = rows * (image / job.Architecture.InChannels * job.Architecture.OutChannels);
        return SampleMemory.Run(job, job.FullSchedule, device, batch, options)
            + new MemoryNeed(0, stream + outputs + (batch * image), WeightMemory.Staging(device, stream));
    }
}
