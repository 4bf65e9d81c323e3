using L2c.Kernels;
using L2c.Model.Calibration;
using L2c.Model.Runs;

namespace L2c;

/// <summary>Samples the images of a job without caching, batch by batch, and shows a reader everything that is computed.</summary>
internal static class TrajectoryRun
{
    /// <summary>Samples all images.</summary>
    /// <param name="job">What to sample; its schedule is not read.</param>
    /// <param name="reader">Shown every batch.</param>
    /// <param name="model">The loaded model.</param>
    /// <param name="work">What it is for, in a few words.</param>
    /// <param name="context">For progress and cancellation.</param>
    /// <returns>The samples, [N,C,H,W].</returns>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public static float[] Execute(SampleJob job, ITrajectoryReader reader, LoadedModel model, string work, TaskContext context)
    {
        float[] samples = new float[job.Count * job.ElementsPerImage];
        Counting counting = new(reader, context.Begin(work, job.Batches * job.Sampler.Evaluations.Count));
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

                trajectory.Run(job.Labels.AsSpan(first, images), (float)job.CfgScale, job.Noise(first), counting, context.Cancel);
                trajectory.ReadState(samples.AsSpan(first * job.ElementsPerImage, images * job.ElementsPerImage));
            }
        }
        finally
        {
            trajectory?.Dispose();
        }

        return samples;
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

    /// <summary>A reader with a step of progress after each evaluation.</summary>
    private sealed class Counting(ITrajectoryReader reader, Action step) : ITrajectoryReader
    {
        public void Input(int evaluation, ReadOnlySpan<float> x) => reader.Input(evaluation, x);

        public void StreamBefore(int evaluation, ReadOnlySpan<float> stream) => reader.StreamBefore(evaluation, stream);

        public void FirstNormed(int evaluation, ReadOnlySpan<float> normed) => reader.FirstNormed(evaluation, normed);

        public void Branch(int evaluation, int branch, ReadOnlySpan<float> output) => reader.Branch(evaluation, branch, output);

        public void StreamAfter(int evaluation, ReadOnlySpan<float> stream) => reader.StreamAfter(evaluation, stream);

        public void Output(int evaluation, ReadOnlySpan<float> guided) => reader.Output(evaluation, guided);

        public void Evaluation(int evaluation)
        {
            reader.Evaluation(evaluation);
            step();
        }
    }
}
