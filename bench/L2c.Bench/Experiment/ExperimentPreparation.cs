using L2c.Model.Caching;
using L2c.Model.Calibration;

namespace L2c.Bench.Experiment;

/// <summary>Makes the rows of an experiment: of every method the candidates that come nearest to the budgets in predicted time.</summary>
/// <remarks>Times of ops are measured when the first method needs them; each method's rows are kept, so an interruption costs one method.</remarks>
internal sealed class ExperimentPreparation
{
    private readonly Lazy<TimeModel> _time;

    public ExperimentPreparation(ExperimentSettings settings, ExperimentFolder folder, OpenedModel opened, LoadedModel model, TaskContext context)
    {
        (Settings, Folder, Opened, Model, Context) = (settings, folder, opened, model, context);
        Plan = new PlanJob(
            new PlanRequest { Budget = 1, Count = settings.MeasuredImages, Sample = ExperimentSampling.PreparingRequest(settings) },
            model.Architecture,
            model.Choice);
        _time = new Lazy<TimeModel>(() => TimeCalibration.Measure(Plan.Sample, Model, new PassCount(), Context));
    }

    public ExperimentSettings Settings { get; }

    public ExperimentFolder Folder { get; }

    public OpenedModel Opened { get; }

    public LoadedModel Model { get; }

    public TaskContext Context { get; }

    /// <summary>The uncached run.</summary>
    public SampleJob Job => Plan.Sample;

    private PlanJob Plan { get; }

    /// <summary>Prepares the methods that have not been prepared.</summary>
    public void Run()
    {
        foreach (string method in Settings.Methods.Where(method => Folder.Rows(method) is null))
        {
            Context.Remark($"preparing {method}");
            (ExperimentRow Row, CacheSchedule Schedule)[] rows = [.. Nearest(method).Select(candidate => (
                new ExperimentRow(
                    method,
                    candidate.Parameter,
                    candidate.Schedule.Evaluations,
                    ExperimentFolder.NameOf(candidate.Parameter.Length == 0 ? method : $"{method} {candidate.Parameter}")),
                candidate.Schedule))];
            Folder.WriteRows(method, rows, Model.Architecture.Name, Job.Sampler.Name);
        }
    }

    /// <summary>The schedule of a rule.</summary>
    public CacheSchedule Rule(string rule) => ScheduleRule.Parse(rule, Job.Sampler.Roles, Job.Architecture.Branches);

    /// <summary>What a calibrated method measures.</summary>
    public CalibrationTable Calibrate(string method)
    {
        CalibrationRequest request = new()
        {
            Method = method,
            Sample = ExperimentSampling.PreparingRequest(Settings) with { Count = Settings.MeasuredImages },
            Folder = Folder.File("calibration", method),
            Overwrite = true,
        };
        return Model.Calibrate(request, Context.Progress, Context.Cancel).Table;
    }

    /// <summary>The planner's best for each budget that can be met.</summary>
    public IEnumerable<ExperimentCandidate> Planned()
    {
        SchedulePlanner planner = new(Plan, Model, _time.Value, Context);
        double least = _time.Value.Ratio(PlanSchedules.Least(Job));
        return Settings.Budgets.Where(budget => budget >= least)
            .Select(budget => new ExperimentCandidate(FormattableString.Invariant($"budget {budget}"), planner.Find(budget)[0].Schedule));
    }

    /// <summary>Of candidates, those that are nearest to the budgets, each once.</summary>
    public IEnumerable<ExperimentCandidate> Nearest(IEnumerable<ExperimentCandidate> candidates, Func<CacheSchedule, CacheSchedule>? timed = null)
    {
        // What does nothing, or the same as a smaller parameter, is no candidate.
        (ExperimentCandidate Candidate, double Ratio)[] all =
        [
            .. candidates.Where(candidate => candidate.Schedule.Evaluations < Settings.Steps || !candidate.Schedule.ComputesAll)
                .DistinctBy(candidate => candidate.Schedule).Select(candidate => (candidate, Ratio(candidate.Schedule))),
        ];
        return all.Length == 0 ? [] : Settings.Budgets.Select(budget => all.MinBy(one => Math.Abs(one.Ratio - budget)).Candidate).Distinct();

        double Ratio(CacheSchedule schedule) => schedule.Evaluations < Settings.Steps
            ? (double)schedule.Evaluations / Settings.Steps
            : _time.Value.Ratio(timed is null ? schedule : timed(schedule));
    }

    private IEnumerable<ExperimentCandidate> Nearest(string method)
    {
        IEnumerable<ExperimentCandidate> candidates = ExperimentMethods.Candidates(method, this);
        return method == ExperimentMethods.NoCaching ? candidates : Nearest(candidates);
    }
}
