namespace L2c;

/// <summary>What every training run can be told: data, length, files. Nothing here but the data changes a bit of what is trained.</summary>
/// <param name="Data">Images or latents with labels: <c>shapes2:SEED</c>, shards, or a folder of pictures.</param>
/// <param name="Folder">Folder of the run: states, results, logs.</param>
public abstract record TrainingRequest(string Data, string Folder)
{
    /// <summary>The word for the newest state, if there is one.</summary>
    public const string Latest = "latest";

    /// <summary>Optimisation steps in total, including those before resuming; null for the usual number.</summary>
    public int? MaxSteps { get; init; }

    /// <summary>Steps between states and intermediate results.</summary>
    public int StateEvery { get; init; } = 500;

    /// <summary>Steps between rows of the logs, which are means over them.</summary>
    public int LogEvery { get; init; } = 10;

    /// <summary>Steps between sample grids in the folder <c>samples</c> of the run, which change nothing of what is trained; null for none.</summary>
    public int? SampleEvery { get; init; }

    /// <summary>A state to continue from, or <see cref="Latest"/> for the newest of the folder, if there is one; null for a new run.</summary>
    public string? Resume { get; init => field = Latest.Equals(value, StringComparison.OrdinalIgnoreCase) ? Latest : value; }

    /// <summary>Whether a new run may replace an old one.</summary>
    public bool Anew { get; init; }

    /// <summary>Paths of the files that a run leaves in its folder beside its states.</summary>
    public virtual IEnumerable<string> Outputs => ResultNames
        .Concat(RunLogs.Names)
        .Concat(SampleEvery is null ? [] : [SampleGrids.Name])
        .Select(name => Path.Combine(Folder, name));

    /// <summary>How long the run goes on and how often it writes.</summary>
    /// <param name="usual">Steps unless the request says so.</param>
    /// <exception cref="RequestException">A number is below 1.</exception>
    internal TrainingSchedule Schedule(int usual)
    {
        TrainingSchedule schedule = new(MaxSteps ?? usual, StateEvery, LogEvery);
        (string Option, int Steps)[] numbers =
        [
            ("--max-steps", schedule.MaxSteps),
            ("--ckpt-every", schedule.StateEvery),
            ("--log-every", schedule.LogEvery),
            ("--sample-every", SampleEvery ?? 1),
        ];
        return Array.Find(numbers, number => number.Steps < 1) is { Option: { } option, Steps: var steps }
            ? throw new RequestException($"{option} {steps}: steps are whole numbers; give at least 1")
            : schedule;
    }

    /// <summary>Names of the files that the run is for.</summary>
    internal abstract IReadOnlyList<string> ResultNames { get; }
}
