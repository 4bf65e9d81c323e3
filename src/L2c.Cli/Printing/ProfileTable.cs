using System.Globalization;
using static System.FormattableString;

namespace L2c.Cli.Printing;

/// <summary>A profile for a person.</summary>
internal static class ProfileTable
{
    /// <summary>Prints it.</summary>
    /// <param name="o">Where to.</param>
    /// <param name="report">What was measured.</param>
    /// <param name="trace">The trace file that was written, or null.</param>
    public static void Print(TextWriter o, ProfileResult report, string? trace)
    {
        o.WriteLine(
            $"{report.Facts.Model}: {Units.Of(report.Images, "image")}, guidance {report.Guidance}, "
            + $"{Units.Of(report.Evaluations, $"{report.Sampler} step")}, on {report.Facts.Device}");
        if (report.Cache is not null)
        {
            o.WriteLine(Invariant($"cache {report.Cache}: ideal speed-up {report.IdealSpeedup:0.0000} by the network's MACs"));
        }

        string graph = report.GraphNodes is { } nodes ? Invariant($" as one graph of {nodes} nodes") : "";
        o.WriteLine(
            Invariant($"run {report.RunMs:0.00} ms{graph}, its ops {report.Total.Ms:0.00} ms one by one (medians of {report.Repeat}); ")
            + PeakOf(report));
        o.WriteLine(Units.Memory(report.Memory));
        o.WriteLine();
        bool tera = report.MatmulPeakGflops is not null;
        string columns = $"   calls        ms  share   {(tera ? 'T' : 'G')}FLOP/s  peak         MB    GB/s";
        o.WriteLine($"{"op",-14} {"in",-10}{columns}");
        foreach (KindRow row in report.Ops)
        {
            o.WriteLine($"{row.Op,-14} {row.Place,-10}{Cells(row.Total, tera)}");
        }

        o.WriteLine($"{"all",-25}{Cells(report.Total, tera)}");
        o.WriteLine();
        o.WriteLine($"{"evaluation",-14} {"branches",-10}{columns}");
        foreach (EvaluationRow row in report.PerEvaluation)
        {
            string name = row.Evaluation < 0 ? "ahead" : Invariant($"{row.Evaluation}");
            string branches = row.Evaluation < 0 ? "" : Invariant($"{row.Computed}/{row.Computed + row.Skipped}");
            o.WriteLine($"{name,-14} {branches,-10}{Cells(row.Total, tera)}");
        }

        o.WriteLine();
        WorkTable.Print(o, report.Work);
        if (trace is not null)
        {
            o.WriteLine();
            o.WriteLine($"{trace}: one run, for ui.perfetto.dev or chrome://tracing");
        }
    }

    private static string PeakOf(ProfileResult report) => report.MatmulPeakGflops is { } matmul
        ? Invariant($"{report.Facts.Dtype} products of side {report.MatmulPeakSide} reach {matmul / 1e3:0.0} TFLOP/s, measured now")
        : Invariant($"FMA peak {report.FmaPeakGflops:0.0} GFLOP/s, measured now ({PeakText.Of(report.FmaPeakSpread)})");

    private static string Cells(ProfileRow row, bool tera) => Invariant(
        $"{row.Calls,8}{row.Ms,10:0.000}{row.Share * 100,6:0.0}%{Or(tera ? row.Gflops / 1e3 : row.Gflops, tera ? "0.00" : "0.0"),10}")
        + Invariant($"{Or(row.ShareOfPeak * 100, "0"),5}{(row.ShareOfPeak is null ? " " : "%")}")
        + Invariant($"{row.Bytes / 1e6,10:0.00}{Or(row.GbPerSecond, "0.0"),8}");

    private static string Or(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";
}
