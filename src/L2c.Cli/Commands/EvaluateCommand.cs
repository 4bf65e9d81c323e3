using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using L2c.Cli.Output;
using L2c.Cli.Printing;

namespace L2c.Cli.Commands;

/// <summary><c>l2c evaluate</c>: how far samples are from data.</summary>
internal sealed class EvaluateCommand
{
    private const string DefaultLadder = "5,10,20,50";
    private const string Random = "random-conv", Inception = "inception";

    private readonly Argument<string?> _samples = new("SAMPLES")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description = "Images to compare: .npz, .npy, .safetensors, or a folder of PNG; without it, a model is sampled",
    };

    private readonly SampleCommand _sample;
    private readonly Command _runOptions = new("run");
    private readonly Option<int?> _count = OptionFactory.Whole(
        "--count", 2,
        $"Images to sample, or the first N of a file or folder [default: {EvaluateRequest.DefaultCount}; of a file or folder, all]",
        EvaluateRequest.MaxCount);
    private readonly DataOptions _data = new();
    private readonly Option<string?> _ladder = OptionFactory.Text(
        "--ddim", "LIST|none", $"Also measure DDIM without caching at these numbers of steps, from the same noise [default: {DefaultLadder}]");
    private readonly Option<string> _features = OptionFactory.OneOf(
        "--features", "Whose features distances are in: a random network's, for small images, or those of the FID Inception network", Random, Inception);
    private readonly Option<string?> _inception = OptionFactory.Text(
        "--inception", "FILE", "The FID Inception network: pt_inception-2015-12-05-6726825d.pth");
    private readonly Option<bool> _json = OptionFactory.Switch("--json", "Print one JSON object on standard output");
    private readonly Option<bool> _noProgress = OptionFactory.Switch(
        "--no-progress", "Show no progress, neither as a bar nor, where standard error is not a terminal, as lines");

    private EvaluateCommand(CudaAccess cuda)
    {
        _sample = new SampleCommand(cuda);
        _samples.Validators.Add(result => OptionFactory.RefuseEmpty(result, "SAMPLES", "a file or a folder"));
    }

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CudaAccess cuda)
    {
        EvaluateCommand self = new(cuda);
        Command command = new(
            "evaluate",
            "Fréchet distance between samples and data with a bootstrap interval, in random-convolution features or those of FID.")
        {
            self._samples,
        };
        self._sample.AddRunOptionsTo(self._runOptions, withSchedule: true, withCacheType: true);
        foreach (Option option in (Option[])[
            .. self._runOptions.Options, self._count, .. self._data.All, self._ladder, self._features, self._inception, self._json, self._noProgress])
        {
            command.Add(option);
        }

        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        Stopwatch clock = Stopwatch.StartNew();
        bool show = !parsed.GetValue(_noProgress);
        using ProgressBar bar = new(terminal, show);
        IProgress<WorkProgress> progress = terminal.Interactive ? bar : new ProgressLines(terminal, show);
        EvaluateResult result = parsed.GetValue(_samples) is { } samples
            ? OfImages(parsed, samples, progress, terminal)
            : OfModel(parsed, progress, terminal);
        if (parsed.GetValue(_json))
        {
            terminal.PrintJson(new { Result = result, ElapsedMs = Math.Round(clock.Elapsed.TotalMilliseconds, 3) }, "result");
        }
        else
        {
            EvaluateText.Print(result, terminal);
        }

        return ExitCode.Ok;
    }

    private EvaluateResult OfImages(ParseResult parsed, string text, IProgress<WorkProgress> progress, Terminal terminal)
    {
        string? inception = InceptionFile(parsed);
        IEnumerable<Option> idle = _runOptions.Options.Append(_ladder).Except(inception is null ? [] : _sample.Where.AllButPrecision);
        if (idle.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } option)
        {
            throw new UsageException($"{option.Name} applies to sampling, but {text} is given; omit one of them");
        }

        DeviceChoice? device = inception is null ? null : _sample.Where.Decide(parsed);
        terminal.Note(device?.Note);
        return ImageEvaluation.Run(
            text, parsed.GetValue(_count), _data.Text(parsed), _data.Count(parsed), inception, device, progress, cancel: terminal.Cancel);
    }

    /// <summary>The file of the network whose features are asked for; null for those of the random net.</summary>
    private string? InceptionFile(ParseResult parsed) => (parsed.GetValue(_features), parsed.GetValue(_inception)) switch
    {
        (Inception, null) => throw new UsageException("--features inception needs the FID Inception network; name its file with --inception"),
        (Inception, var file) => file,
        (_, { } file) => throw new UsageException($"--inception {file} applies to --features inception; omit it, or give both"),
        _ => null,
    };

    private EvaluateResult OfModel(ParseResult parsed, IProgress<WorkProgress> progress, Terminal terminal)
    {
        RunRequest run = _sample.Read(parsed);
        EvaluateRequest request = new()
        {
            Sample = run.Sample with { Count = parsed.GetValue(_count) },
            Ddim = Ladder(parsed.GetValue(_ladder) ?? DefaultLadder),
            Data = _data.Text(parsed),
            DataCount = _data.Count(parsed),
            Inception = InceptionFile(parsed),
        };
        using OpenedModel opened = OpenedModel.Open(run.Checkpoint, run.Hints);
        EvaluateJob job = new(request, opened.Architecture, run.Device);
        terminal.Note(job.Samples.Remark);
        terminal.Note(run.Device.Note);
        using LoadedModel model = opened.Load(run.Device, demand: job.Demand);
        return model.Evaluate(job, progress, terminal.Cancel);
    }

    private static string[] Ladder(string list)
    {
        string[] steps = list.Equals("none", StringComparison.OrdinalIgnoreCase) ? [] : list.Split(',', StringSplitOptions.TrimEntries);
        return Array.TrueForAll(steps, text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0)
            ? steps
            : throw new UsageException($"--ddim needs numbers of steps separated by commas, or none, not '{list}'");
    }
}
