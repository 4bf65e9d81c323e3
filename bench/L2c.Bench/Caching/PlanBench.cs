using System.CommandLine;
using System.Globalization;
using L2c.Cli.Commands;
using L2c.Cli.Output;
using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Runs;

namespace L2c.Bench.Caching;

/// <summary>
/// <c>plan</c>: is a planned run as fast as its planner says? Ten budgets on three networks, all schedules of a network and its uncached run in turn;
/// of the demo model also rules and fewer evaluations against the planner at their time.
/// </summary>
internal sealed class PlanBench
{
    private const int Rounds = 11;
    private const double Bound = 0.03;

    private static readonly double[] _budgets = [0.95, 0.88, 0.81, 0.74, 0.67, 0.6, 0.53, 0.46, 0.39, 0.32];

    // Small enough for two cores: the errors of a network with random weights matter to nobody, its times do.
    private static readonly Dictionary<string, PlanCase> _cases = new()
    {
        ["demo"] = new(null, null, 8, "20"),
        ["dit-s"] = new("DiT-S/2", 256, 1, "10"),
        ["u-vit"] = new("U-ViT-8x128x2/2", 128, 2, "20"),
    };

    private static readonly string[] _rules = ["interval:2", "interval:3", "taylor:2:1", "taylor:3:1", "taylor:3:2"];

    private readonly BenchOptions _options = new(Rounds);
    private readonly Option<string?> _network =
        OptionFactory.Choice("--network", "Which network; default all of them, one after the other", [.. _cases.Keys]);

    /// <summary>The verb.</summary>
    public static Command Create(Terminal terminal)
    {
        PlanBench self = new();
        Command command = new("plan", "Planned schedules for ten budgets on three networks: predicted against measured time.");
        command.Add(self._network);
        self._options.AddTo(command);
        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        int rounds = _options.Rounds(parsed);
        string load = BirthCertificate.Load();
        using CpuDevice device = _options.OpenCpu(parsed);
        List<string[]> rows = [];
        List<string> remarks =
        [
            $"Time ratios are to the uncached run, taken round by round; in brackets {MedianInterval.Words(rounds)}. Every network's schedules and "
            + "its uncached run take turns. `L2`: relative L2 of the samples on the images that the schedule was chosen by.",
        ];
        double worst = 0;
        foreach ((string name, PlanCase subject) in _cases.Where(pair => parsed.GetValue(_network) is null || parsed.GetValue(_network) == pair.Key))
        {
            using OpenedModel opened = subject.Model is { } model ? OpenedModel.Random(model, subject.ImageSize) : OpenedModel.Open();
            using LoadedModel loaded = opened.Load(device);
            TaskContext context = new(null, terminal.Cancel);
            PlanJob job = subject.Job(loaded);
            PassCount timePasses = new();
            SchedulePlanner planner = new(job, loaded, TimeCalibration.Measure(job.Sample, loaded, timePasses, context), context);
            PlanCandidate[] plans = [.. _budgets.Select(budget => planner.Find(budget)[0])];
            MedianInterval[] ratios = Time(job, loaded, [.. plans.Select(plan => plan.Schedule)], rounds, terminal.Cancel);
            worst = Math.Max(worst, plans.Zip(ratios).Max(pair => Math.Abs(pair.First.TimeRatio - pair.Second.Median)));
            rows.AddRange(plans.Select((plan, i) => (string[])
            [
                name,
                Text(_budgets[i], "0.00"),
                Text(plan.TimeRatio),
                ratios[i].Text("0.000"),
                Text(ratios[i].Median - plan.TimeRatio),
                Text(plan.Error, "0.0000"),
            ]));
            SampleJob sample = job.Sample;
            remarks.Add($"{name}: {loaded.Architecture.Name}, {sample.Sampler.Evaluations.Count} {sample.Sampler.Name} steps, {sample.Batch} images, "
                + FormattableString.Invariant($"guidance {sample.CfgScale}; {planner.Time.SavedPerOpTime:0.000} of the time that ops save is saved; ")
                + $"evaluations of the network for times {timePasses.Total}, errors {planner.ErrorPasses.Total}.");
            if (subject.Model is null)
            {
                remarks.Add(Compare(job, loaded, planner, context));
            }
        }

        bool isMet = worst <= Bound;
        remarks.Add(FormattableString.Invariant($"Bound: predicted and measured ratio differ by at most {Bound}. Greatest difference {worst:0.000}: ")
            + (isMet ? "met." : "**missed.**"));
        _options.Publish(parsed, terminal, Markdown.Report(
            "Planned schedules: predicted against measured time",
            BirthCertificate.Of(device, load, ("rounds", $"{rounds}, each every schedule once in rotating order")),
            ["network", "budget", "predicted", "measured", "difference", "L2"],
            rows,
            [.. remarks]));
        return isMet ? ExitCode.Ok : ExitCode.RunTime;
    }

