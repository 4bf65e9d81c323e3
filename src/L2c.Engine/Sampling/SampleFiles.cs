using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using L2c.Cli.Images;
using L2c.Cli.Output;
using L2c.Model.Caching;
using L2c.Weights;
using L2c.Weights.Npy;
using L2c.Weights.Safetensors;

namespace L2c.Cli.Sampling;

/// <summary>The files of a sampling run: pictures, latents, trajectory.</summary>
internal static class SampleFiles
{
    private const string ComparisonSuffix = "-compare.png";

    /// <summary>What the names of the run's files end in, the first one being written first.</summary>
    public static IReadOnlyList<string> Suffixes(SampleJob job) =>
    [
        .. job.Architecture.PixelSpace ? [] : new[] { ".safetensors", ".npy" },
        .. PictureSuffixes(job),
        .. job.Request.Cache.Compare ? [ComparisonSuffix] : Array.Empty<string>(),
    ];

    /// <summary>Fails if something that the run shall write is an input, exists already or cannot be written.</summary>
    /// <exception cref="UsageException">A file would have two parts, or the schedule cannot be said in the format of its file.</exception>
    /// <exception cref="IOException">As <see cref="OutputTarget.Prepare"/>.</exception>
    public static void Prepare(SampleJob job, OutputTarget target)
    {
        IReadOnlyList<string> suffixes = Suffixes(job);
        (string, string)[] others =
        [
            .. job.Request.Trajectory is { } trajectory ? [("--trajectory", trajectory)] : Array.Empty<(string, string)>(),
            .. job.Request.Cache.SaveSchedule is { } schedule ? [("--save-schedule", schedule)] : Array.Empty<(string, string)>(),
        ];
        NamedFiles.Check([.. target.Named(suffixes).Select(path => ("--out", path)), .. others], job.Request.Inputs);
        _ = job.Request.Cache.SaveSchedule is null ? [] : ScheduleText(job);
        foreach ((_, string path) in others)
        {
            OutputTarget.CheckWritable(path, job.Request.Force);
        }

        target.Prepare(suffixes);
    }

    /// <summary>Writes everything.</summary>
    /// <param name="job">What was done.</param>
    /// <param name="result">Its samples.</param>
    /// <param name="comparison">Samples without caching; null unless asked for.</param>
    /// <param name="parameters">Written into every file.</param>
    /// <param name="target">Where to.</param>
    /// <returns>The paths: latents, pictures, comparison, trajectory, schedule.</returns>
    public static IReadOnlyList<string> Write(
        SampleJob job, SampleResult result, Comparison? comparison, SampleParameters parameters, OutputTarget target)
    {
        List<(string, Action<string, bool>)> files = [];
        if (!job.Architecture.PixelSpace)
        {
            files.Add((".safetensors", (path, overwrite) => WriteLatents(path, overwrite, job, result, parameters)));
            files.Add((".npy", (path, overwrite) =>
                NpyFile.Write(path, TensorType.F32, StateShape(job), MemoryMarshal.AsBytes(result.Samples.AsSpan()), overwrite)));
        }

        IReadOnlyList<string> pictures = PictureSuffixes(job);
        for (int i = 0; i < pictures.Count; i++)
        {
            int image = i;
            files.Add((pictures[i], (path, overwrite) => WritePicture(path, overwrite, job, result, parameters, image)));
        }

        if (comparison is not null)
        {
            files.Add((ComparisonSuffix, (path, overwrite) => WriteComparison(path, overwrite, job, result, comparison, parameters)));
        }

        List<string> written = [.. target.Write(files)];
        if (job.Request.Trajectory is { } trajectory)
        {
            WriteTrajectory(trajectory, job, result, parameters);
            written.Add(trajectory);
        }

        if (job.Request.Cache.SaveSchedule is { } schedule)
        {
            AtomicFile.Write(schedule, job.Request.Force, stream => stream.Write(ScheduleText(job)));
            written.Add(schedule);
        }

        return written;
    }

