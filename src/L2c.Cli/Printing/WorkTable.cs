using System.Globalization;
using L2c.Model.Accounting;

namespace L2c.Cli.Printing;

/// <summary>MACs and bytes by evaluation and by branch, for a person.</summary>
internal static class WorkTable
{
    private const string Columns = "  computed       GMAC         MB   saved GMAC   saved MB";

    /// <summary>Prints both tables and their sum.</summary>
    public static void Print(TextWriter o, WorkRows rows)
    {
        o.WriteLine("work of all rows of the batch, attention products included; saved: against the same plan with every branch computed");
        o.WriteLine($"{"evaluation",-20}{Columns}");
        foreach (EvaluationWork row in rows.Evaluations)
        {
            o.WriteLine(Line(string.Create(CultureInfo.InvariantCulture, $"{row.Evaluation}"), row.Computed, row.Skipped, row.Work, row.Saved));
        }

        o.WriteLine();
        o.WriteLine($"{"branch",-20}{Columns}");
        foreach (BranchWork row in rows.Branches)
        {
            o.WriteLine(Line(row.Branch, row.Computed, row.Skipped, row.Work, row.Saved));
        }

        o.WriteLine(Line("all", 0, 0, rows.Total, rows.WithoutCaching - rows.Total));
        o.WriteLine(Line("  linear layers", 0, 0, Linear(rows.Total), Linear(rows.WithoutCaching - rows.Total), bytes: false));
    }

    private static OpWork Linear(OpWork work) => work with { Macs = work.MacsWithoutProducts, AttentionProductMacs = 0 };

    private static string Line(string name, int computed, int skipped, OpWork work, OpWork saved, bool bytes = true)
    {
        string share = computed + skipped == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{computed}/{computed + skipped}");
        return $"{name,-20}{share,10}{Giga(work.Macs),11}{Mega(work.Bytes),11}{Giga(saved.Macs),13}{Mega(saved.Bytes),11}".TrimEnd();

        string Mega(long count) => bytes ? (count / 1e6).ToString("0.00", CultureInfo.InvariantCulture) : "";
    }

    private static string Giga(long macs) => (macs / 1e9).ToString("0.000", CultureInfo.InvariantCulture);
}
