using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using L2c.Cli.Output;
using L2c.Cli.Printing;
using L2c.Model.Calibration;

namespace L2c.Cli.Commands;

/// <summary><c>l2c calibrate</c>: schedules from what uncached runs were measured to do.</summary>
internal sealed class CalibrateCommand
{
    private readonly SampleCommand _sample;
    private readonly Option<string> _method = OptionFactory.OneOf(
        "--method", "Caching method", CalibrationMethod.All[0].Name, [.. CalibrationMethod.All.Skip(1).Select(method => method.Name)]);
    private readonly Option<double[]?>[] _thresholds =
    [
        .. CalibrationMethod.All.GroupBy(method => method.ThresholdName).Select(same => OptionFactory.NonNegatives(
            $"--{same.Key}",
            $"Thresholds of {string.Join(" or ", same.Select(method => $"{method.Name} [default: {Join(method.DefaultThresholds)}]"))}; "
            + "a schedule of each")),
    ];

    private readonly Option<int?> _lookahead = OptionFactory.Whole(
        "--lookahead", 1, $"Of smoothcache: evaluations in a row that may reuse [default: {new CalibrationSettings().Lookahead}]");
    private readonly Option<int?> _maxSkips = OptionFactory.Whole(
        "--max-skips", 1, $"Of magcache: its K, evaluations in a row that may reuse [default: {new CalibrationSettings().MaxSkips}]");
    private readonly Option<double?> _retention = OptionFactory.Fraction(
        "--retention-ratio", string.Create(
            CultureInfo.InvariantCulture,
            $"Of magcache: share of the first evaluations that are all computed [default: {new CalibrationSettings().Retention}]"));
    private readonly Option<int?> _retSteps = OptionFactory.Whole(
        "--ret-steps", 1, $"Of easycache: first evaluations that are all computed [default: {new CalibrationSettings().FirstComputed}]");
    private readonly Option<int?> _count = OptionFactory.Whole(
        "--count", 1, $"Images to measure [default: {CalibrationRequest.DefaultCount}]");
    private readonly Option<string?> _table = OptionFactory.Text(
        "--table", "FILE", "Start from this table of the method instead of sampling");
    private readonly Option<string?> _out = OptionFactory.Text(
        "--out", "DIR", "Folder of METHOD-table.json and of METHOD-THRESHOLD.json, which --cache reads [default: calibration]");
    private readonly Option<string?> _format = OptionFactory.Choice(
        "--schedule-format",
        "Format of the schedules: l2c (roles and masks by evaluation) or SmoothCache's lists [default: l2c]",
        "l2c",
        "smoothcache");
    private readonly Option<bool> _force = OptionFactory.Switch("--force", "Overwrite files that are there");
    private readonly Option<bool> _json = OptionFactory.Switch("--json", "Print one JSON object on standard output");
    private readonly Option<bool> _noProgress = OptionFactory.Switch("--no-progress", "Draw no progress bar");

    private CalibrateCommand(CudaAccess cuda) => _sample = new SampleCommand(cuda);

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CudaAccess cuda)
    {
        CalibrateCommand self = new(cuda);
        Command command = new(
            "calibrate", "Measures uncached runs and makes fixed schedules of SmoothCache, TeaCache, MagCache or EasyCache, for --cache FILE.json.");
        Array.ForEach(
            (Option[])[
                self._method, .. self._thresholds, self._lookahead, self._maxSkips, self._retention, self._retSteps, self._table, self._count],
            command.Add);
        self._sample.AddRunOptionsTo(command);
        Array.ForEach((Option[])[self._out, self._format, self._force, self._json, self._noProgress], command.Add);
        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        Stopwatch clock = Stopwatch.StartNew();
        RunRequest run = _sample.Read(parsed);
        CalibrationRequest request = Read(parsed, run.Sample);
        using OpenedModel opened = OpenedModel.Open(run.Checkpoint, run.Hints);
        CalibrationJob job = new(request, opened.Architecture, run.Device);
        NamedFiles.Check(job.Files.Select(file => ("--out", file)), request.Table is { } table ? [.. run.Inputs, table] : run.Inputs);
        terminal.Note(job.Remark);
        CalibrationResult result = job.HasTable ? job.Decide() : Measure(job, opened, run.Device, parsed, terminal);
        if (parsed.GetValue(_json))
        {
            terminal.PrintJson(new { Result = result, ElapsedMs = Math.Round(clock.Elapsed.TotalMilliseconds, 3) }, "result");
        }
        else
        {
            CalibrationText.Print(result, terminal);
        }

        return ExitCode.Ok;
    }

    private CalibrationResult Measure(CalibrationJob job, OpenedModel opened, DeviceChoice device, ParseResult parsed, Terminal terminal)
    {
        terminal.Note(device.Note);
        using LoadedModel model = opened.Load(device, demand: job.Demand);
        using ProgressBar progress = new(terminal, !parsed.GetValue(_noProgress));
        return model.Calibrate(job, progress, terminal.Cancel);
    }

    private CalibrationRequest Read(ParseResult parsed, SampleRequest sample)
    {
        CalibrationMethod method = CalibrationMethod.Find(parsed.GetValue(_method)!)!;
        Option<double[]?> own = Array.Find(_thresholds, option => option.Name == $"--{method.ThresholdName}")!;
        (Option Option, string Method)[] others =
        [
            .. _thresholds.Where(option => option != own)
                .Select(option => ((Option)option, CalibrationMethod.All.First(other => option.Name == $"--{other.ThresholdName}").Name)),
            (_lookahead, "smoothcache"), (_maxSkips, "magcache"), (_retention, "magcache"), (_retSteps, "easycache"),
        ];
        (Option? idle, string its) = Array.Find(
            others, other => other.Method != method.Name && parsed.GetResult(other.Option) is { Implicit: false });
        if (idle is not null)
        {
            throw new UsageException($"{idle.Name} applies to {its}, not to {method.Name}; omit it, or give --method {its}");
        }

        CalibrationSettings preset = new();
        return new CalibrationRequest
        {
            Sample = sample with { Count = parsed.GetValue(_count) },
            Method = method.Name,
            Thresholds = parsed.GetValue(own) is { Length: > 0 } list ? list : null, // empty without the option
            Settings = new CalibrationSettings
            {
                Lookahead = parsed.GetValue(_lookahead) ?? preset.Lookahead,
                MaxSkips = parsed.GetValue(_maxSkips) ?? preset.MaxSkips,
                Retention = parsed.GetValue(_retention) ?? preset.Retention,
                FirstComputed = parsed.GetValue(_retSteps) ?? preset.FirstComputed,
            },
            Table = parsed.GetValue(_table),
            Folder = parsed.GetValue(_out) ?? "calibration",
            AsSmoothCache = parsed.GetValue(_format) == "smoothcache",
            Overwrite = parsed.GetValue(_force),
        };
    }

    private static string Join(IEnumerable<double> values) => string.Join(',', values.Select(value => value.ToString(CultureInfo.InvariantCulture)));
}
