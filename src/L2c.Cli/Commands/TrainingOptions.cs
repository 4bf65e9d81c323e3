using System.CommandLine;
using L2c.Cli.Data;
using L2c.Cli.Devices;
using L2c.Cli.Output;
using L2c.Cli.Training;
using L2c.Kernels;
using L2c.Model.Training;

namespace L2c.Cli.Commands;

/// <summary>What both commands that train can be told: data, seed, length, files, device.</summary>
internal sealed class TrainingOptions
{
    private const int DefaultCheckpointEvery = 500, DefaultLogEvery = 10;

    private readonly string _presetFolder;
    private readonly string _presetData;
    private readonly Option<string?> _data;
    private readonly Option<ulong?> _seed = Words.Seed("--seed", "Seed of everything random [default: 0]", "--global-seed");
    private readonly Option<int?> _maxSteps;
    private readonly Option<int?> _ckptEvery = Words.Whole(
        "--ckpt-every", 1, $"Steps between states to resume from and intermediate results [default: {DefaultCheckpointEvery}]");
    private readonly Option<int?> _logEvery = Words.Whole(
        "--log-every", 1, $"Steps between rows of the logs, which are means over them [default: {DefaultLogEvery}]");
    private readonly Option<string?> _resume = Words.Text(
        "--resume-from-checkpoint", "FILE|latest", "Continue from this state, or from the newest of --out if there is one");
    private readonly Option<bool> _checkpointing = Words.Switch(
        "--checkpointing", "Keep only what enters each block and compute the rest of it again for the backward pass: less memory, more work");
    private readonly Option<string?> _out;
    private readonly Option<bool> _force = Words.Switch("--force", "Start anew where another run was");
    private readonly Option<bool> _json = Words.Switch("--json", "Print one JSON object on standard output at the end");
    private readonly Option<bool> _noProgress = Words.Switch("--no-progress", "Print no progress");
    private readonly DeviceOptions _device;

    /// <param name="cuda">How CUDA devices are found and opened.</param>
    /// <param name="folder">Where runs go unless the user says so.</param>
    /// <param name="data">What is trained on unless the user says so.</param>
    /// <param name="maxSteps">Default of <c>--max-steps</c>, in words.</param>
    /// <param name="preset">Precision on CUDA unless the user says so.</param>
    /// <param name="refused">Precisions that the command does not compute in.</param>
    public TrainingOptions(
        CudaAccess cuda, string folder, string data, string maxSteps, CudaPrecision preset, params CudaPrecision[] refused)
    {
        (_presetFolder, _presetData) = (folder, data);
        _data = Words.Text(
            "--data", TrainingDataText.Forms, $"Images or latents with labels: built-in pictures, shards, or a folder of pictures [default: {data}]");
        _device = new DeviceOptions(cuda, preset, refused);
        _maxSteps = Words.Whole("--max-steps", 1, $"Optimisation steps in total, those before a resumption included [default: {maxSteps}]");
        _out = Words.Text("--out", "DIR", $"Folder of the run: states, results, logs [default: {folder}]");
    }

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_data, _seed, _maxSteps, _ckptEvery, _logEvery, _checkpointing, _out, _resume])
        {
            command.Add(option);
        }

        _device.AddTo(command);
        foreach (Option option in (Option[])[_force, _json, _noProgress])
        {
            command.Add(option);
        }
    }

    /// <summary>Where to compute.</summary>
    public DeviceChoice Decide(ParseResult parsed) => _device.Decide(parsed);

    /// <summary>The seed.</summary>
    public ulong Seed(ParseResult parsed) => parsed.GetValue(_seed) ?? 0;

    /// <summary>Whether memory is saved by computing again.</summary>
    public bool Checkpointing(ParseResult parsed) => parsed.GetValue(_checkpointing);

    /// <summary>Whether the result is printed as JSON.</summary>
    public bool Json(ParseResult parsed) => parsed.GetValue(_json);

    /// <summary>Whether the user named data.</summary>
    public bool NamesData(ParseResult parsed) => parsed.GetValue(_data) is not null;

    /// <summary>How long and how often.</summary>
    public TrainingSchedule Schedule(ParseResult parsed, int presetSteps) => new(
        parsed.GetValue(_maxSteps) ?? presetSteps,
        parsed.GetValue(_ckptEvery) ?? DefaultCheckpointEvery,
        parsed.GetValue(_logEvery) ?? DefaultLogEvery);

    /// <summary>Opens the data. To be disposed of where they are <see cref="IDisposable"/>.</summary>
    /// <exception cref="UsageException">They do not exist or do not fit.</exception>
    public ITrainingData OpenData(ParseResult parsed, DataNeeds needs) =>
        TrainingDataText.Open(parsed.GetValue(_data) ?? _presetData, needs, Seed(parsed));

    /// <summary>Takes the run's folder.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="results">Files that a finished run leaves.</param>
    /// <param name="inputs">Files that are read and must not be written over, beside those that options of this class name.</param>
    /// <param name="terminal">For a remark.</param>
    public RunFolder OpenFolder(ParseResult parsed, IReadOnlyList<string> results, IEnumerable<string> inputs, Terminal terminal)
    {
        string path = parsed.GetValue(_out) ?? _presetFolder;
        string? resume = parsed.GetValue(_resume);
        IEnumerable<string> own = new[] { parsed.GetValue(_data), resume }.OfType<string>().Where(File.Exists);
        NamedFiles.Check(results.Concat(RunLogs.Names).Select(name => ("--out", Path.Combine(path, name))), inputs.Concat(own));
        return RunFolder.Open(path, results, resume, parsed.GetValue(_force), terminal);
    }

    /// <summary>The progress line.</summary>
    public TrainingProgress Progress(ParseResult parsed, TrainingSchedule schedule, Func<string> describe, Terminal terminal) =>
        new(terminal, !parsed.GetValue(_noProgress), schedule.MaxSteps, describe);
}
