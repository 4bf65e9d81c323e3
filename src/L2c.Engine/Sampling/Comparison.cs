using L2c.Cli.Output;
using L2c.Cli.Profiling;
using L2c.Model.Dit;
using L2c.Model.Sampling;

namespace L2c.Cli.Sampling;

/// <summary>A run against the same run with everything computed: same noise, both fully planned.</summary>
/// <param name="Uncached">Samples of the run that computes everything, [N,C,H,W].</param>
/// <param name="Psnr">
/// Peak signal-to-noise ratio in dB of all pixels clamped to [-1, 1], data range 2; null for latents and for equal pictures.
/// </param>
/// <param name="RelativeL2">|cached - uncached| / |uncached| over all samples; null where that is not finite.</param>
/// <param name="ImageMs">Milliseconds per image of a batch with the schedule, median.</param>
/// <param name="UncachedImageMs">As <paramref name="ImageMs"/>, without.</param>
/// <param name="TimeRatio">Time of a batch with the schedule over time without: median over <see cref="TimedRounds"/> interleaved rounds.</param>
internal sealed record Comparison(float[] Uncached, double? Psnr, double? RelativeL2, double ImageMs, double UncachedImageMs, double TimeRatio)
{
    /// <summary>Rounds that are timed; even, so that each run goes first equally often.</summary>
    public const int TimedRounds = 6;

    /// <summary>Samples without caching and measures.</summary>
    /// <param name="job">A job with a schedule.</param>
    /// <param name="model">The loaded model.</param>
    /// <param name="cached">Samples of the job.</param>
    /// <param name="terminal">For progress and cancellation.</param>
    /// <exception cref="OperationCanceledException">The user stopped it.</exception>
    public static Comparison Of(SampleJob job, DitModel model, float[] cached, Terminal terminal)
    {
        float[] uncached = SampleRun.Execute(job, job.FullSchedule, keepStates: false, model, terminal).Samples;
        (double cachedMs, double uncachedMs, double ratio) = TimeBatch(job, model, terminal);
        return new Comparison(
            uncached,
            job.Architecture.PixelSpace ? PeakSignalToNoise(cached, uncached) : null,
            RelativeDistance(cached, uncached),
            cachedMs,
            uncachedMs,
            ratio);
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

    private static (double CachedMs, double UncachedMs, double Ratio) TimeBatch(SampleJob job, DitModel model, Terminal terminal)
    {
        using SamplingRun cached = SamplingRun.Plan(model, job.Sampler, job.Schedule, job.Batch, job.Options);
        using SamplingRun uncached = SamplingRun.Plan(model, job.Sampler, job.FullSchedule, job.Batch, job.Options);
        double[][] milliseconds = [];
        int runs = 2 * (TimedRounds + Contest.WarmUpRounds);
        ProgressBar.Run(terminal, job.Request.ShowProgress, $"timing, {TimedRounds} rounds", runs, step =>
        {
            milliseconds = Contest.Measure([() => Run(cached, step), () => Run(uncached, step)], TimedRounds, terminal.Cancel);
        });
        (double[] with, double[] without) = (milliseconds[0], milliseconds[1]);
        return (Median.Of(with) / job.Batch, Median.Of(without) / job.Batch, Median.Of(Contest.Ratios(with, without)));

        void Run(SamplingRun run, Action step)
        {
            run.Run(job.Labels.AsSpan(0, job.Batch), (float)job.CfgScale, job.Noise(0), cancel: terminal.Cancel);
            step();
        }
    }
}
