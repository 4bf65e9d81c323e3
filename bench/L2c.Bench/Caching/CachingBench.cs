using System.CommandLine;
using System.Globalization;
using L2c.Cli.Commands;
using L2c.Cli.Output;
using L2c.Kernels;
using L2c.Model.Accounting;
using L2c.Model.Caching;
using L2c.Model.Randomness;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Weights.Layouts;

namespace L2c.Bench.Caching;

/// <summary>
/// <c>caching</c>: does a run become faster by as much as its schedule saves? The demo model, against its fully planned uncached run.
/// </summary>
internal sealed class CachingBench
{
    private const int Images = 8, Rounds = 25;
    private const float CfgScale = 1.5f;
    private const string Steps = "20";
    private const int ForecastSteps = 50;
    private const double Bound = 1.05;

    private static readonly int[] _percents = [25, 50, 75, 100];

    // A forecast of every branch, one of all blocks together, half of the blocks' deltas, one kept sum for two outputs, and none at all.
    private static readonly string[] _rules = ["taylor:4:1", "taylor-lite:4:1", "delta-dit:2:4:25", "both:interval:2", "drop:random:0.5:0"];

    private readonly BenchOptions _options = new(Rounds);
    private readonly Option<int?> _images = OptionFactory.Whole("--images", 1, $"Images per run [default: {Images}]");

    /// <summary>The verb.</summary>
    public static Command Create(Terminal terminal)
    {
        CachingBench self = new();
        const string what = "Demo model: time of runs that reuse 25, 50, 75 and 100 % of the cache evaluations' branches, and of all "
            + "other kinds of methods, against their MACs.";
        Command command = new("caching", what);
        command.Add(self._images);
        self._options.AddTo(command);
        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        int images = parsed.GetValue(_images) ?? Images, rounds = _options.Rounds(parsed);
        string load = BirthCertificate.Load();
        using CpuDevice device = _options.OpenCpu(parsed);
        using OpenedModel opened = OpenedModel.Open();
        using LoadedModel model = opened.Load(device);
        TransformerArchitecture architecture = model.Architecture;
        SamplerTable sampler = Ddim.Table(Steps);
        EvaluationRole[] roles = [.. sampler.Roles];
        CacheSchedule[] schedules = [.. ((int[])[0, .. _percents]).Select(percent => ReuseShare.Schedule(percent, roles, architecture.Branches))];
        RunCost[] costs = [.. schedules.Select(schedule => new RunCost(schedule, NetworkCost.Of(architecture)))];

        SamplingRun[] runs = [.. schedules.Select(schedule => SamplingRun.Plan(model.Network, sampler, schedule, images, new SamplingOptions()))];
        int[] labels = [.. Enumerable.Range(0, images).Select(i => i % architecture.NumClasses)];
        CounterNoiseSource noise = new(seed: 0);
        Action[] contestants = [.. runs.Select<SamplingRun, Action>(run => () => run.Run(labels, CfgScale, noise))];
        var timing = InterleavedTiming.Measure(contestants, rounds, cancel: terminal.Cancel);
        Array.ForEach(runs, run => run.Dispose());

        bool isMet = true;
        List<string[]> rows = [Row("0 %", Quartiles.Of(timing.Milliseconds[0]), Number(1), Number(1), "")];
        for (int i = 1; i < runs.Length; i++)
        {
            var ratio = MedianInterval.Of(timing.Ratios(i, 0));
            double macs = (double)costs[i].MacsAfter / costs[i].MacsBefore;
            isMet &= ratio.Median / macs <= Bound;
            rows.Add(Row(
                $"{_percents[i - 1]} %", Quartiles.Of(timing.Milliseconds[i]), Number(macs), ratio.Text("0.000"), Number(ratio.Median / macs)));
        }

        SamplerTable longer = Ddim.Table(ForecastSteps);
        SampleJob uncached = new(
            new SampleRequest { Steps = $"{ForecastSteps}", Count = images, Batch = images }, architecture, DeviceChoice.Cpu);
        (string Name, CacheSchedule Schedule)[] methods =
        [
            .. _rules.Select(rule => ($"`--cache {rule}`", ScheduleRule.Parse(rule, longer.Roles, architecture.Branches))),
            .. MeasuredSchedules.NearHalf(model, uncached, terminal.Cancel),
        ];
        ForecastTiming[] forecasts = [.. methods.Select(method => ForecastTiming.Measure(
            model, method.Name, method.Schedule, longer, labels, CfgScale, rounds, Bound, terminal.Cancel))];
        isMet &= forecasts.All(forecast => forecast.TimeShares.Median <= forecast.Bounds.Median);
        _options.Publish(parsed, terminal, Markdown.Report(
            "Caching: time against multiply-accumulates",
            BirthCertificate.Of(
                device,
                load,
                ("model", $"{architecture.Name}: {architecture.Depth} blocks, width {architecture.HiddenSize}, {architecture.Tokens} tokens"),
                ("run", $"{images} images, {sampler.Evaluations.Count} {sampler.Name} steps, guidance {CfgScale}, noise and uploads included"),
                ("rounds", $"{rounds}, each every schedule once in rotating order")),
            ["reused", "ms", "MACs / uncached", "time / uncached", "time ratio / MAC ratio"],
            rows,
            "`reused`: share of the cache evaluations' branches, spread evenly. Values are medians over the rounds, with quartiles in brackets; "
            + $"time ratios are taken round by round, with {MedianInterval.Words(rounds)} in brackets. "
            + "MACs as `l2c inspect` counts them, attention products included. "
            + "The uncached run is planned in full too.",
            $"Other methods at {ForecastSteps} steps, each in turn with the same run uncached and a copy of memory; calibrated ones at the threshold "
            + "whose MACs are nearest to half, as forecasts measured on the first batch of seed 0:\n\n"
            + string.Join('\n', forecasts.Select(Line)) + "\n\n"
            + "The extra bytes are what a run's ops move beyond those of a run that reuses where it forecasts, and drops where it replaces segments. "
            + $"Copies count reads and writes. A run may take {Bound} x MACs / uncached + (extra bytes / copy rate) / uncached time.",
            $"Bound: time ratio / MAC ratio at most {Bound} in every row, and each of the last list its own. {(isMet ? "Met." : "**Missed.**")}"));
        return isMet ? ExitCode.Ok : ExitCode.RunTime;
    }

    private static string Line(ForecastTiming forecast) =>
        FormattableString.Invariant($"- {forecast.Name}: {forecast.Forecast.Text("0.0")} ms, ")
        + FormattableString.Invariant($"time / uncached {forecast.TimeShares.Text("0.0000")}, MACs / uncached {forecast.MacShare:0.0000}, ")
        + FormattableString.Invariant($"{forecast.ExtraBytes / 1e6:0.0} MB extra, copies at {forecast.CopyRates.Median / 1e6:0.0} GB/s; ")
        + FormattableString.Invariant($"may take {forecast.Bounds.Median:0.0000}.");

    private static string[] Row(string reused, Quartiles milliseconds, params string[] rest) =>
        [reused, milliseconds.Text("0.0"), .. rest];

    private static string Number(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
}
