using System.Globalization;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Samplers;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>The schedule of a run.</summary>
/// <param name="Schedule">Which branches are computed; it fits model and sampler.</param>
/// <param name="Text">What it came from, without folders: <c>router NAME, threshold X</c>, the rule as given, the schedule file's name, or that
/// of <see cref="OwnSchedule"/>.</param>
/// <param name="Remark">What a person should know of it; null for nothing.</param>
public sealed record CacheChoice(CacheSchedule Schedule, string Text, string? Remark = null)
{
    /// <summary>Branches that something of earlier evaluations stands for: outputs, as they are or forecast, or deltas of segments.</summary>
    public int Reused => Schedule.Count(BranchAction.Reuse) + Forecast + InSegments;

    /// <summary>Of those, branches that are forecast.</summary>
    public int Forecast => Schedule.Count(BranchAction.Forecast);

    /// <summary>Of those, branches of replaced segments.</summary>
    public int InSegments => Schedule.Count(BranchAction.Segment);

    /// <summary>Branches that contribute nothing.</summary>
    public int Dropped => Schedule.Count(BranchAction.Drop);

    /// <summary>Reads the router or the schedule, or makes the rule's.</summary>
    /// <returns>Null when nothing was said about caching.</returns>
    /// <exception cref="RequestException">Parts of the request cannot be combined; well-formed, but not for this model and sampler, or no valid
    /// schedule.</exception>
    /// <exception cref="MalformedFileException">A file that is damaged or something else.</exception>
    public static CacheChoice? Decide(CacheRequest request, TransformerArchitecture architecture, SamplerTable sampler)
    {
        CacheChoice? choice = request switch
        {
            { Own: not null, Router: not null } or { Own: not null, Rule: not null } =>
                throw new RequestException("a schedule of the program's own, --router and --cache cannot be combined; give one of them"),
            { Router: not null, Rule: not null } => throw new RequestException("--router and --cache cannot be combined; omit one of them"),
            { Router: null, Threshold: not null, Rule: not null } => throw new RequestException(
                "--threshold applies to a router, not to --cache; omit --threshold, or give --router FILE in place of --cache"),
            { Router: null, Threshold: not null } => throw new RequestException("--threshold applies to a router; give --router FILE"),
            { Threshold: not (null or (>= 0 and <= 1)) } => throw new RequestException(string.Create(
                CultureInfo.InvariantCulture, $"--threshold {request.Threshold}: scores lie between 0 and 1; give a threshold in that range")),
            { Router: { } path } => FromRouter(path, request.Threshold, architecture, sampler),
            { RuleFile: { } path } => FromFile(request, path, architecture, sampler),
            { Own: { } own } => new CacheChoice(FromProgram(own, sampler, architecture.Branches), own.Name),
            { Rule: { } rule } => new CacheChoice(FromRule(rule, sampler, architecture.Branches), rule),
            _ => null,
        };
        return choice is null || FindSegmentProblem(choice.Schedule, architecture) is not { } problem
            ? choice
            : throw new RequestException($"{request.RuleFile ?? request.Own?.Name ?? "--cache"}: {problem}");
    }

    private static string? FindSegmentProblem(CacheSchedule schedule, TransformerArchitecture architecture)
    {
        try
        {
            schedule.RequireSegmentsFit(NetworkFamilies.Describe(architecture));
            return null;
        }
        catch (ArgumentException e)
        {
            return e.Message;
        }
    }

    private static CacheChoice FromRouter(string path, double? asked, TransformerArchitecture architecture, SamplerTable sampler)
    {
        using TensorFile file = TensorFiles.Open(path);
        RouterLogits router = RouterLogits.Load(file);
        RouterShape shape = router.Architecture;
        (NetworkFamily its, NetworkFamily ours) = (NetworkFamilies.Of(shape.Target), NetworkFamilies.Of(architecture));
        if (its != ours)
        {
            throw new RequestException(
                $"{path}: a router for a {its.Title} of {shape.Branches / 2} blocks, but {architecture.Name} is a {ours.Title}; "
                + $"give a {ours.Title}'s router");
        }

        if (shape.Branches != architecture.Branches)
        {
            throw new RequestException(
                $"{path}: a router for {shape.Branches / 2} blocks, but {architecture.Name} has {architecture.Blocks}; give a router of that depth");
        }

        if (RouterSchedule.Evaluations(shape) != sampler.Evaluations.Count)
        {
            throw new RequestException(
                $"{path}: a router for {shape.Evaluations} evaluations, but --steps gives {sampler.Evaluations.Count}; "
                + $"sample with --steps {shape.Evaluations}");
        }

        if (!RouterSchedule.RowsRead(shape).SequenceEqual(sampler.RowsRead))
        {
            string published = NetworkFamilies.Describe(architecture).DefaultSampler;
            throw new RequestException(
                $"{path}: a router for the evaluations in which {published} reuses, and {sampler.Name} reuses in others; sample with --sampler {published}");
        }

        double threshold = asked ?? ours.Recipe(architecture, sampler.Evaluations.Count).Threshold;
        CacheSchedule schedule = RouterSchedule.From(router, threshold, sampler);
        return new CacheChoice(schedule, string.Create(CultureInfo.InvariantCulture, $"router {Path.GetFileName(path)}, threshold {threshold}"));
    }

    private static CacheSchedule FromRule(string rule, SamplerTable sampler, int branches)
    {
        try
        {
            return ScheduleRule.Parse(rule, sampler.Roles, branches);
        }
        catch (ArgumentException e)
        {
            throw new RequestException($"--cache: {e.Message}", e);
        }
    }

    private static CacheSchedule FromProgram(OwnSchedule own, SamplerTable sampler, int branches)
    {
        try
        {
            CacheSchedule schedule = own.Make(sampler.Roles, branches);
            schedule.RequireFits(sampler.Evaluations.Count, branches);
            return schedule;
        }
        catch (ArgumentException e)
        {
            throw new RequestException($"{own.Name}: {e.Message}", e);
        }
    }

    private static CacheChoice FromFile(CacheRequest request, string path, TransformerArchitecture architecture, SamplerTable sampler)
    {
        using ByteSource source = ByteSource.OpenFile(path);
        ScheduleFile file = ScheduleFile.Read(source);
        int branches = architecture.Branches;
        CacheSchedule schedule = Valid("", () => file.ToSchedule(branches));
        Valid("; give a schedule for this model and --steps", () =>
        {
            schedule.RequireFits(sampler.Evaluations.Count, branches);
            return schedule;
        });
        schedule = request.JoinsBranches ? JoinedBranches.Of(schedule) : schedule;
        string name = request.WithRuleFile(Path.GetFileName(path)).Rule!;
        return new CacheChoice(schedule, name, file.Own is { } own ? Difference(path, own, architecture, sampler) : null);

        CacheSchedule Valid(string advice, Func<CacheSchedule> get)
        {
            try
            {
                return get();
            }
            catch (ArgumentException e)
            {
                throw new RequestException($"{path}: {e.Message}{advice}", e);
            }
        }
    }

    private static string? Difference(string path, ScheduleJson own, TransformerArchitecture architecture, SamplerTable sampler) =>
        own.Model == architecture.Name && own.Sampler == sampler.Name
            ? null
            : $"{path} was made for {FileText.Printable(own.Model)} and {FileText.Printable(own.Sampler)}; "
                + $"it fits {architecture.Name} and {sampler.Name} in size and is used as it is";
}