    private static byte[] ScheduleText(SampleJob job)
    {
        try
        {
            return job.Request.Cache.SaveAsSmoothCache
                ? SmoothCacheJson.ToUtf8(job.Schedule)
                : ScheduleJson.From(job.Schedule, job.Architecture.Name, job.Sampler.Name).ToUtf8();
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"--schedule-format smoothcache: {e.Message}", e);
        }
    }

    private static IReadOnlyList<string> PictureSuffixes(SampleJob job)
    {
        if (!job.Request.Separate)
        {
            return [".png"];
        }

        int digits = Math.Max(3, (job.Count - 1).ToString(CultureInfo.InvariantCulture).Length);
        return [.. Enumerable.Range(0, job.Count).Select(i => $"-{i.ToString($"D{digits}", CultureInfo.InvariantCulture)}.png")];
    }

    private static void WritePicture(string path, bool overwrite, SampleJob job, SampleResult result, SampleParameters parameters, int image)
    {
        RgbImage sheet = job.Request.Separate ? Picture(job, result.Samples, image) : job.Grid.Draw(i => Picture(job, result.Samples, i));
        string text = ToJson(job.Request.Separate ? parameters.ForImage(image, job.Labels[image], job.Architecture) : parameters);
        AtomicFile.Write(path, overwrite, stream => PngWriter.Write(stream, sheet, SampleParameters.Key, text));
    }

    private static void WriteComparison(
        string path, bool overwrite, SampleJob job, SampleResult result, Comparison comparison, SampleParameters parameters)
    {
        RgbImage sheet = new ComparisonSheet(job.Grid).Draw(i => Picture(job, comparison.Uncached, i), i => Picture(job, result.Samples, i));
        string text = ToJson(parameters with { Comparison = true });
        AtomicFile.Write(path, overwrite, stream => PngWriter.Write(stream, sheet, SampleParameters.Key, text));
    }

    private static RgbImage Picture(SampleJob job, float[] samples, int image) =>
        SampleImage.Convert(job.Architecture, samples.AsSpan(image * job.ElementsPerImage, job.ElementsPerImage));

    private static void WriteLatents(string path, bool overwrite, SampleJob job, SampleResult result, SampleParameters parameters)
    {
        long[] labels = [.. job.Labels.Select(label => (long)label)];
        SafetensorsData.Write(
            path,
            [
                (new TensorInfo("latents", TensorType.F32, StateShape(job)), Bytes(result.Samples)),
                (new TensorInfo("labels", TensorType.I64, [job.Count]), Bytes(labels)),
            ],
            Metadata(parameters),
            overwrite);
    }

    private static void WriteTrajectory(string path, SampleJob job, SampleResult result, SampleParameters parameters)
    {
        long[] timesteps = [.. job.Sampler.Steps.Select(step => (long)step.Timestep)];
        TensorInfo states = new("x_steps", TensorType.F32, [timesteps.Length, .. StateShape(job)]);
        TensorInfo times = new("timesteps", TensorType.I64, [timesteps.Length]);
        using SafetensorsWriter writer = new(path, [states, times], Metadata(parameters), job.Request.Force);
        foreach (float[] state in result.Trajectory)
        {
            writer.Write(MemoryMarshal.AsBytes(state.AsSpan()));
        }

        writer.Write(MemoryMarshal.AsBytes(timesteps.AsSpan()));
        writer.Commit();
    }

    private static long[] StateShape(SampleJob job) =>
        [job.Count, job.Architecture.InChannels, job.Architecture.InputSize, job.Architecture.InputSize];

    private static Dictionary<string, string> Metadata(SampleParameters parameters) => new() { [SampleParameters.Key] = ToJson(parameters) };

    private static string ToJson(SampleParameters parameters) => JsonSerializer.Serialize(parameters, Terminal.Json);

    private static byte[] Bytes<T>(T[] values)
        where T : unmanaged => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
}
