using System.Globalization;
using L2c.Model.Caching;
using L2c.Weights;
using Spectre.Console;
using static System.FormattableString;

namespace L2c.Cli.Printing;

/// <summary>Routers and schedules for a person.</summary>
internal static class ScheduleText
{
    /// <summary>Prints what is reused and saved, then the heat map.</summary>
    /// <param name="r">The schedule.</param>
    /// <param name="o">Where to.</param>
    /// <param name="colours">The terminal that <paramref name="o"/> leads to, for the map in colours; null for text alone.</param>
    public static void Print(ScheduleReport r, TextWriter o, IAnsiConsole? colours = null)
    {
        if (r.Router is null)
        {
            o.WriteLine($"{FileText.OneLine(r.File)}: schedule, {r.Format}");
        }
        else
        {
            FileFacts.Print(r.Router, o);
        }

        if (r.MadeFor is { } origin)
        {
            Units.PrintFact(o, "made for", $"{FileText.OneLine(origin.Model)}, {FileText.OneLine(origin.Sampler)}, {Units.Of(origin.Steps, "step")}");
        }

        if (r.Threshold is { } threshold)
        {
            Units.PrintFact(o, "threshold", threshold.ToString(CultureInfo.InvariantCulture));
        }

        PrintModel(r.Model, r.ModelAssumed, r.AlsoFits, o);
        Units.PrintFact(o, "steps", $"{r.Steps} evaluations, {r.CacheEvaluations} of them cache evaluations");
        string blocks = r.AssumedBlocks switch
        {
            null => Units.Of(r.Branches / 2, "block"),
            1 => "of one block, which stands for all: SmoothCache's lists do not say how many there are",
            { } named => $"{named} blocks, assumed: SmoothCache's lists name so many, and do not say how many there are",
        };
        Units.PrintFact(o, "branches", $"{r.Branches} ({blocks})");
        string skipped = Units.SkippedWord(r.Reused, r.Forecast, r.InSegments, r.Dropped);
        Units.PrintFact(o, skipped, $"{r.Reused}/{r.CacheBranches} branches of the cache evaluations");
        Units.PrintFact(o, "attention + MLP", $"{r.ReusedAttention} + {r.ReusedMlp}");
        Units.PrintFact(
            o,
            "share",
            Invariant($"{100 * r.ShareOfCacheEvaluations:0.00} % of the cache evaluations, {100 * r.ShareOfAllEvaluations:0.00} % of all"));
        if (r.Model is not null)
        {
            Units.PrintFact(o, "MACs", $"{Units.Macs(r.MacsBefore!.Value)} -> {Units.Macs(r.MacsAfter!.Value)} per image and half of guidance");
            string linear = $"{Units.Macs(r.MacsBeforeWithoutProducts!.Value)} -> {Units.Macs(r.MacsAfterWithoutProducts!.Value)}";
            Units.PrintFact(o, "linear layers only", linear);
            Units.PrintFact(o, "ideal speed-up", Invariant($"{r.IdealSpeedup:0.0000}"));
        }

        ScheduleMap.Print(r, o, colours);
        if (r.Blocks is { } all)
        {
            SummaryText.Print(all, r.CacheEvaluations, o);
        }
    }

    /// <summary>Prints a row for each threshold.</summary>
    public static void Print(ThresholdReport r, TextWriter o)
    {
        o.WriteLine($"{FileText.OneLine(r.File)}: router, {r.Steps} evaluations, {r.CacheBranches} branches in cache evaluations");
        PrintModel(r.Model, r.ModelAssumed, r.AlsoFits, o);
        o.WriteLine();
        string costs = r.Model is null ? "" : $"{"MACs",13}{"ratio",9}{"ideal speed-up",16}";
        o.WriteLine($"{"threshold",9}{"reused",9}{"attention",11}{"MLP",7}{"of cache",11}{"of all",10}{costs}");
        foreach (ThresholdRow row in r.Thresholds)
        {
            string mark = row.Threshold == r.PublishedThreshold ? "  as published" : "";
            costs = row.MacsAfter is { } macs ? Invariant($"{Units.Macs(macs),13}{row.MacRatio,9:0.0000}{row.IdealSpeedup,16:0.0000}") : "";
            string shares = Invariant($"{100 * row.ShareOfCacheEvaluations,9:0.00} %{100 * row.ShareOfAllEvaluations,8:0.00} %");
            o.WriteLine(Invariant($"{row.Threshold,9:0.00}{row.Reused,9}{row.ReusedAttention,11}{row.ReusedMlp,7}{shares}{costs}{mark}"));
        }
    }

    /// <summary>Prints where two schedules differ.</summary>
    public static void Print(ScheduleDiff d, TextWriter o)
    {
        o.WriteLine($"A {FileText.OneLine(d.First)}: {d.FirstReused} branches not computed");
        o.WriteLine($"B {FileText.OneLine(d.Second)}: {d.SecondReused} branches not computed");
        o.WriteLine($"{d.BothReused} computed by neither, {d.Differing} by one only, in {d.Evaluations.Count} evaluations");
        if (d.DroppingDiffers)
        {
            o.WriteLine("what neither computes is dropped by one only");
        }

        if (d.ForecastsDiffer)
        {
            o.WriteLine("what neither computes is forecast in different ways, or by one only");
        }

        if (d.SegmentsDiffer)
        {
            o.WriteLine("what neither computes is replaced in other segments or from other evaluations, or by one only");
        }

        foreach (EvaluationDiff e in d.Evaluations)
        {
            string role = e.FirstRole == e.SecondRole ? e.FirstRole : $"A {e.FirstRole}, B {e.SecondRole}";
            o.WriteLine($"evaluation {e.Evaluation} ({role}): {e.OnlyFirst.Count + e.OnlySecond.Count} differ");
            PrintBranches(o, "A", e.OnlyFirst);
            PrintBranches(o, "B", e.OnlySecond);
        }
    }

    private static void PrintModel(string? name, bool? assumed, IReadOnlyList<string>? alsoFits, TextWriter o)
    {
        string model = name is null ? "unknown: name it with --model or --ckpt to count MACs" : FileText.OneLine(name);
        Units.PrintFact(o, "model", assumed == true ? $"{model}, assumed; name another with --model or --ckpt" : model);
        if (alsoFits is not null)
        {
            Units.PrintFact(o, "also fits", string.Join(", ", alsoFits));
        }
    }

    private static void PrintBranches(TextWriter o, string which, IReadOnlyList<int> branches)
    {
        if (branches.Count > 0)
        {
            o.WriteLine($"  only {which} computes {string.Join(", ", branches.Select(CacheSchedule.BranchName))}");
        }
    }
}
