using L2c.Cli.Output;
using L2c.Model.Caching;
using L2c.Model.Caching.Forecasts;
using static System.FormattableString;

namespace L2c.Cli.Printing;

/// <summary>Fitted forecasts for a person, and as one object.</summary>
internal static class ForecastText
{
    /// <summary>Prints errors by evaluation, and how far samples are from those without caching.</summary>
    public static void Print(ForecastResult result, string path, Terminal terminal)
    {
        (ForecastJob job, TextWriter o) = (result.Job, terminal.Out);
        ForecastPlace worst = result.Branches.MaxBy(place => place.HeldOut.Forecast)!;
        o.WriteLine(path);
        o.WriteLine($"of {Units.Of(result.Branches.Count, "branch output")} that are not computed "
            + Invariant($"{result.Schedule.Count(BranchAction.Forecast)} are forecast, ")
            + Invariant($"from up to {job.Request.Terms} earlier ones; fitted to {Units.Of(job.Fitted.Count, "image")}, ridge {job.Request.Ridge}; ")
            + $"{job.Fitted.Sampler.Name}, {Units.Of(job.Fitted.Sampler.Evaluations.Count, "step")}, {job.Fitted.Cache!.Text}");
        o.WriteLine($"outputs kept on the host while fitting: {Units.Bytes(job.KeptBytes)}");
        o.WriteLine();
        o.WriteLine("relative error of what branches contribute, before the gate");
        o.WriteLine($"{"",10}{"",10}  {"fitted images",-22}held-out images");
        o.WriteLine($"{"evaluation",10}{"branches",10}{"reuse",11}{"forecast",11}{"reuse",11}{"forecast",11}");
        foreach (ForecastEvaluation row in result.Evaluations)
        {
            o.WriteLine(Invariant($"{row.Evaluation,10}{row.Branches,10}") + Errors(row.Fitted, row.HeldOut));
        }

        o.WriteLine($"{"all",10}{result.Branches.Count,10}" + Errors(result.Fitted, result.HeldOut));
        o.WriteLine($"worst forecast: {CacheSchedule.BranchName(worst.Branch)} in evaluation {worst.Evaluation}, "
            + Invariant($"{worst.HeldOut.Forecast:0.0000} where reuse has {worst.HeldOut.Reuse:0.0000} (--json has every branch)"));
        o.WriteLine();
        o.WriteLine($"samples of {Units.Of(job.HeldOut.Count, "held-out image")} against those without caching: "
            + $"{Difference(result.ReuseSamples)} by reuse, {Difference(result.ForecastSamples)} by the forecast{Verdict(result)}");
    }

    /// <summary>All there is to tell.</summary>
    public static object ToReport(ForecastResult result, string path) => new
    {
        File = path,
        result.Facts,
        Sampler = result.Job.Fitted.Sampler.Name,
        Steps = result.Job.Fitted.Sampler.Evaluations.Count,
        Cache = result.Job.Fitted.Cache!.Text,
        result.Job.Fitted.CfgScale,
        result.Job.Fitted.Classes.Classes,
        result.Job.Request.Terms,
        result.Job.Request.Ridge,
        result.Job.Request.Images,
        result.Job.Fitted.Request.Seed,
        HeldOutImages = result.Job.Request.HeldOut,
        HeldOutSeed = result.Job.HeldOut.Request.Seed,
        HostKeptBytes = result.Job.KeptBytes,
        result.Fitted,
        result.HeldOut,
        result.ReuseSamples,
        result.ForecastSamples,
        result.Evaluations,
        result.Branches,
    };

    private static string Errors(ForecastError fitted, ForecastError heldOut) =>
        Invariant($"{fitted.Reuse,11:0.0000}{fitted.Forecast,11:0.0000}{heldOut.Reuse,11:0.0000}{heldOut.Forecast,11:0.0000}");

    private static string Difference(SampleDifference difference) =>
        (difference.RelativeL2 is { } distance ? Invariant($"relative L2 {distance:0.0000}") : "values that are not finite")
        + (difference.Psnr is { } psnr ? Invariant($" (PSNR {psnr:0.00} dB)") : "");

    private static string Verdict(ForecastResult result) => (result.ReuseSamples.RelativeL2, result.ForecastSamples.RelativeL2) switch
    {
        ({ } reuse, { } forecast) when reuse > 0 && forecast <= reuse => Invariant($", {100 * (1 - (forecast / reuse)):0.0} % less"),
        ({ } reuse, { } forecast) when reuse > 0 => Invariant($", {100 * ((forecast / reuse) - 1):0.0} % more: plain reuse is better here"),
        _ => "",
    };
}
