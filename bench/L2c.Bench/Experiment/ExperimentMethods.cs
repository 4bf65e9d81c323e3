using System.Globalization;
using L2c.Bench.Caching;
using L2c.Model.Caching;
using L2c.Model.Calibration;
using L2c.Model.Training;

namespace L2c.Bench.Experiment;

/// <summary>A schedule that a method can be told to make, or another number of steps.</summary>
/// <param name="Parameter">What it was told.</param>
/// <param name="Schedule">What came of it.</param>
internal sealed record ExperimentCandidate(string Parameter, CacheSchedule Schedule);

/// <summary>The methods that an experiment compares, and what each may be told: a row is the candidate whose predicted time is nearest to a
/// budget.</summary>
internal static class ExperimentMethods
{
    /// <summary>Everything computed.</summary>
    public const string NoCaching = "no caching";

    /// <summary>Fewer evaluations.</summary>
    public const string FewerSteps = "fewer steps";

    private const string Published = "Learning-to-Cache", NextState = "Learning-to-Cache, next-state loss";
    private const string LearnedForecast = "learned forecast", RouterOverForecasts = "router over forecasts", Planner = "planner";

    private static readonly Dictionary<string, Func<ExperimentPreparation, IEnumerable<ExperimentCandidate>>> _all = new()
    {
        [NoCaching] = preparation => [new ExperimentCandidate("", preparation.Job.FullSchedule)],
        [FewerSteps] = preparation => Enumerable.Range(1, preparation.Settings.Steps - 1)
            .Select(steps => new ExperimentCandidate($"{steps}", CacheSchedule.Full(steps, preparation.Job.Architecture.Branches))),
        ["all"] = preparation => Rules(preparation, ["all"]),
        ["interval"] = preparation => Rules(preparation, Numbers(preparation).Select(n => $"interval:{n}")),
        ["FORA"] = preparation => Rules(preparation, Numbers(preparation).Select(n => $"fora:{n}")),
        ["TaylorSeer, order 1"] = preparation => Rules(preparation, Numbers(preparation).Select(n => $"taylor:{n}:1")),
        ["TaylorSeer, order 2"] = preparation => Rules(preparation, Numbers(preparation).Select(n => $"taylor:{n}:2")),
        ["TaylorSeer-Lite, order 1"] = preparation => Rules(preparation, Numbers(preparation).Select(n => $"taylor-lite:{n}:1")),
        ["TaylorSeer-Lite, order 2"] = preparation => Rules(preparation, Numbers(preparation).Select(n => $"taylor-lite:{n}:2")),
        ["delta-DiT"] = preparation => Rules(
            preparation,
            from n in Enumerable.Range(2, 3)
            from blocks in Enumerable.Range(1, preparation.Job.Architecture.Blocks)
            select $"delta-dit:{n}:{blocks}:{preparation.Settings.Steps / 2}"),
        ["random"] = preparation => Rules(preparation, Percents.Select(p => $"random:{p}:0")),
        ["drop"] = preparation => Rules(preparation, Percents.Select(p => $"drop:random:{p}:0")),
        ["top"] = preparation => Rules(preparation, Family(preparation, "top")),
        ["bottom"] = preparation => Rules(preparation, Family(preparation, "bottom")),
        ["DeepCache"] = preparation => Rules(preparation, Family(preparation, "deepcache")),
        ["both"] = preparation => Rules(preparation, Family(preparation, "deepcache").Select(rule => $"both:{rule}")),
        ["SmoothCache"] = preparation => Calibrated(preparation, "smoothcache"),
        ["TeaCache"] = preparation => Calibrated(preparation, "teacache"),
        ["MagCache"] = preparation => Calibrated(preparation, "magcache"),
        ["EasyCache"] = preparation => Calibrated(preparation, "easycache"),
        [Published] = preparation => ExperimentRouters.Train(preparation, "output", RouterLoss.Output, preparation.Settings.Lambdas),
        [NextState] = preparation =>
            ExperimentRouters.Train(preparation, "next-state", RouterLoss.NextState, preparation.Settings.NextStateLambdas),
        [LearnedForecast] = preparation => ExperimentRouters.FitForecasts(
            preparation, Numbers(preparation).Select(n => $"interval:{n}").Concat(Family(preparation, "deepcache"))),
        [RouterOverForecasts] = preparation =>
            ExperimentRouters.Train(preparation, "forecast", RouterLoss.Output, preparation.Settings.Lambdas, overForecasts: true),
        [Planner] = preparation => preparation.Planned(),
    };

    /// <summary>Names of all of them, in the order of a table's rows. A method's rows do not depend on which others there are.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. _all.Keys];

    /// <summary>What a method may be told.</summary>
    public static IEnumerable<ExperimentCandidate> Candidates(string method, ExperimentPreparation preparation) => _all[method](preparation);

    private static IEnumerable<string> Percents => Enumerable.Range(1, 100).Select(p => (p / 100.0).ToString("0.##", CultureInfo.InvariantCulture));

    private static IEnumerable<int> Numbers(ExperimentPreparation preparation) => Enumerable.Range(2, Math.Max(preparation.Settings.Steps - 2, 0));

    private static IEnumerable<string> Family(ExperimentPreparation preparation, string family) =>
        RuleFamily.Candidates(family, preparation.Settings.Steps, preparation.Job.Architecture.Blocks);

    private static IEnumerable<ExperimentCandidate> Rules(ExperimentPreparation preparation, IEnumerable<string> rules) =>
        rules.Select(rule => new ExperimentCandidate(rule, preparation.Rule(rule)));

    private static IEnumerable<ExperimentCandidate> Calibrated(ExperimentPreparation preparation, string name) =>
        MeasuredSchedules.Of(CalibrationMethod.Find(name)!, preparation.Calibrate(name))
            .Select(made => new ExperimentCandidate(made.Threshold, made.Schedule));
}
