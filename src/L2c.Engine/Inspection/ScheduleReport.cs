using System.Globalization;
using L2c.Model.Accounting;
using L2c.Model.Caching;

namespace L2c.Cli.Inspection;

/// <summary>One evaluation of a schedule.</summary>
/// <param name="Role">"refresh" or "cache".</param>
/// <param name="Compute">A character per branch: 1 computed, 0 not.</param>
/// <param name="Macs">What it costs, attention products included; null without a network.</param>
internal sealed record EvaluationFacts(string Role, string Compute, long? Macs);

/// <summary>What <c>l2c inspect</c> tells about a router or a schedule. MACs are for one image and one half of guidance.</summary>
/// <param name="File">Path as given.</param>
/// <param name="Format">Of a schedule file: "l2c-schedule/1" or "smoothcache"; null for a router.</param>
/// <param name="MadeFor">Of a file of our format: what it says that it was made for.</param>
/// <param name="Router">The file's facts; null for a schedule file.</param>
/// <param name="Threshold">Of a router.</param>
/// <param name="Model">The network that it is accounted for, or null.</param>
/// <param name="AlsoFits">Other published models of its depth; null when the model was named.</param>
/// <param name="Steps">Evaluations of a run.</param>
/// <param name="Branches">Of the network.</param>
/// <param name="CacheEvaluations">Evaluations that may reuse.</param>
/// <param name="CacheBranches">Branches of all cache evaluations.</param>
/// <param name="Reused">Of them, not computed.</param>
/// <param name="Dropped">Whether they contribute nothing instead of being reused; null when not.</param>
/// <param name="ReusedAttention">Of those, attention branches.</param>
/// <param name="ReusedMlp">Of those, MLP branches.</param>
/// <param name="ShareOfCacheEvaluations">Reused over the branches of cache evaluations; 0 where there are none.</param>
/// <param name="ShareOfAllEvaluations">Reused over the branches of all evaluations.</param>
/// <param name="MacsBefore">Everything computed, attention products included.</param>
/// <param name="MacsAfter">Under the schedule.</param>
/// <param name="MacsBeforeWithoutProducts">Linear layers only.</param>
/// <param name="MacsAfterWithoutProducts">Linear layers only, under the schedule.</param>
/// <param name="IdealSpeedup">MACs before over after.</param>
/// <param name="Evaluations">Each of them.</param>
internal sealed record ScheduleReport(
    string File,
    string? Format,
    ScheduleOrigin? MadeFor,
    TensorFileReport? Router,
    double? Threshold,
    string? Model,
    IReadOnlyList<string>? AlsoFits,
    int Steps,
    int Branches,
    int CacheEvaluations,
    int CacheBranches,
    int Reused,
    bool? Dropped,
    int ReusedAttention,
    int ReusedMlp,
    double ShareOfCacheEvaluations,
    double ShareOfAllEvaluations,
    long? MacsBefore,
    long? MacsAfter,
    long? MacsBeforeWithoutProducts,
    long? MacsAfterWithoutProducts,
    double? IdealSpeedup,
    IReadOnlyList<EvaluationFacts> Evaluations)
{
    /// <summary>Collects the facts.</summary>
    /// <param name="inspected">The schedule.</param>
    /// <param name="router">The router file's facts, if it comes from one.</param>
    public static ScheduleReport Of(InspectedSchedule inspected, TensorFileReport? router)
    {
        CacheSchedule schedule = inspected.Schedule;
        RunCost? cost = inspected.Network is { } network ? new RunCost(schedule, NetworkCost.Of(network)) : null;
        int[] skipped = [.. from e in Enumerable.Range(0, schedule.Evaluations)
                            from b in Enumerable.Range(0, schedule.Branches)
                            where !schedule.Computes(e, b)
                            select b % 2];
        return new ScheduleReport(
            inspected.File,
            inspected.Format,
            inspected.MadeFor,
            router,
            inspected.Threshold,
            inspected.Network?.Name,
            inspected.AlsoFits.Count > 0 ? inspected.AlsoFits : null,
            schedule.Evaluations,
            schedule.Branches,
            schedule.CacheBranches / schedule.Branches,
            schedule.CacheBranches,
            skipped.Length,
            schedule.DropsSkipped ? true : null,
            skipped.Count(kind => kind == 0),
            skipped.Count(kind => kind == 1),
            schedule.CacheBranches == 0 ? 0 : (double)skipped.Length / schedule.CacheBranches,
            (double)skipped.Length / (schedule.Evaluations * schedule.Branches),
            cost?.MacsBefore,
            cost?.MacsAfter,
            cost?.MacsBeforeWithoutProducts,
            cost?.MacsAfterWithoutProducts,
            cost?.IdealSpeedup,
            [.. Enumerable.Range(0, schedule.Evaluations).Select(e => new EvaluationFacts(
                schedule.Role(e) == EvaluationRole.Refresh ? "refresh" : "cache",
                string.Concat(Enumerable.Range(0, schedule.Branches).Select(b => schedule.Computes(e, b) ? '1' : '0')),
                cost?.PerEvaluation[e]))]);
    }

    /// <summary>Prints it for a person: the table, then the heat map.</summary>
    public void Print(TextWriter o)
    {
        if (Router is null)
        {
            o.WriteLine($"{File}: schedule, {Format}");
        }
        else
        {
            Router.Print(o);
        }

        if (MadeFor is { } origin)
        {
            Units.PrintFact(o, "made for", $"{Units.Printable(origin.Model)}, {Units.Printable(origin.Sampler)}, {Units.Of(origin.Steps, "step")}");
        }

        if (Threshold is { } threshold)
        {
            Units.PrintFact(o, "threshold", threshold.ToString(CultureInfo.InvariantCulture));
        }

        string model = Model ?? "unknown: name a published one with --model to count MACs";
        Units.PrintFact(o, "model", AlsoFits is null ? model : $"{model}, assumed");
        if (AlsoFits is not null)
        {
            Units.PrintFact(o, "also fits", $"{string.Join(", ", AlsoFits)}; choose with --model");
        }

        Units.PrintFact(o, "steps", $"{Steps} evaluations, {CacheEvaluations} of them cache evaluations");
        Units.PrintFact(o, "branches", $"{Branches} ({Branches / 2} blocks)");
        Units.PrintFact(o, Dropped is null ? "reused" : "dropped", $"{Reused}/{CacheBranches} branches of the cache evaluations");
        Units.PrintFact(o, "attention + MLP", $"{ReusedAttention} + {ReusedMlp}");
        Units.PrintFact(o, "share", string.Create(
            CultureInfo.InvariantCulture,
            $"{100 * ShareOfCacheEvaluations:0.00} % of the cache evaluations, {100 * ShareOfAllEvaluations:0.00} % of all"));
        if (Model is not null)
        {
            Units.PrintFact(o, "MACs", $"{Units.Count(MacsBefore!.Value)} -> {Units.Count(MacsAfter!.Value)} per image and half of guidance");
            string linear = $"{Units.Count(MacsBeforeWithoutProducts!.Value)} -> {Units.Count(MacsAfterWithoutProducts!.Value)}";
            Units.PrintFact(o, "linear layers only", linear);
            Units.PrintFact(o, "ideal speed-up", string.Create(CultureInfo.InvariantCulture, $"{IdealSpeedup:0.0000}"));
        }

        PrintMap(o);
    }

    private void PrintMap(TextWriter o)
    {
        o.WriteLine();
        o.WriteLine($"evaluation x block, attention left and MLP right: # computed, {(Dropped is null ? ". reused" : "x dropped")}");
        o.WriteLine($"{"",13}{string.Concat(Enumerable.Range(0, Branches / 2).Select(block => block % 5 == 0 ? $"{block,-3}" : "   "))}".TrimEnd());
        for (int e = 0; e < Evaluations.Count; e++)
        {
            string cells = Evaluations[e].Compute.Replace('1', '#').Replace('0', Dropped is null ? '.' : 'x');
            o.WriteLine($"{e,4} {Evaluations[e].Role,-8}{string.Join(' ', cells.Chunk(2).Select(pair => new string(pair)))}");
        }
    }
}
