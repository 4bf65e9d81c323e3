using System.Globalization;
using L2c.Model.Caching;
using L2c.Model.Planning;

namespace L2c;

/// <summary>All that has to be measured to plan a schedule, once for any number of budgets: time per op, error per decision.</summary>
internal sealed class SchedulePlanner
{
    private readonly PlanJob _job;
    private readonly LoadedModel _model;
    private readonly TaskContext _context;
    private readonly DecisionErrors _errors;
    private readonly (BranchGrouping Grouping, Predictor[] Predictors, ScheduleSearch Search)[] _searches;
    private SampleErrors? _samples;

    /// <summary>Measures.</summary>
    /// <param name="job">What to plan for; its budget means nothing here.</param>
    /// <param name="model">The loaded model.</param>
    /// <param name="time">How long runs take on the model's device for the job's batch.</param>
    /// <param name="context">For progress and cancellation.</param>
    /// <exception cref="RequestException">Samples are not finite.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public SchedulePlanner(PlanJob job, LoadedModel model, TimeModel time, TaskContext context)
    {
        (_job, _model, _context, Time) = (job, model, context, time);
        CacheSchedule least = PlanSchedules.Least(job.Sample);
        _errors = Measure(least);

        // Of a kept output; the device says in which type.
        long bytes = job.Sample.OnPaper(model.Device, least).CacheBytes / CacheSlots.Plan(least).Count;
        BranchCosts costs = time.Costs(least.Branches, least.Evaluations, bytes);
        Predictor reuse = Predictor.Reuse, linear = Predictor.Polynomial(1), fitted = _errors.Fitted(2);
        Predictor[][] sets =
        [
            [reuse],
            [reuse, linear],
            [reuse, linear, Predictor.Polynomial(2)],

            // What is fitted errs least branch by branch, of all that read as many outputs; so beside it polynomials would never be chosen.
            [reuse, fitted],
            [reuse, fitted, _errors.Fitted(3)],
        ];
        _searches = [.. BranchGrouping.All(least.Branches).SelectMany(grouping =>
            sets.Select(set => (grouping, set, new ScheduleSearch(_errors, costs, grouping, set))))];
    }

    /// <summary>How long runs take.</summary>
    public TimeModel Time { get; }

    /// <summary>Evaluations that the errors of decisions took.</summary>
    public PassCount ErrorPasses { get; } = new();

    /// <summary>Evaluations that the errors of schedules took.</summary>
    public PassCount ChoicePasses { get; } = new();

    /// <summary>Fails unless some schedule takes no more than a budget.</summary>
    /// <exception cref="RequestException">None does. The message says the least that there is.</exception>
    public static void RequireReachable(double budget, double least)
    {
        if (least > budget)
        {
            throw new RequestException(string.Create(
                CultureInfo.InvariantCulture,
                $"--budget {budget}: a run that reuses everything after its first evaluation takes {least:0.000} of the uncached time here, "
                + $"and none takes less; give {Math.Ceiling(100 * least) / 100:0.00} or more"));
        }
    }

    /// <summary>The best schedules for a budget that each set of predictors leads to, the one first whose measured error is least.</summary>
    /// <param name="budget">Share of the uncached time; not less than that of the least schedule.</param>
    public PlanCandidate[] Find(double budget)
    {
        Action step = _context.Begin("error of schedules", _searches.Length);
        _samples ??= new SampleErrors(_job, _model, _job.FirstToChoose, _job.Count, ChoicePasses, _context);
        List<PlanCandidate> found = [];
        foreach ((BranchGrouping grouping, Predictor[] predictors, ScheduleSearch search) in _searches)
        {
            step();
            CacheSchedule schedule = BudgetSearch.Find(search, Time.Ratio, budget);
            if (found.Exists(other => other.Schedule.Equals(schedule)))
            {
                continue;
            }

            // Errors do not quite add up, so what the search holds for the best is measured.
            found.Add(new PlanCandidate(
                grouping.Name,
                string.Join(", ", predictors.Select(predictor => predictor.Name)),
                Time.Ratio(schedule),
                Math.Sqrt(_errors.Of(schedule, grouping)),
                _samples.Of(schedule),
                schedule));
        }

        return [.. found.OrderBy(candidate => candidate.Error ?? double.PositiveInfinity)];
    }

    private DecisionErrors Measure(CacheSchedule least)
    {
        int perRun = DecisionProbe.EvaluationsPerRun(least.Evaluations, least.Branches), batch = _job.ErrorBatch;
        Action step = _context.Begin("error per decision", _job.Count / batch * perRun);
        using var probe = DecisionProbe.Plan(_model.Network, _job.Sample.Sampler, batch, _job.Sample.Options);
        for (int first = 0; first < _job.Count; first += batch)
        {
            probe.Run(_job.Labels(first, batch), (float)_job.Sample.CfgScale, _job.Noise(first), After, _context.Cancel);
        }

        DecisionErrors errors = probe.Errors();
        return double.IsFinite(errors.Of(least, BranchGrouping.All(least.Branches)[0]))
            ? errors
            : throw new RequestException("samples without caching are not finite, so no error can be measured; give another model or sampler");

        void After()
        {
            ErrorPasses.Add(batch, 1);
            step();
        }
    }
}
