using System.CommandLine;
using L2c.Cli.Output;
using L2c.Kernels;
using L2c.Model.Caching;

namespace L2c.Cli.Commands;

/// <summary>Which branches are computed and which are taken from an earlier evaluation.</summary>
internal sealed class CacheOptions
{
    private readonly Option<string?> _router =
        OptionFactory.Text("--router", "FILE", "Learning-to-Cache router for this model and number of steps: .pt, .pth or .safetensors", "--path");
    private readonly Option<double?> _threshold =
        OptionFactory.NonNegative(
            "--threshold", "Branches whose score is at most X are reused; default as published, 0.1, or 0.9 for U-ViT and DiT-XL/2 512", "--thres");
    private readonly Option<string?> _rule =
        OptionFactory.Text("--cache", "RULE|FILE.json", $"What to reuse without a router: {ScheduleRule.Forms}; or a schedule of l2c or SmoothCache")
            .Offering(ScheduleRule.Beginnings);
    private readonly Option<string?> _type = OptionFactory.Choice(
        "--cache-dtype",
        "What outputs are kept in for later evaluations; bf16 halves their memory and traffic where fp32 is stored [default: that of --dtype]",
        "fp32", "bf16");
    private readonly Option<string?> _saveSchedule =
        OptionFactory.Text("--save-schedule", "FILE", "Also write the schedule of --router or --cache as JSON");
    private readonly Option<string?> _format = OptionFactory.Choice(
        "--schedule-format", "Format of --save-schedule: l2c (roles and masks by evaluation) or SmoothCache's lists [default: l2c]", "l2c", "smoothcache");
    private readonly Option<bool> _compare =
        OptionFactory.Switch("--compare", "Sample without caching too, from the same noise: time, PSNR, relative L2 and a picture STEM-compare.png");
    private readonly Option<int?> _runs = OptionFactory.Whole(
        "--runs",
        1,
        $"Rounds that --compare times, each one batch both ways; at least {MedianInterval.LeastCount} can tell a difference from noise "
        + $"[default: {InterleavedTiming.DefaultRounds}]",
        BenchOptions.MaxRepeats);
    private readonly Option<int?> _warmUp = OptionFactory.Whole(
        "--warmup", 0, $"Rounds before them that it does not time [default: {InterleavedTiming.DefaultWarmUp}]", BenchOptions.MaxRepeats);

    /// <summary>Adds all options to a command that samples.</summary>
    public void AddTo(Command command)
    {
        AddScheduleTo(command);
        AddTypeTo(command);
        command.Add(_saveSchedule);
        command.Add(_format);
        command.Add(_compare);
        command.Add(_runs);
        command.Add(_warmUp);
    }

    /// <summary>Adds the options that choose a schedule to any command that makes a run.</summary>
    public void AddScheduleTo(Command command)
    {
        command.Add(_router);
        command.Add(_threshold);
        command.Add(_rule);
    }

    /// <summary>Adds the type that outputs are kept in.</summary>
    public void AddTypeTo(Command command) => command.Add(_type);

    /// <summary>The request with what was said about comparing it with a run without caching.</summary>
    /// <exception cref="UsageException">Rounds were given, but nothing is compared.</exception>
    public SampleRequest Compare(ParseResult parsed, SampleRequest request)
    {
        (int? runs, int? warmUp) = (parsed.GetValue(_runs), parsed.GetValue(_warmUp));
        if (!parsed.GetValue(_compare))
        {
            return (runs ?? warmUp) is null
                ? request
                : throw new UsageException($"{(runs is null ? "--warmup" : "--runs")} says how often --compare measures; give --compare, too, or omit it");
        }

        return request with
        {
            Compare = true,
            CompareRounds = runs ?? request.CompareRounds,
            CompareWarmUp = warmUp ?? request.CompareWarmUp,
        };
    }

    /// <summary>Where the schedule is written to; null for nowhere.</summary>
    public string? SaveSchedule(ParseResult parsed) => parsed.GetValue(_saveSchedule);

    /// <summary>Whether it is written as SmoothCache's lists.</summary>
    public bool SavesAsSmoothCache(ParseResult parsed) => parsed.GetValue(_format) == "smoothcache";

    /// <summary>Reads what is reused.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="isOfDemo">See <see cref="CacheRequest.IsOfDemo"/>.</param>
    /// <exception cref="UsageException">A format was given, but no schedule is saved.</exception>
    public CacheRequest Read(ParseResult parsed, bool isOfDemo = false) =>
        parsed.GetValue(_saveSchedule) is null && parsed.GetValue(_format) is not null
            ? throw new UsageException("--schedule-format applies to --save-schedule; give --save-schedule FILE")
            : new CacheRequest
            {
                Router = parsed.GetValue(_router),
                Threshold = parsed.GetValue(_threshold),
                Rule = parsed.GetValue(_rule),
                Type = parsed.GetValue(_type) switch { "fp32" => DType.F32, "bf16" => DType.BF16, _ => null },
                IsOfDemo = isOfDemo,
            };
}