    private static MedianInterval[] Time(PlanJob job, LoadedModel model, CacheSchedule[] schedules, int rounds, CancellationToken cancel)
    {
        SamplingRun[] runs = [.. schedules.Prepend(job.Sample.FullSchedule).Select(schedule => job.Sample.Plan(model, schedule))];
        Action[] contestants = [.. runs.Select<SamplingRun, Action>(run => () => job.Sample.RunFirst(run, null, cancel))];
        var timing = InterleavedTiming.Measure(contestants, rounds, cancel: cancel);
        Array.ForEach(runs, run => run.Dispose());
        return [.. Enumerable.Range(1, schedules.Length).Select(i => MedianInterval.Of(timing.Ratios(i, 0)))];
    }

    /// <summary>Rules and fewer evaluations, and what the planner finds for no more than their time, on images that it has not seen.</summary>
    private static string Compare(PlanJob job, LoadedModel model, SchedulePlanner planner, TaskContext context)
    {
        SampleErrors errors = Errors(job);
        List<(string Method, double Ratio, double? Error)> others = [.. _rules.Select(rule =>
        {
            CacheSchedule schedule = ScheduleRule.Parse(rule, job.Sample.Sampler.Roles, job.Sample.Architecture.Branches);
            return ($"`{rule}`", planner.Time.Ratio(schedule), errors.Of(schedule));
        })];
        int evaluations = job.Sample.Sampler.Evaluations.Count;
        foreach (int fewer in (int[])[16, 12, 10, 8])
        {
            PlanJob other = new(job.Request with { Sample = job.Request.Sample with { Steps = $"{fewer}" } }, model.Architecture, model.Choice);
            double? error = Comparison.RelativeDistance(Errors(other).Uncached, errors.Uncached);
            others.Add(($"{fewer} evaluations", (double)fewer / evaluations, error));
        }

        string[] rows = [.. others.OrderByDescending(row => row.Ratio).Select(row =>
        {
            PlanCandidate[] plans = planner.Find(row.Ratio);
            CacheSchedule unfitted = plans.First(plan => !plan.Predictors.Contains("fitted", StringComparison.Ordinal)).Schedule;
            return $"| {row.Method} | {Text(row.Ratio)} | {Text(row.Error, "0.0000")} | {Planned(unfitted)} | {Planned(plans[0].Schedule)} |";
        })];
        return $"Demo model, relative L2 to {evaluations} uncached evaluations on {job.Request.CheckCount} images that nothing was chosen by, "
            + "predicted time ratios; of fewer evaluations their share. Planned without learned forecasts and with them:\n\n"
            + "| method | time | L2 | without: time | L2 | with: time | L2 |\n|---|---:|---:|---:|---:|---:|---:|\n" + string.Join('\n', rows);

        string Planned(CacheSchedule schedule) => $"{Text(planner.Time.Ratio(schedule))} | {Text(errors.Of(schedule), "0.0000")}";

        SampleErrors Errors(PlanJob of) => new(of, model, of.FirstToCheck, of.Request.CheckCount, new PassCount(), context);
    }

    private static string Text(double? value, string format = "0.000") => value?.ToString(format, CultureInfo.InvariantCulture) ?? "not finite";

    /// <summary>A network and its run.</summary>
    /// <param name="Model">Random weights; null for the demo model.</param>
    /// <param name="ImageSize">In pixels.</param>
    /// <param name="Images">Of a batch.</param>
    /// <param name="Steps">Of its own sampler.</param>
    private sealed record PlanCase(string? Model, int? ImageSize, int Images, string Steps)
    {
        public PlanJob Job(LoadedModel model) => new(
            new PlanRequest { Budget = 1, Count = Images, Sample = new SampleRequest { Steps = Steps, Batch = Images } },
            model.Architecture,
            model.Choice);
    }
}
