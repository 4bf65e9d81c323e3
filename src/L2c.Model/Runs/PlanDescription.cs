using System.Globalization;
using L2c.Model.Accounting;
using L2c.Model.Caching;
using L2c.Model.Networks;
using static System.FormattableString;

namespace L2c.Model.Runs;

/// <summary>A plan in words: what runs, what each saving is worth, what memory it takes.</summary>
/// <remarks>
/// Each saving is the difference to the same run recorded, on paper, with that one switch turned: ops, FLOPs and bytes as the ops count them.
/// </remarks>
internal static class PlanDescription
{
    public static string Of(DryRun run)
    {
        RunPlan plan = run.Plan;
        string guided = plan.Options.Guidance == Guidance.None ? "no guidance" : "guidance reads each image twice";
        string batch = $"{Number(plan.Images, "image")} in {Number(plan.Rows, "row")}";
        List<string> lines =
        [
            $"{plan.Model.Architecture.Name} on {plan.Model.Device.Name}",
            Fact("run", $"{Number(plan.Schedule.Evaluations, $"{plan.Sampler.Name} evaluation")} of {batch} ({guided})"),
            Fact("branches", Branches(plan.Schedule)),
            .. plan.Schedule.Replaced.IsEmpty ? Array.Empty<string>() : [Fact("segments", Segments(plan))],
            Fact("cache slots", Slots(run)),
            Fact("modulations", Modulations(run)),
            Fact("memory", $"{Mebi(run.WeightBytes)} MiB weights + {Mebi(run.RunBytes - run.CacheBytes)} MiB workspace"
                + $" + {Mebi(run.CacheBytes)} MiB cache slots = {Mebi(run.WeightBytes + run.RunBytes)} MiB"),
            "",
            $"{"op",-18} {"calls",8} {"GFLOP",12} {"operand MiB",12}",
            .. run.Ops.GroupBy(op => op.Name).Select(kind => (Name: kind.Key, Work: OpWork.Of(kind))).OrderByDescending(kind => kind.Work.Bytes)
                .Select(kind => Row(kind.Name, kind.Work)),
            Row("all", run.Work.Total),
            "",
            $"{"saves (- costs)",-18} {"ops",8} {"GFLOP",12} {"operand MiB",12} {"memory MiB",12}",
            .. Savings(run),
        ];
        return string.Join('\n', lines);
    }

    private static string Branches(CacheSchedule schedule)
    {
        int skipped = schedule.SkippedBranches, all = schedule.Evaluations * schedule.Branches, cache = schedule.CacheBranches;
        string share = cache == 0
            ? "no cache evaluations"
            : Invariant($"{100.0 * skipped / cache:0.00} % of the {cache} in {Number(cache / schedule.Branches, "cache evaluation")}");
        return $"{all} in all: {all - skipped} computed, {schedule.SkippedText} ({share})";
    }

    private static string Segments(RunPlan plan) =>
        $"{plan.Schedule.Replaced.Length} replaced by one addition each; "
        + $"{Number(plan.Slots.KeptDeltas, "delta")} kept, each by one more pass over the stream";

    private static string Slots(DryRun run)
    {
        CacheSlots slots = run.Plan.Slots;
        string kept = (slots.KeptOutputs, slots.KeptDeltas) switch
        {
            (var outputs, 0) => Number(outputs, "output"),
            (0, var deltas) => Number(deltas, "delta"),
            (var outputs, var deltas) => $"{Number(outputs, "output")} and {Number(deltas, "delta")}",
        };
        return slots.Count == 0
            ? "none: no output is read by a later evaluation"
            : Invariant($"{slots.Count} of {run.CacheBytes / slots.Count / 1048576.0:0.00} MiB each{(run.Plan.KeepsCopies ? ", in bf16" : "")}: ")
                + $"of the {kept} kept for later, at most {slots.Count} are needed at the same time";
    }

    private static string Modulations(DryRun run)
    {
        PlanSwitches switches = run.Plan.Options.Switches;
        if (!switches.ModulationsAhead)
        {
            return "computed in every evaluation for itself";
        }

        NetworkMemory memory = run.Buffers.Network;
        string limit = $"limit {Mebi(switches.ModulationLimitBytes)} MiB";
        return $"computed ahead in {Number(memory.Groups, "chunk")} of up to {Number(memory.GroupSize, "evaluation")} ({limit})";
    }

    private static IEnumerable<string> Savings(DryRun run)
    {
        PlanSwitches now = run.Plan.Options.Switches;
        yield return Saving("layer caching", !run.Plan.Schedule.ComputesAll, run.WithoutCaching, "against computing every branch");
        yield return Turned(
            "modulations ahead", now.ModulationsAhead, now with { ModulationsAhead = !now.ModulationsAhead }, "one tall GEMM for many evaluations");
        yield return Turned(
            "keep only reused", now.KeepOnlyReused, now with { KeepOnlyReused = !now.KeepOnlyReused }, "slots only for outputs that are read again");
        yield return Turned(
            "skip unused", now.SkipUnused, now with { SkipUnused = !now.SkipUnused }, "no norm, shift and scale before a skipped branch");
        yield return Turned(
            "fuse skips", now.FuseSkips, now with { FuseSkips = !now.FuseSkips }, "neighbouring residual additions in one pass");
        yield return now.Replay
            ? $"{"replay",-18} {run.Ops.Count,8} ops are recorded once; a run enqueues, allocates and decides nothing"
            : $"{"replay",-18} {run.Ops.Count,8} ops are enqueued again in every run (off)";

        string Turned(string name, bool on, PlanSwitches other, string why) => Saving(name, on, run.With(other), why);

        // Of a saving that is off, the other run is the one that has it.
        string Saving(string name, bool on, DryRun other, string why)
        {
            (DryRun with, DryRun without) = on ? (run, other) : (other, run);
            return Row(name, without.Work.Total - with.Work.Total) + $" {Mebi(without.RunBytes - with.RunBytes),12}  {why}{(on ? "" : " (off)")}";
        }
    }

    private static string Fact(string name, string value) => $"  {name,-16} {value}";

    private static string Row(string name, OpWork work) => Invariant($"{name,-18} {work.Ops,8} {2 * work.Macs / 1e9,12:0.000} {Mebi(work.Bytes),12}");

    private static string Number(int count, string noun) => $"{count} {noun}{(count == 1 ? "" : "s")}";

    private static string Mebi(long bytes) => (bytes / 1048576.0).ToString("0.0", CultureInfo.InvariantCulture);
}
