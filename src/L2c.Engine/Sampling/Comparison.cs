using System.Text.Json.Serialization;

namespace L2c;

/// <summary>A run against the same run with everything computed: same noise, both fully planned.</summary>
/// <param name="Uncached">Samples of the run that computes everything, [N,C,H,W].</param>
/// <param name="Psnr">
/// Peak signal-to-noise ratio in dB of all pixels clamped to [-1, 1], data range 2; null for latents and for equal pictures.
/// </param>
/// <param name="RelativeL2">|cached - uncached| / |uncached| over all samples; null where that is not finite.</param>
/// <param name="ImageMs">Milliseconds per image of a batch with the schedule, median.</param>
/// <param name="UncachedImageMs">As <paramref name="ImageMs"/>, without.</param>
/// <param name="Time">Time of a batch with the schedule over time without, round by round.</param>
/// <param name="RealisedSpeedup">One over the median ratio; null where no difference is measurable.</param>
/// <param name="RealisedToIdeal"><paramref name="RealisedSpeedup"/> over <see cref="CacheCost.IdealSpeedup"/>; null with it.</param>
public sealed record Comparison(
    [property: JsonIgnore] float[] Uncached,
    double? Psnr,
    double? RelativeL2,
    double ImageMs,
    double UncachedImageMs,
    [property: JsonIgnore] PairedRatio Time,
    double? RealisedSpeedup,
    double? RealisedToIdeal)
{
    /// <summary>Samples without caching and measures.</summary>
    /// <param name="job">A job with a schedule.</param>
    /// <param name="model">The loaded model.</param>
    /// <param name="cached">Samples of the job.</param>
    /// <param name="cost">What the schedule saves.</param>
    /// <param name="context">For progress and cancellation.</param>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    internal static Comparison Of(SampleJob job, LoadedModel model, float[] cached, CacheCost cost, TaskContext context)
    {
        float[] uncached = SampleRun.Execute(job, job.FullSchedule, keepStates: false, model, context).Samples;
        SampleRequest request = job.Request;
        InterleavedTiming timing = RunTiming.Measure(
            model, job, job, job.FullSchedule, request.CompareRounds, request.CompareWarmUp, context);
        return Of(job, timing, cached, uncached, cost);
    }

    /// <summary>The same from times and samples that are there.</summary>
    /// <param name="job">A job with a schedule.</param>
    /// <param name="timing">Times of a batch with the schedule and without.</param>
    /// <param name="cached">Samples with the schedule.</param>
    /// <param name="uncached">Samples without.</param>
    /// <param name="cost">What the schedule saves.</param>
    internal static Comparison Of(SampleJob job, InterleavedTiming timing, float[] cached, float[] uncached, CacheCost cost)
    {
        var time = PairedRatio.Of(timing, 0, 1, identicalPlans: job.Schedule.ComputesAll);
        double? speedup = time.DifferenceMeasurable ? 1 / time.TimeRatio : null;
        return new Comparison(
            uncached,
            job.Architecture.PixelSpace ? PeakSignalToNoise(cached, uncached) : null,
            RelativeDistance(cached, uncached),
            Math.Round(timing.MedianMs(0) / job.Batch, 3),
            Math.Round(timing.MedianMs(1) / job.Batch, 3),
            time,
            speedup,
            speedup / cost.IdealSpeedup);
    }

    /// <summary>PSNR in dB of pixels clamped to [-1, 1]; null when no pixel differs or one is not a number.</summary>
    internal static double? PeakSignalToNoise(ReadOnlySpan<float> pixels, ReadOnlySpan<float> reference)
    {
        const double range = 2;
        double sum = 0;
        for (int i = 0; i < pixels.Length; i++)
        {
            double difference = Math.Clamp(pixels[i], -1f, 1f) - Math.Clamp(reference[i], -1f, 1f);
            sum += difference * difference;
        }

        return sum > 0 ? 10 * Math.Log10(range * range * pixels.Length / sum) : null;
    }

    /// <summary>|values - reference| / |reference|; null where that is not finite.</summary>
    internal static double? RelativeDistance(ReadOnlySpan<float> values, ReadOnlySpan<float> reference)
    {
        double distance = 0, norm = 0;
        for (int i = 0; i < values.Length; i++)
        {
            double difference = (double)values[i] - reference[i];
            distance += difference * difference;
            norm += (double)reference[i] * reference[i];
        }

        double ratio = Math.Sqrt(distance / norm);
        return double.IsFinite(ratio) ? ratio : null;
    }
}
