using System.Globalization;
using L2c.Cli.Emulated;
using L2c.Emulation;
using static System.FormattableString;

namespace L2c.Cli.Printing;

/// <summary>A prediction for a person, as a table that a Markdown page can hold, and for a program.</summary>
internal static class PredictionText
{
    private const double Micro = 1e6;

    /// <summary>Prints it.</summary>
    public static void Print(TextWriter o, RunPrediction report)
    {
        SampleJob job = report.Job;
        int rows = report.Rows;
        o.WriteLine($"prediction for {report.Gpu.Title}, by counts of the emulator; nothing here was measured");
        o.WriteLine(Invariant(
            $"{job.Architecture.Name}, {job.Device.Dtype}: {Units.Of(job.Batch, "image")}, {rows} rows, ")
            + Units.Of(job.Schedule.Evaluations, "evaluation"));
        if (job.Cache is { } cache)
        {
            o.WriteLine($"cache {cache.Text}");
        }

        if (!report.KnowsRegisters)
        {
            o.WriteLine("registers are unknown without ptxas (L2C_PTXAS or the PATH): occupancy is that of warps and shared memory alone");
        }

        o.WriteLine();
        o.WriteLine(
            "| kernel | size | launches | sectors / min | wavefronts / min | mma MACs | registers "
            + "| warps | limiter | L2 | floor us | us each | us all |");
        o.WriteLine("|---|---|--:|--:|--:|--:|--:|--:|---|--:|--:|--:|--:|");
        foreach (PredictedLaunches row in report.Kernels)
        {
            o.WriteLine(Line(row, row.Launches));
        }

        o.WriteLine();
        PrintSums(o, report);
    }

    /// <summary>What the JSON object holds: microseconds, all predicted.</summary>
    public static object ToJson(RunPrediction report) => new
    {
        Kind = "prediction",
        Gpu = report.Gpu.Name,
        Model = report.Job.Architecture.Name,
        report.Job.Device.Dtype,
        Images = report.Job.Batch,
        report.Rows,
        Cache = report.Job.Cache?.Text,
        report.KnowsRegisters,
        PredictedMicroseconds = report.Microseconds,
        report.FloorMicroseconds,
        Evaluations = report.Evaluations.Select(e => new
        {
            e.First,
            e.Last,
            e.Launches,
            PredictedMicroseconds = e.Microseconds,
            e.FloorMicroseconds,
        }),
        Kernels = report.Kernels.Select(row => new
        {
            row.Name,
            row.Size,
            row.Launches,
            row.Registers,
            Warps = row.Each.Occupancy?.Warps,
            row.Flops,
            Sectors = row.Counts?.Sectors.Touched,
            MinimumSectors = row.Counts?.Sectors.Minimum,
            Wavefronts = row.Counts?.Wavefronts.Taken,
            MinimumWavefronts = row.Counts?.Wavefronts.Minimum,
            row.Counts?.IssueSlots,
            row.Counts?.Special,
            row.Counts?.Divergent,
            UniqueReadBytes = row.Counts?.UniqueRead,
            UniqueWrittenBytes = row.Counts?.UniqueWritten,
            row.Each.MemoryBytes,
            row.Each.L2Share,
            Limiter = row.Each.Limiter.ToString(),
            PredictedMicroseconds = Micro * row.Each.Seconds,
            FloorMicroseconds = Micro * row.Each.Floor,
            PartMicroseconds = row.Each.Parts.ToDictionary(part => part.Key.ToString(), part => Micro * part.Value),
        }),
    };

    private static void PrintSums(TextWriter o, RunPrediction report)
    {
        (PredictedLaunches Row, double Launches)[] block = [.. report.OfBlock()];
        if (report.Job.Schedule.ComputesAll && block.Length > 0)
        {
            double seconds = block.Sum(b => b.Launches * b.Row.Each.Seconds), floor = block.Sum(b => b.Launches * b.Row.Each.Floor);
            o.WriteLine(Invariant(
                $"a block on average: {block.Sum(b => b.Launches):0.0} launches, {Micro * seconds:0.0} us predicted, floor {Micro * floor:0.0} us"));
        }

        foreach (PredictedEvaluations e in report.Evaluations)
        {
            string which = e.First == e.Last ? Invariant($"evaluation {e.First}") : Invariant($"evaluations {e.First} to {e.Last}, each");
            o.WriteLine(Invariant($"{which}: {e.Launches} launches, {e.Microseconds:0} us predicted, floor {e.FloorMicroseconds:0} us"));
        }

        o.WriteLine(Invariant($"the run: {report.Microseconds:0} us predicted, floor {report.FloorMicroseconds:0} us"));
    }

    private static string Line(PredictedLaunches row, int launches)
    {
        string sectors = row.Counts is { } c ? Ratio(c.Sectors) : "";
        string wavefronts = row.Counts is { Wavefronts.Taken: > 0 } s ? Ratio(s.Wavefronts) : "";
        string macs = row.Flops > 0 ? Invariant($"{row.Flops / 2e9:0.00} G") : "";
        return Invariant($"| {row.Name} | {row.Size} | {launches} | {sectors} | {wavefronts} | {macs} | {row.Registers} ")
            + Invariant($"| {row.Each.Occupancy?.Warps} | {row.Each.Limiter} | {row.Each.L2Share:0%} | {Micro * row.Each.Floor:0.0} ")
            + Invariant($"| {Micro * row.Each.Seconds:0.0} | {Micro * launches * row.Each.Seconds:0} |");
    }

    private static string Ratio((double Taken, double Minimum) counts) =>
        string.Create(CultureInfo.InvariantCulture, $"{counts.Taken:#,0} / {counts.Minimum:#,0}");
}
