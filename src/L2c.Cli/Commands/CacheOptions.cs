using System.CommandLine;
using L2c.Cli.Output;
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
    private readonly Option<string?> _saveSchedule =
        OptionFactory.Text("--save-schedule", "FILE", "Also write the schedule of --router or --cache as JSON");
    private readonly Option<string?> _format = OptionFactory.Choice(
        "--schedule-format", "Format of --save-schedule: l2c (roles and masks by evaluation) or SmoothCache's lists [default: l2c]", "l2c", "smoothcache");
    private readonly Option<bool> _compare =
        OptionFactory.Switch("--compare", "Sample without caching too, from the same noise: time, PSNR, relative L2 and a picture STEM-compare.png");

    /// <summary>Adds all options to a command that samples.</summary>
    public void AddTo(Command command)
    {
        AddScheduleTo(command);
        command.Add(_saveSchedule);
        command.Add(_format);
        command.Add(_compare);
    }

    /// <summary>Adds the options that choose a schedule to any command that makes a run.</summary>
    public void AddScheduleTo(Command command)
    {
        command.Add(_router);
        command.Add(_threshold);
        command.Add(_rule);
    }

    /// <summary>Whether the user chose what is reused.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_router) is not null || parsed.GetValue(_rule) is not null;

    /// <summary>Whether the run is compared with one without caching.</summary>
    public bool Compare(ParseResult parsed) => parsed.GetValue(_compare);

    /// <summary>Where the schedule is written to; null for nowhere.</summary>
    public string? SaveSchedule(ParseResult parsed) => parsed.GetValue(_saveSchedule);

    /// <summary>Whether it is written as SmoothCache's lists.</summary>
    public bool SavesAsSmoothCache(ParseResult parsed) => parsed.GetValue(_format) == "smoothcache";

    /// <summary>Reads what is reused.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="preset">Router to use where neither router nor rule is given; null for no caching then.</param>
    /// <exception cref="UsageException">An option about the schedule lacks one.</exception>
    public CacheRequest Read(ParseResult parsed, string? preset = null)
    {
        (string? router, string? rule) = (parsed.GetValue(_router), parsed.GetValue(_rule));
        CacheRequest request = new()
        {
            Router = router ?? (rule is null ? preset : null),
            Threshold = parsed.GetValue(_threshold),
            Rule = rule,
        };
        bool cached = request.Router is not null || request.Rule is not null;
        return request switch
        {
            _ when parsed.GetValue(_saveSchedule) is null && parsed.GetValue(_format) is not null =>
                throw new UsageException("--schedule-format applies to --save-schedule; give --save-schedule FILE"),
            _ when !cached && parsed.GetValue(_saveSchedule) is not null => throw NothingCached("--save-schedule"),
            _ when !cached && parsed.GetValue(_compare) => throw NothingCached("--compare"),
            _ => request,
        };
    }

    private static UsageException NothingCached(string option) => new($"{option} needs a schedule; give --router FILE or --cache RULE");
}
