using System.Globalization;
using L2c.Model.Caching.Forecasts;
using L2c.Model.Networks;
using L2c.Model.Training;

namespace L2c.Bench.Experiment;

/// <summary>What is learned: routers, forecasts, and routers over forecasts. A training that was interrupted goes on.</summary>
internal static class ExperimentRouters
{
    /// <summary>A router per lambda, trained side by side with the demo model's recipe.</summary>
    /// <param name="preparation">What for.</param>
    /// <param name="name">Of the folder.</param>
    /// <param name="loss">What student and teacher are compared by.</param>
    /// <param name="lambdas">Weights of the penalty.</param>
    /// <param name="overForecasts">Whether it decides between fresh outputs and their forecasts.</param>
    public static IEnumerable<ExperimentCandidate> Train(
        ExperimentPreparation preparation, string name, RouterLoss loss, IReadOnlyList<double> lambdas, bool overForecasts = false)
    {
        SampleJob job = preparation.Job;
        int steps = preparation.Settings.Steps;
        CachingRecipe recipe = DemoModel.RouterRecipe(NetworkFamilies.Of(job.Architecture).Recipe(job.Architecture, steps));
        RouterTrainingRequest request = new()
        {
            Steps = steps.ToString(CultureInfo.InvariantCulture),
            Data = DataOf(preparation.Settings),
            Lambdas = lambdas,
            LearningRate = recipe.LearningRate,
            Threshold = recipe.Threshold,
            Batch = DemoModel.RouterBatch,
            Loss = loss,
            Forecast = overForecasts ? ForecastOfAll(preparation) : null,
            MaxSteps = preparation.Settings.RouterSteps,
            Folder = preparation.Folder.File("routers", name),
            Resume = TrainingRequest.Latest,
        };
        RouterSweepResult result = RouterTraining.Sweep(
            preparation.Opened, preparation.Model.Choice, request, new TrainingRemarks(preparation.Context), preparation.Context.Cancel);
        preparation.Context.Cancel.ThrowIfCancellationRequested(); // what was interrupted has routers, too
        return [.. lambdas.Zip(result.Routers, (lambda, router) => new ExperimentCandidate(
            FormattableString.Invariant($"lambda {lambda:0.##e+0}"),
            CacheChoice.Decide(
                overForecasts
                    ? new CacheRequest { Rule = Path.Combine(router.Folder, "schedule.json") }
                    : new CacheRequest { Router = router.RouterPath, Threshold = recipe.Threshold },
                job.Architecture,
                job.Sampler)!.Schedule))];
    }

    /// <summary>Forecasts of what rules leave out, fitted where the rule is nearest to a budget.</summary>
    public static IEnumerable<ExperimentCandidate> FitForecasts(ExperimentPreparation preparation, IEnumerable<string> rules)
    {
        IEnumerable<ExperimentCandidate> masks = rules.Select(rule => new ExperimentCandidate(rule, preparation.Rule(rule)));
        return preparation.Nearest(masks, mask => ForecastFit.OnPaper(mask, ForecastFit.DefaultTerms))
            .Select(mask => mask with { Schedule = Fit(preparation, mask.Parameter).Schedule }).ToArray();
    }

    private static ForecastResult Fit(ExperimentPreparation preparation, string rule)
    {
        ExperimentSettings settings = preparation.Settings;
        ForecastRequest request = new()
        {
            Sample = ExperimentSampling.PreparingRequest(settings) with { Cache = new CacheRequest { Rule = rule } },
            Images = 4 * settings.MeasuredImages,
            HeldOut = settings.MeasuredImages,
        };
        return preparation.Model.FitForecast(request, preparation.Context.Progress, preparation.Context.Cancel);
    }

    private static string ForecastOfAll(ExperimentPreparation preparation)
    {
        string path = preparation.Folder.File("routers", "forecast-all.json");
        if (!File.Exists(path))
        {
            Fit(preparation, "all").Write(path);
        }

        return path;
    }

    // Distances are to another seed of the same pictures, or to files, which routers may train on.
    private static string DataOf(ExperimentSettings settings) => settings.Data.Split(':') is [var pictures, _] ? pictures : settings.Data;

    /// <summary>A line for each hundredth step of a training.</summary>
    private sealed class TrainingRemarks(TaskContext context) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Step > 0 && value.Step % 100 == 0)
            {
                context.Remark(FormattableString.Invariant($"  router step {value.Step} of {value.MaxSteps}"));
            }
        }
    }
}
