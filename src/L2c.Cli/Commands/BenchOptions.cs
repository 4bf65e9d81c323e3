using System.CommandLine;
using L2c.Cli.Output;
using L2c.Cli.Printing;
using L2c.Weights.Layouts;

namespace L2c.Cli.Commands;

/// <summary>What every benchmark can be told: which network, where, how often.</summary>
internal sealed class BenchOptions
{
    /// <summary>Runs that can be measured at most.</summary>
    public const int MaxRepeats = 100_000;

    private readonly int _presetRuns;
    private readonly Option<string?> _ckpt = OptionFactory.Text("--ckpt", "FILE", "Checkpoint of a DiT or U-ViT; default random weights");
    private readonly WeightsOptions _checkpoint = new(
        "Published model, such as DiT-XL/2; without --ckpt also depth x hidden width x heads / patch, such as 12x192x3/2 or U-ViT-12x192x3/2 "
        + "[default: DiT-S/2]");
    private readonly Option<int?> _imageSize = OptionFactory.Whole(
        "--image-size", 8, "Image side in pixels, eight per latent cell [default: the model's, otherwise 256]", most: 32768);
    private readonly Option<int?> _runs;
    private readonly Option<int?> _warmUp = OptionFactory.Whole(
        "--warmup", 0, $"Rounds before them that are not timed [default: at least {InterleavedTiming.DefaultWarmUp}, and half a second]", MaxRepeats);
    private readonly Option<bool> _json = OptionFactory.Switch("--json", "Print one JSON object on standard output");
    private readonly DeviceOptions _device;

    /// <param name="cuda">How CUDA devices are found and opened.</param>
    /// <param name="runs">Rounds unless the user says so.</param>
    public BenchOptions(CudaAccess cuda, int runs)
    {
        _presetRuns = runs;
        _device = new DeviceOptions(cuda);
        _runs = OptionFactory.Whole("--runs", 1, $"Rounds that are timed, each one run of all that is compared [default: {runs}]", MaxRepeats);
        _runs.Aliases.Add("--repeat");
    }

    /// <summary>Adds the options to a benchmark.</summary>
    public void AddTo(Command command)
    {
        command.Add(_ckpt);
        _checkpoint.AddTo(command);
        command.Add(_imageSize);
        _device.AddTo(command);
        _device.AddGraphTo(command);
        command.Add(_runs);
        command.Add(_warmUp);
        command.Add(_json);
    }

    /// <summary>Where to compute.</summary>
    public DeviceChoice Decide(ParseResult parsed) => _device.Decide(parsed);

    /// <summary>Rounds to time.</summary>
    public int Runs(ParseResult parsed) => parsed.GetValue(_runs) ?? _presetRuns;

    /// <summary>Rounds before them; null for the default.</summary>
    public int? WarmUp(ParseResult parsed) => parsed.GetValue(_warmUp);

    /// <summary>Finds out which network is meant.</summary>
    /// <exception cref="UsageException">An option belongs to the other kind of network.</exception>
    public OpenedModel Open(ParseResult parsed)
    {
        LayoutHints hints = _checkpoint.Read(parsed);
        int? imageSize = parsed.GetValue(_imageSize);
        if (parsed.GetValue(_ckpt) is not { } checkpoint)
        {
            return hints with { Model = null } == LayoutHints.None
                ? OpenedModel.Random(hints.Model ?? "DiT-S/2", imageSize)
                : throw new UsageException("--use, --heads and --num-classes apply to a checkpoint; give --ckpt FILE, or omit them");
        }

        return imageSize is null
            ? OpenedModel.Open(checkpoint, hints)
            : throw new UsageException("--image-size applies to random weights only; omit it with --ckpt");
    }

    /// <summary>Prints a result.</summary>
    public void Print(ParseResult parsed, BenchResult result, Terminal terminal)
    {
        if (parsed.GetValue(_json))
        {
            terminal.PrintJson(result, "facts", "time");
        }
        else
        {
            BenchText.Print(result, terminal.Out);
        }
    }
}
