using System.Globalization;
using L2c.Weights.Layouts;

namespace L2c.Model.Sampling;

/// <summary>A plan in words: what runs, what each saving is worth, what memory it takes.</summary>
/// <remarks>Each saving is the difference to the same run recorded, on paper, with that one switch off: bytes and FLOPs as the ops themselves count them.</remarks>
internal static class PlanDescription
{
    public static string Of(RunPlan run, long runBytes, long cacheBytes)
    {
        DitArchitecture a = run.Model.Architecture;
        PlanSwitches switches = run.Options.Switches;
        (long bytes, long flops, _, int ops) = run.OnPaper(switches);
        int skipped = run.Schedule.SkippedBranches, all = run.Schedule.Evaluations * run.Schedule.Branches;
        string verb = run.Schedule.DropsSkipped ? "dropped" : "reused";
        List<string> lines =
        [
            $"{a.Name}, {run.Sampler.Name}, {run.Schedule.Evaluations} evaluations, {run.Images} images in {run.Rows} rows, {run.Model.Device.Name}",
            $"  branches      {all - skipped} computed, {skipped} {verb}; of {run.Schedule.CacheBranches} in cache evaluations {Percent(skipped, run.Schedule.CacheBranches)}",
            $"  work          {ops} ops, {Giga(flops)} GFLOP in matrix products, {Mebi(bytes)} MiB of operands",
            $"  memory        weights {Mebi(run.Model.WeightBytes)} MiB, run {Mebi(runBytes)} MiB, of which {run.Slots.Count} cache slots {Mebi(cacheBytes)} MiB",
            "  savings, each against the same plan without it:",
            Line("modulations ahead", switches.ModulationsAhead, switches with { ModulationsAhead = false }),
            Line("keep only reused", switches.KeepOnlyReused, switches with { KeepOnlyReused = false }),
            Line("skip unused", switches.SkipUnused, switches with { SkipUnused = false }),
            Line("fuse skips", switches.FuseSkips, switches with { FuseSkips = false }),
            $"    {"replay",-18} {OnOff(switches.Replay)}  {ops} ops recorded once; a run enqueues, allocates and decides nothing",
        ];
        return string.Join('\n', lines);

        string Line(string name, bool on, PlanSwitches without)
        {
            if (!on)
            {
                return $"    {name,-18} off";
            }

            (long otherBytes, long otherFlops, long otherRunBytes, int otherOps) = run.OnPaper(without);
            return $"    {name,-18} on   {Mebi(otherBytes - bytes)} MiB of operands, {Giga(otherFlops - flops)} GFLOP, {otherOps - ops} ops, memory {Mebi(otherRunBytes - runBytes)} MiB (negative: it takes memory)";
        }

        string OnOff(bool on) => on ? "on " : "off";
    }

    private static string Percent(long part, long whole) => whole == 0 ? "-" : (100.0 * part / whole).ToString("0.00", CultureInfo.InvariantCulture) + " %";

    private static string Mebi(long bytes) => (bytes / 1048576.0).ToString("0.0", CultureInfo.InvariantCulture);

    private static string Giga(long flops) => (flops / 1e9).ToString("0.00", CultureInfo.InvariantCulture);

}
