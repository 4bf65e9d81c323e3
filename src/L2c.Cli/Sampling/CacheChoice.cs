using System.Globalization;
using L2c.Cli.Output;
using L2c.Model.Caching;
using L2c.Model.Diffusion;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Cli.Sampling;

/// <summary>The schedule that the user chose.</summary>
/// <param name="Schedule">Which branches are computed; it fits model and sampler.</param>
/// <param name="Text">What it came from, without folders: <c>router NAME, threshold X</c>, the rule as given, or the schedule file's name.</param>
internal sealed record CacheChoice(CacheSchedule Schedule, string Text)
{
    private const double PublishedThreshold = 0.1;

    /// <summary>Branches whose output comes from an earlier evaluation.</summary>
    public int Reused => Schedule.DropsSkipped ? 0 : Schedule.SkippedBranches;

    /// <summary>Branches that contribute nothing.</summary>
    public int Dropped => Schedule.DropsSkipped ? Schedule.SkippedBranches : 0;

    /// <summary>Reads the router or the schedule, or makes the rule's.</summary>
    /// <returns>Null when nothing was said about caching.</returns>
    /// <exception cref="UsageException">Well-formed, but not for this model and sampler, or no valid schedule.</exception>
    /// <exception cref="MalformedFileException">A file that is damaged or something else.</exception>
    public static CacheChoice? Decide(CacheRequest request, DitArchitecture architecture, Sampler sampler)
    {
        int evaluations = sampler.Steps.Count, branches = 2 * architecture.Depth;
        return request switch
        {
            { Router: { } path } => FromRouter(path, request.Threshold ?? PublishedThreshold, architecture, evaluations),
            { RuleFile: { } path } =>
                new CacheChoice(FromFile(path, evaluations, branches), Path.GetFileName(path)),
            { Rule: { } rule } => new CacheChoice(FromRule(rule, evaluations, branches), rule),
            _ => null,
        };
    }

    private static CacheChoice FromRouter(string path, double threshold, DitArchitecture architecture, int evaluations)
    {
        using TensorFile file = TensorFiles.Open(path);
        RouterLogits router = RouterLogits.Load(file);
        RouterArchitecture shape = router.Architecture;
        if (shape.Target != RouterTarget.Dit)
        {
            throw new UsageException(
                $"{path}: a router for a U-ViT of {shape.Branches / 2} blocks, but {architecture.Name} is a DiT; give a DiT's router");
        }

        if (shape.Branches != 2 * architecture.Depth)
        {
            throw new UsageException(
                $"{path}: a router for {shape.Branches / 2} blocks, but {architecture.Name} has {architecture.Depth}; give a router of that depth");
        }

        if (shape.Evaluations != evaluations)
        {
            throw new UsageException(
                $"{path}: a router for {shape.Evaluations} evaluations, but --steps makes {evaluations}; sample with --steps {shape.Evaluations}");
        }

        CacheSchedule schedule = RouterSchedule.From(router, threshold, evaluations);
        return new CacheChoice(schedule, string.Create(CultureInfo.InvariantCulture, $"router {Path.GetFileName(path)}, threshold {threshold}"));
    }

    private static CacheSchedule FromRule(string rule, int evaluations, int branches)
    {
        try
        {
            return ScheduleRule.Parse(rule, PublishedRoles.Dit(evaluations), branches);
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"--cache: {e.Message}", e);
        }
    }

    private static CacheSchedule FromFile(string path, int evaluations, int branches)
    {
        using ByteSource source = ByteSource.OpenFile(path);
        ScheduleFile file = ScheduleFile.Read(source);
        try
        {
            CacheSchedule schedule = file.ToSchedule(branches);
            schedule.RequireFits(evaluations, branches);
            return schedule;
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"{path}: {e.Message}; give a schedule for this model and --steps", e);
        }
    }
}
