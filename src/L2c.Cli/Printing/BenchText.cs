using static System.FormattableString;

namespace L2c.Cli.Printing;

/// <summary>A benchmark's report for a person.</summary>
internal static class BenchText
{
    /// <summary>Prints it.</summary>
    public static void Print(BenchResult r, TextWriter o)
    {
        string run = r.Evaluations is null
            ? $"forward, batch {r.Batch}"
            : $"{Units.Of(r.Batch, "image")}, {Units.Of(r.Evaluations.Value, "evaluation")}, " + Invariant($"guidance {r.CfgScale}");
        o.WriteLine(Invariant($"{r.Facts.Model} ({r.Weights} weights), {run}, on {r.Facts.Device}"));
        o.WriteLine(Invariant($"median {r.MedianMs:0.000} ms, {r.MinMs:0.000} to {r.MaxMs:0.000} ms ({Units.Of(r.Repeat, "run")})"));
        o.WriteLine(Invariant($"{Units.Flop(r.Gflop)}, {Rate(r.Gflops)}, {100 * r.PeakShare:0.0} % of the {Rate(r.PeakGflops)} measured now")
            + (r.Facts.Threads is null ? "" : $" ({PeakText.Of(r.PeakSpread)})"));
        o.WriteLine(
            $"memory: weights {Units.Bytes(r.WeightBytes)} + run {Units.Bytes(r.RunBytes)}; " + Invariant($"process {r.ResidentMiB:0.0} MiB"));
        if (r.GraphNodes is { } nodes)
        {
            o.WriteLine(Invariant($"graph: {nodes} nodes") + (r.LaunchesPerBlock is { } perBlock ? Invariant($", {perBlock} per block") : ""));
        }

        if (r is { ProductsMs: { } products, ProductsTime: { } share })
        {
            o.WriteLine(Invariant($"its products alone: {products:0.000} ms; {RatioText.Derived(share, ratio => 100 * ratio, "0.0")} % of the pass, ")
                + RatioText.Level(share));
        }

        if (r is { Time: { } time, MacRatio: { } macs })
        {
            string toMacs = time.DifferenceMeasurable ? $"; over the MAC ratio {RatioText.Derived(time, ratio => ratio / macs, "0.000")}" : "";
            o.WriteLine(Invariant($"cache {r.Cache}: {r.FullMedianMs:0.000} ms without; MAC ratio {macs:0.000}; {RatioText.Of(time)}{toMacs}"));
        }

        if (r.NonFiniteCount > 0)
        {
            o.WriteLine(Invariant($"{r.NonFiniteCount} values of the result are not finite"));
        }
    }

    private static string Rate(double gflops) => gflops < 10_000 ? Invariant($"{gflops:0.0} GFLOP/s") : Invariant($"{gflops / 1e3:0.0} TFLOP/s");
}
