using System.CommandLine;
using System.Globalization;
using L2c.Cli.Output;
using L2c.Cli.Printing;
using L2c.Weights;

namespace L2c.Cli.Commands;

/// <summary><c>l2c sweep</c>: learned schedules against rules and fewer steps at matched compute, in one table and one plot.</summary>
internal sealed class SweepCommand
{
    private readonly SampleCommand _sample;
    private readonly Option<string[]> _routers = OptionFactory.Texts(
        "--router",
        "FILE|none",
        "Learning-to-Cache router for this model and number of steps; may be given several times, none for no router; default: the demo model's own",
        "--path");

    private readonly Option<string?> _thresholds =
        OptionFactory.Text("--thresholds", "X,Y,...", "Thresholds of each router; default the published one");
    private readonly Option<string?> _rules = OptionFactory.Text(
        "--rules", "A,B,...|none",
        $"Rules to match in compute; a complete rule, such as top:3, is taken as it is [default: {string.Join(',', RuleFamily.Names)}]")
        .Offering([.. RuleFamily.Names, "none"]);
    private readonly Option<string?> _ratios = OptionFactory.Text(
        "--mac-ratios", "X,Y,...",
        "Compute points beside those of the routers, as shares of the MACs without caching; default: none, or without routers 0.9,0.8,0.7,0.6");
    private readonly Option<int?> _count = OptionFactory.Whole(
        "--count", 2, $"Images of each row [default: {EvaluateRequest.DefaultCount}]", EvaluateRequest.MaxCount);
    private readonly DataOptions _data = new();
    private readonly Option<string?> _out = OptionFactory.Text(
        "--out", "DIR", "Folder of sweep.csv, sweep.json and the plot pareto.png and pareto.svg; rows that are there are kept [default: sweep]");
    private readonly Option<string?> _only =
        OptionFactory.Text("--only", "A-B|N", "Run only rows A to B, or row N, numbered from 1 as --dry-run lists them");
    private readonly Option<bool> _dryRun = OptionFactory.Switch("--dry-run", "Only list the rows and their MACs");
    private readonly Option<bool> _force = OptionFactory.Switch("--force", "Start over where the folder already has rows");
    private readonly Option<bool> _noProgress = OptionFactory.Switch("--no-progress", "Draw no progress bar; a line per row is still printed");

    private SweepCommand(CudaAccess cuda) => _sample = new SampleCommand(cuda);

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CudaAccess cuda)
    {
        SweepCommand self = new(cuda);
        Command command = new(
            "sweep",
            "Compares learned schedules with rules and with fewer steps at the same compute: Fréchet distance, difference from no caching, time.");
        Command run = new("run");
        self._sample.AddRunOptionsTo(run, withCacheType: true);

        // The rows choose schedules and samplers themselves.
        string[] decided = ["--sampler", "--grid", "--eta"];
        foreach (Option option in (Option[])[
            self._routers, self._thresholds, self._rules, self._ratios, self._count, self._only,
            .. run.Options.Where(option => !decided.Contains(option.Name)),
            .. self._data.All, self._out, self._dryRun, self._force, self._noProgress])
        {
            command.Add(option);
        }

        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        RunRequest run = _sample.Read(parsed);
        SweepRequest request = Read(parsed, run.Sample);
        using OpenedModel opened = OpenedModel.Open(run.Checkpoint, run.Hints);
        SweepPlan plan = new(request, opened.Architecture, run.Device);
        terminal.Note(plan.Remark);
        if (parsed.GetValue(_dryRun))
        {
            SweepListing.Print(plan, terminal);
            return ExitCode.Ok;
        }

        if (request.First > plan.Rows.Count)
        {
            throw new UsageException($"--only {parsed.GetValue(_only)}: the sweep has {plan.Rows.Count} rows; --dry-run lists them");
        }

        NamedFiles.Check(
            SweepRequest.FileNames.Select(name => ("--out", Path.Combine(request.Folder, name))),
            [.. run.Inputs, .. plan.Request.Routers, .. File.Exists(request.Data) ? [request.Data] : Array.Empty<string>()]);
        terminal.Note(run.Device.Note);
        using LoadedModel model = opened.Load(run.Device, demand: plan.Demand);
        using ProgressBar progress = new(terminal, !parsed.GetValue(_noProgress));
        SweepResult result = model.Sweep(plan, progress, terminal.Cancel);
        if (!result.IsFinished)
        {
            Failure.Print(terminal, $"interrupted; {result.Table} has {result.Records.Count} rows; the same command continues with the others");
            return ExitCode.Interrupted;
        }

        SweepListing.Print(result.Records, terminal);
        terminal.Out.WriteLine($"{result.Table} ({result.Records.Count} rows), {string.Join(", ", result.Plots)}");
        return ExitCode.Ok;
    }

    private SweepRequest Read(ParseResult parsed, SampleRequest sample)
    {
        (int first, int last) = Rows(parsed.GetValue(_only));
        string[] routers = parsed.GetValue(_routers) ?? [];
        bool none = routers is [var only] && only.Equals("none", StringComparison.OrdinalIgnoreCase);
        return new SweepRequest
        {
            Sample = sample with { Count = parsed.GetValue(_count), Cache = none ? new CacheRequest { Type = sample.Cache.Type } : sample.Cache },
            Routers = none ? [] : routers,
            Thresholds = parsed.GetValue(_thresholds) is { } list ? Numbers("--thresholds", list) : null,
            Rules = Rules(parsed.GetValue(_rules)),
            MacRatios = parsed.GetValue(_ratios) is { } ratios ? Numbers("--mac-ratios", ratios) : [],
            Data = _data.Text(parsed),
            DataCount = _data.Count(parsed),
            Folder = parsed.GetValue(_out) ?? "sweep",
            First = first,
            Last = last,
            Anew = parsed.GetValue(_force),
        };
    }

    private static string[] Rules(string? list)
    {
        string[] words = list switch
        {
            null => [.. RuleFamily.Names],
            _ when list.Equals("none", StringComparison.OrdinalIgnoreCase) => [],
            _ => list.Split(',', StringSplitOptions.TrimEntries),
        };
        return Array.Find(words, rule => !rule.Contains(':', StringComparison.Ordinal) && KnownWords.Find(rule, RuleFamily.Names) is null) is { } unknown
            ? throw new UsageException(
                $"--rules: there is no rule '{unknown}'; write {string.Join(", ", RuleFamily.Names)}, or a complete rule such as top:3"
                + KnownWords.DidYouMean(unknown, RuleFamily.Names))
            : words;
    }

    private static double[] Numbers(string option, string list)
    {
        string[] words = list.Split(',', StringSplitOptions.TrimEntries);
        double[] numbers = [.. words.Select(word =>
            double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number is >= 0 and <= 1
                ? number
                : throw new UsageException($"{option} needs numbers from 0 to 1 separated by commas, not '{word}'"))];
        return numbers;
    }

    private static (int First, int Last) Rows(string? text)
    {
        string[] ends = text?.Split('-') ?? [];
        bool firstIs = int.TryParse(ends.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out int first);
        bool lastIs = int.TryParse(ends.LastOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out int last);
        return text is null ? (1, int.MaxValue)
            : ends.Length <= 2 && firstIs && lastIs && first >= 1 && last >= first ? (first, last)
            : throw new UsageException($"--only needs a row, such as 3, or rows, such as 1-5, not '{text}'");
    }
}
