using L2c.Model.Calibration;

namespace L2c;

/// <summary>Measures a job's uncached run batch by batch.</summary>
internal static class CalibrationRun
{
    /// <summary>Runs all images.</summary>
    /// <param name="job">What to measure.</param>
    /// <param name="model">The loaded model.</param>
    /// <param name="context">For progress and cancellation.</param>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public static CalibrationTable Execute(CalibrationJob job, LoadedModel model, TaskContext context)
    {
        SampleJob sample = job.Sample;
        int evaluations = sample.Sampler.Evaluations.Count;
        CalibrationMeter meter = job.Method.Measure(sample.Architecture, evaluations, job.Request.Settings);
        meter.Step = context.Begin($"calibrating on {sample.Count} images, {evaluations} steps", sample.Batches * evaluations);
        Trajectory? trajectory = null;
        try
        {
            for (int first = 0; first < sample.Count; first += sample.Batch)
            {
                int images = Math.Min(sample.Batch, sample.Count - first);
                if (trajectory?.Images != images)
                {
                    trajectory?.Dispose();
                    trajectory = Trajectory.Plan(model.Network, sample.Sampler, images, sample.Options);
                }

                trajectory.Run(sample.Labels.AsSpan(first, images), (float)sample.CfgScale, sample.Noise(first), meter, context.Cancel);
            }
        }
        finally
        {
            trajectory?.Dispose();
        }

        return new CalibrationTable(
            job.Method.Name, sample.Architecture.Name, sample.Sampler.Name, evaluations, sample.Architecture.Branches, sample.Count, meter.Figures);
    }
}
