using System.CommandLine;
using L2c.Cli.Output;

namespace L2c.Cli.Commands;

/// <summary><c>l2c bench sample</c>: a whole sampling run; with a schedule, in turn with the run that computes everything.</summary>
internal sealed class BenchSampleCommand(CudaAccess cuda)
{
    private const int DefaultImages = 8;
    private const double DefaultCfgScale = 1.5;

    private readonly BenchOptions _options = new(cuda, InterleavedTiming.DefaultRounds);
    private readonly CacheOptions _cache = new();
    private readonly Option<int?> _images =
        OptionFactory.Whole("--images", 1, $"Images of a run, all in one batch [default: {DefaultImages}]", most: 65536);
    private readonly Option<string?> _steps = OptionFactory.Text("--steps", "STEPS", "Evaluations of the network's own sampler [default: 20]");
    private readonly Option<double?> _cfgScale = OptionFactory.NonNegative(
        "--cfg-scale", $"Guidance scale; 1 means no guidance and half the work [default: {DefaultCfgScale}]");

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CudaAccess cuda)
    {
        BenchSampleCommand self = new(cuda);
        Command command = new("sample", "A whole sampling run; with a router or a rule, alternating with the run that computes everything.");
        foreach (Option option in (Option[])[self._images, self._steps, self._cfgScale])
        {
            command.Add(option);
        }

        self._cache.AddScheduleTo(command);
        self._cache.AddTypeTo(command);
        self._options.AddTo(command);
        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        int images = parsed.GetValue(_images) ?? DefaultImages;
        SampleRequest request = new()
        {
            Count = images,
            Batch = images,
            Steps = parsed.GetValue(_steps) ?? "20",
            CfgScale = parsed.GetValue(_cfgScale) ?? DefaultCfgScale,
            Cache = _cache.Read(parsed),
        };
        DeviceChoice choice = _options.Decide(parsed);
        using OpenedModel opened = _options.Open(parsed);
        SampleJob job = new(request, opened.Architecture, choice);
        terminal.Note(choice.Note);
        terminal.Note(job.Remark);
        using LoadedModel model = opened.Load(choice, demand: job.BenchDemand);
        _options.Print(parsed, model.BenchSample(job, _options.Runs(parsed), _options.WarmUp(parsed), terminal.Cancel), terminal);
        return ExitCode.Ok;
    }
}
