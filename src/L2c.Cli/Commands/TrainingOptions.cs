using System.CommandLine;
using L2c.Cli.Output;
using L2c.Cli.Printing;
using L2c.Kernels;
using L2c.Weights;

namespace L2c.Cli.Commands;

/// <summary>What both commands that train can be told: data, seed, length, files, device.</summary>
internal sealed class TrainingOptions
{
    private const int DefaultStateEvery = 500, DefaultLogEvery = 10;

    private readonly Option<string?> _data;
    private readonly Option<ulong?> _seed = OptionFactory.Seed("--seed", "Seed of everything random [default: 0]", "--global-seed");
    private readonly Option<int?> _maxSteps;
    private readonly Option<int?> _ckptEvery = OptionFactory.Whole(
        "--ckpt-every", 1, $"Steps between states to resume from and intermediate results [default: {DefaultStateEvery}]");
    private readonly Option<int?> _logEvery = OptionFactory.Whole(
        "--log-every", 1, $"Steps between rows of the logs, which are means over them [default: {DefaultLogEvery}]");
    private readonly Option<int?> _sampleEvery = OptionFactory.Whole(
        "--sample-every",
        1,
        "Steps between grids of samples, written to samples/000500.png in --out; they change nothing of the training [default: none]");
    private readonly Option<string?> _resume = OptionFactory.Text(
        "--resume-from-checkpoint", "FILE|latest", "Continue from this state, or from the newest in --out if there is one")
        .Offering([TrainingRequest.Latest]);
    private readonly Option<bool> _recompute = OptionFactory.Switch(
        "--checkpointing", "Keep only each block's input and recompute the rest for the backward pass: less memory, more work");
    private readonly Option<string?> _out;
    private readonly Option<bool> _force = OptionFactory.Switch("--force", "Start over where there is another run");
    private readonly Option<bool> _json = OptionFactory.Switch("--json", "Print one JSON object on standard output at the end");
    private readonly Option<bool> _saveResult = OptionFactory.Switch(
        "--save-result", $"Also write what --json prints, with the command line, as {TrainingResult.FileName} in --out: l2c report shows it");
    private readonly Option<bool> _noProgress = OptionFactory.Switch("--no-progress", "Print no progress");
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
        _data = OptionFactory.Text(
            "--data", TrainingDataText.Forms, $"Images or latents with labels: built-in pictures, shards, or a folder of pictures [default: {data}]")
            .Offering(TrainingDataText.Words);
        _device = new DeviceOptions(cuda, preset, refused);
        _maxSteps = OptionFactory.Whole("--max-steps", 1, $"Optimisation steps in total, including those before resuming [default: {maxSteps}]");
        _out = OptionFactory.Text("--out", "DIR", $"Folder of the run: states, results, logs [default: {folder}]");
    }

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_data, _seed, _maxSteps, _ckptEvery, _logEvery, _sampleEvery, _recompute, _out, _resume])
        {
            command.Add(option);
        }

        _device.AddTo(command);
        foreach (Option option in (Option[])[_saveResult, _force, _json, _noProgress])
        {
            command.Add(option);
        }
    }

    /// <summary>Where to compute.</summary>
    public DeviceChoice Decide(ParseResult parsed) => _device.Decide(parsed);

    /// <summary>The seed.</summary>
    public ulong Seed(ParseResult parsed) => parsed.GetValue(_seed) ?? 0;

    /// <summary>Whether memory is saved by computing again.</summary>
    public bool Recompute(ParseResult parsed) => parsed.GetValue(_recompute);

    /// <summary>Whether the user named data.</summary>
    public bool NamesData(ParseResult parsed) => parsed.GetValue(_data) is not null;

    /// <summary>A request with what both kinds of training are told.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="request">The rest.</param>
    /// <param name="inputs">Files that are read and must not be written over, beside those that options of this class name.</param>
    /// <exception cref="UsageException">A file would have two parts.</exception>
    public T Complete<T>(ParseResult parsed, T request, IEnumerable<string> inputs)
        where T : TrainingRequest
    {
        request = request with
        {
            Data = parsed.GetValue(_data) ?? request.Data,
            MaxSteps = parsed.GetValue(_maxSteps),
            StateEvery = parsed.GetValue(_ckptEvery) ?? DefaultStateEvery,
            LogEvery = parsed.GetValue(_logEvery) ?? DefaultLogEvery,
            SampleEvery = parsed.GetValue(_sampleEvery),
            Folder = parsed.GetValue(_out) ?? request.Folder,
            Resume = parsed.GetValue(_resume),
            Anew = parsed.GetValue(_force),
        };
        IEnumerable<string> own = new[] { parsed.GetValue(_data), request.Resume }.OfType<string>().Where(File.Exists);
        string[] results = parsed.GetValue(_saveResult) ? [Path.Combine(request.Folder, TrainingResult.FileName)] : [];
        NamedFiles.Check(request.Outputs.Concat(results).Select(path => ("--out", path)), inputs.Concat(own));
        foreach (string path in results)
        {
            AtomicFile.RequireFree(path, overwrite: request.Anew || (request.Resume is not null && TrainingResult.IsSaved(path)));
        }

        return request;
    }

    /// <summary>Tells what came of a run, and writes it into the folder where the user wants that, also when it was interrupted.</summary>
    /// <returns>The exit code.</returns>
    public int Finish(ParseResult parsed, TrainingRequest request, TrainingResult result, Terminal terminal)
    {
        if (parsed.GetValue(_saveResult))
        {
            byte[] text = ResultFile.Of(parsed, Terminal.Flatten(result, "facts"), null);
            AtomicFile.Write(Path.Combine(request.Folder, TrainingResult.FileName), overwrite: true, stream => stream.Write(text));
        }

        return TrainingText.Print(result, terminal, parsed.GetValue(_json));
    }

    /// <summary>The progress line.</summary>
    public TrainingLine Progress(ParseResult parsed, Terminal terminal, Func<IReadOnlyList<double>, string> describe) =>
        new(terminal, !parsed.GetValue(_noProgress), announce: !parsed.GetValue(_json), describe, TimeProvider.System);
}
