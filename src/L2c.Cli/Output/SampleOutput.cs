using System.Globalization;
using L2c.Weights;

namespace L2c.Cli.Output;

/// <summary>The files of a sampling run: pictures, latents, states, schedule.</summary>
internal sealed record SampleOutput
{
    private const string ComparisonSuffix = "-compare.png", ResultSuffix = ".json";

    /// <summary>One PNG per image instead of a grid.</summary>
    public required bool Separate { get; init; }

    /// <summary>File of the states after every evaluation; null for none.</summary>
    public required string? States { get; init; }

    /// <summary>File of the schedule; null for none.</summary>
    public required string? Schedule { get; init; }

    /// <summary>Whether the schedule is written as SmoothCache's lists.</summary>
    public required bool AsSmoothCache { get; init; }

    /// <summary>Whether the result is written, too.</summary>
    public required bool SavesResult { get; init; }

    /// <summary>Whether named files may be replaced.</summary>
    public required bool Overwrite { get; init; }

    /// <summary>Fails if something that the run shall write is an input, exists already or cannot be written.</summary>
    /// <exception cref="UsageException">A file would have two parts, or there is no schedule to save.</exception>
    /// <exception cref="RequestException">A picture cannot be drawn, or the schedule cannot be said in the format of its file.</exception>
    /// <exception cref="IOException">As <see cref="OutputTarget.Prepare"/>.</exception>
    public void Prepare(SampleJob job, OutputTarget target, IEnumerable<string> inputs)
    {
        if (Schedule is not null && job.Cache is null)
        {
            throw new UsageException("--save-schedule needs a schedule; give --router FILE or --cache RULE");
        }

        SamplePictures.Require(job, Separate);
        IReadOnlyList<string> suffixes = Suffixes(job);
        (string, string)[] others =
        [
            .. States is { } states ? [("--trajectory", states)] : Array.Empty<(string, string)>(),
            .. Schedule is { } schedule ? [("--save-schedule", schedule)] : Array.Empty<(string, string)>(),
        ];
        NamedFiles.Check([.. target.Named(suffixes).Select(path => ("--out", path)), .. others], inputs);
        _ = Schedule is null ? [] : SampleFiles.ScheduleText(job, AsSmoothCache);
        foreach ((_, string path) in others)
        {
            AtomicFile.Probe(path, Overwrite);
        }

        target.Prepare(suffixes);
    }

    /// <summary>Writes everything.</summary>
    /// <param name="result">What was sampled.</param>
    /// <param name="target">Where to.</param>
    /// <param name="describe">The result as it is saved, given the paths of the files that share its stem.</param>
    /// <returns>The paths: latents, pictures, comparison, result, states, schedule.</returns>
    public IReadOnlyList<string> Write(SampleResult result, OutputTarget target, Func<IReadOnlyList<string>, byte[]> describe)
    {
        List<(string Suffix, Action<string, bool>)> files = [];
        if (!result.Job.Architecture.PixelSpace)
        {
            files.Add((".safetensors", (path, overwrite) => SampleFiles.WriteLatents(path, overwrite, result)));
            files.Add((".npy", (path, overwrite) => SampleFiles.WriteNpy(path, overwrite, result)));
        }

        IReadOnlyList<string> pictures = PictureSuffixes(result.Job);
        for (int i = 0; i < pictures.Count; i++)
        {
            int image = i;
            files.Add((pictures[i], Separate
                ? (path, overwrite) => SampleFiles.WriteImage(path, overwrite, result, image)
                : (path, overwrite) => SampleFiles.WriteGrid(path, overwrite, result)));
        }

        if (result.Comparison is not null)
        {
            files.Add((ComparisonSuffix, (path, overwrite) => SampleFiles.WriteComparison(path, overwrite, result)));
        }

        if (SavesResult)
        {
            string[] suffixes = [.. files.Select(file => file.Suffix), ResultSuffix];
            files.Add((ResultSuffix, (path, overwrite) => AtomicFile.Write(
                path, overwrite, stream => stream.Write(describe([.. suffixes.Select(suffix => path[..^ResultSuffix.Length] + suffix)])))));
        }

        List<string> written = [.. target.Write(files)];
        if (States is { } states)
        {
            SampleFiles.WriteStates(states, Overwrite, result);
            written.Add(states);
        }

        if (Schedule is { } schedule)
        {
            AtomicFile.Write(schedule, Overwrite, stream => stream.Write(SampleFiles.ScheduleText(result.Job, AsSmoothCache)));
            written.Add(schedule);
        }

        return written;
    }

    // The first one is written first.
    private IReadOnlyList<string> Suffixes(SampleJob job) =>
    [
        .. job.Architecture.PixelSpace ? [] : new[] { ".safetensors", ".npy" },
        .. PictureSuffixes(job),
        .. job.Request.Compare ? [ComparisonSuffix] : Array.Empty<string>(),
        .. SavesResult ? [ResultSuffix] : Array.Empty<string>(),
    ];

    private IReadOnlyList<string> PictureSuffixes(SampleJob job)
    {
        if (!Separate)
        {
            return [".png"];
        }

        int digits = Math.Max(3, (job.Count - 1).ToString(CultureInfo.InvariantCulture).Length);
        return [.. Enumerable.Range(0, job.Count).Select(i => $"-{i.ToString($"D{digits}", CultureInfo.InvariantCulture)}.png")];
    }
}
