using L2c.Cli.Output;
using static System.FormattableString;

namespace L2c.Cli.Printing;

/// <summary>A sweep as text for a person: what it would run, and what came of it.</summary>
internal static class SweepListing
{
    /// <summary>A line per row of a plan, numbered as <c>--only</c> takes them.</summary>
    public static void Print(SweepPlan plan, Terminal terminal)
    {
        int width = plan.Rows.Max(row => row.Name.Length);
        for (int i = 0; i < plan.Rows.Count; i++)
        {
            SweepRow row = plan.Rows[i];
            double ratio = (double)row.Macs / plan.Uncached.Macs;
            terminal.Out.WriteLine(Invariant($"{i + 1,4}  {row.Name.PadRight(width)}  {Units.Macs(row.Macs),11}  {ratio:0.0000}"));
        }
    }

    /// <summary>A line per row of a table.</summary>
    public static void Print(IReadOnlyList<SweepRecord> records, Terminal terminal)
    {
        int width = records.Max(record => Name(record).Length);
        terminal.Out.WriteLine($"{"rule".PadRight(width)}  steps    MACs    time  interval        distance  interval              relative L2     PSNR");
        foreach (SweepRecord r in records)
        {
            string interval = Invariant($"{r.FrechetLow:0.0000} .. {r.FrechetHigh:0.0000}");
            string times = Invariant($"{r.TimeRatioLow:0.000} .. {r.TimeRatioHigh:0.000}");
            string line = Invariant($"{Name(r).PadRight(width)}  {r.Steps,5}  {r.MacRatio,6:0.0000}  {r.TimeRatio,6:0.0000}  {times,-14}  ")
                + Invariant($"{r.Frechet,8:0.0000}  {interval,-20}  {r.RelativeL2,11:0.0000}  {r.Psnr,7:0.00}");
            terminal.Out.WriteLine(line.TrimEnd());
        }
    }

    private static string Name(SweepRecord record) => $"{record.Rule} {record.Parameter}".TrimEnd();
}
