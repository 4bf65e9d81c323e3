using System.Globalization;
using L2c.Model.Caching;
using L2c.Model.Metrics;
using L2c.Model.Randomness;
using L2c.Model.Runs;
using L2c.Weights;

namespace L2c.Bench.Experiment;

/// <summary>Samples rows, chunk by chunk, and keeps of every image its features and how far it is from the same image without caching.</summary>
/// <param name="settings">How many images.</param>
/// <param name="folder">Where chunks are kept.</param>
/// <param name="model">The model.</param>
/// <param name="context">For progress and cancellation.</param>
internal sealed class ExperimentSampling(ExperimentSettings settings, ExperimentFolder folder, LoadedModel model, TaskContext context)
{
    /// <summary>Numbers of an image: its features, |x - uncached|² of values and of pixels clamped to [-1, 1], |uncached|².</summary>
    public const int NumbersPerImage = RandomConvFeatures.Length + 3;

    private const string Samples = "samples", Features = "features";

    /// <summary>A run of the experiment.</summary>
    public static SampleRequest Request(ExperimentSettings settings, int steps) =>
        new() { Steps = steps.ToString(CultureInfo.InvariantCulture), Batch = settings.Batch, Count = settings.Batch };

    /// <summary>A run that something is measured on or fitted to: of other noise than the images that rows are compared by.</summary>
    public static SampleRequest PreparingRequest(ExperimentSettings settings) => Request(settings, settings.Steps) with { Seed = 1 };

    /// <summary>A row's run with its schedule.</summary>
    public static (SampleJob Job, CacheSchedule Schedule) Of(
        ExperimentRow row, ExperimentSettings settings, ExperimentFolder folder, LoadedModel model)
    {
        SampleJob job = new(Request(settings, row.Steps), model.Architecture, model.Choice);
        using ByteSource source = ByteSource.OpenFile(folder.Schedule(row));
        return (job, ScheduleFile.Read(source).ToSchedule(model.Architecture.Branches));
    }

    /// <summary>Makes the chunks that a row lacks.</summary>
    /// <param name="row">The row.</param>
    /// <param name="uncached">The row without caching, whose chunks are there.</param>
    /// <param name="images">Of the row, see <see cref="ExperimentSettings.ChunksOf"/>.</param>
    public void Complete(ExperimentRow row, ExperimentRow uncached, int images)
    {
        foreach (int chunk in settings.ChunksOf(images))
        {
            if (!folder.HasNumbers(Features, row.File, chunk))
            {
                double[] samples = Sample(row, chunk);
                if (row == uncached)
                {
                    folder.WriteNumbers(Samples, row.File, chunk, samples, settings.Images);
                }

                folder.WriteNumbers(Features, row.File, chunk, Measure(samples, UncachedOf(uncached, chunk)), settings.Images);
            }
        }
    }

    /// <summary>The numbers of a row's images, which are there.</summary>
    public static double[] Read(ExperimentRow row, int images, ExperimentSettings settings, ExperimentFolder folder) =>
    [
        .. settings.ChunksOf(images).SelectMany(chunk => folder.Numbers(Features, row.File, chunk)
            ?? throw new RequestException($"{row.Method} {row.Parameter} has not been sampled; run the stage samples first")),
    ];

    private double[] UncachedOf(ExperimentRow uncached, int chunk) => folder.Numbers(Samples, uncached.File, chunk)
        ?? throw new RequestException($"samples of {uncached.Method}, chunk {chunk}, are missing; remove its features, and both are made again");

    private double[] Sample(ExperimentRow row, int chunk)
    {
        (SampleJob job, CacheSchedule schedule) = Of(row, settings, folder, model);
        int length = job.ElementsPerImage, classes = Math.Max(model.Architecture.NumClasses, 1);
        float[] values = new float[settings.Images * length];
        Action step = context.Begin($"{row.Method} {row.Parameter}, chunk {chunk + 1}", (settings.Images + job.Batch - 1) / job.Batch);
        SamplingRun? run = null;
        try
        {
            for (int done = 0; done < settings.Images; done += run.Images)
            {
                int images = Math.Min(job.Batch, settings.Images - done), first = (chunk * settings.Images) + done;
                if (run?.Images != images)
                {
                    run?.Dispose();
                    run = job.Plan(model, schedule, images);
                }

                int[] labels = [.. Enumerable.Range(first, images).Select(i => i % classes)];
                run.Run(labels, (float)job.CfgScale, new CounterNoiseSource(job.Request.Seed, first), cancel: context.Cancel);
                run.ReadState(values.AsSpan(done * length, images * length));
                step();
            }
        }
        finally
        {
            run?.Dispose();
        }

        return Array.Exists(values, value => !float.IsFinite(value))
            ? throw new IOException($"{row.Method} {row.Parameter}: samples are not finite, so they have no distance; check the checkpoint")
            : Array.ConvertAll(values, value => (double)value);
    }

    private double[] Measure(double[] samples, double[] uncached)
    {
        int features = RandomConvFeatures.Length, size = model.Architecture.InputSize, length = samples.Length / settings.Images;
        float[] pixels = Array.ConvertAll(samples, value => (float)value);
        using MemoryImages images = new("samples", pixels, model.Architecture.InChannels, size, size);
        using RandomFeatures extractor = new(model.Choice.Threads, context with { Progress = null });
        double[] rows = new double[settings.Images * features], numbers = new double[settings.Images * NumbersPerImage];
        extractor.Extract(images, 0, settings.Images, rows);
        for (int i = 0; i < settings.Images; i++)
        {
            Span<double> own = numbers.AsSpan(i * NumbersPerImage, NumbersPerImage);
            rows.AsSpan(i * features, features).CopyTo(own);
            for (int j = i * length; j < (i + 1) * length; j++)
            {
                own[features] += Square(samples[j] - uncached[j]);
                own[features + 1] += Square(Math.Clamp(samples[j], -1, 1) - Math.Clamp(uncached[j], -1, 1));
                own[features + 2] += Square(uncached[j]);
            }
        }

        return numbers;
    }

    private static double Square(double x) => x * x;
}
