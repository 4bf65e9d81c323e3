using System.Text.Json.Serialization;
using L2c.Model.Caching;
using L2c.Model.Caching.Forecasts;
using L2c.Weights;

namespace L2c;

/// <summary>How far contributions are from computed outputs, all branches that an evaluation does not compute taken together.</summary>
/// <param name="Evaluation">From 0, in sampling order.</param>
/// <param name="Branches">Branches that it does not compute.</param>
/// <param name="Fitted">On the images that weights were fitted to.</param>
/// <param name="HeldOut">On others.</param>
public sealed record ForecastEvaluation(int Evaluation, int Branches, ForecastError Fitted, ForecastError HeldOut);

/// <summary>How far samples are from those without caching, from the same noise.</summary>
/// <param name="RelativeL2">See <see cref="Comparison.RelativeL2"/>.</param>
/// <param name="Psnr">See <see cref="Comparison.Psnr"/>.</param>
public sealed record SampleDifference(double? RelativeL2, double? Psnr);

/// <summary>Fitted forecasts, and what they are worth.</summary>
/// <param name="Job">What was done.</param>
/// <param name="Schedule">The schedule with the forecasts.</param>
/// <param name="Facts">The network and what computed.</param>
/// <param name="Fitted">Errors of the whole run on the images that weights were fitted to.</param>
/// <param name="HeldOut">Errors on others.</param>
/// <param name="Evaluations">Errors by evaluation; of those that skip branches.</param>
/// <param name="Branches">Weights and errors by evaluation and branch.</param>
/// <param name="ReuseSamples">The samples of the held-out images where the same branches are reused as they are.</param>
/// <param name="ForecastSamples">The samples of the held-out images with the forecasts.</param>
public sealed record ForecastResult(
    [property: JsonIgnore] ForecastJob Job,
    [property: JsonIgnore] CacheSchedule Schedule,
    RunFacts Facts,
    ForecastError Fitted,
    ForecastError HeldOut,
    IReadOnlyList<ForecastEvaluation> Evaluations,
    IReadOnlyList<ForecastPlace> Branches,
    SampleDifference ReuseSamples,
    SampleDifference ForecastSamples)
{
    /// <summary>Writes the schedule as a file that <see cref="CacheRequest.Rule"/> takes.</summary>
    /// <param name="path">A file that ends in <c>.json</c>.</param>
    /// <param name="overwrite">Whether it may replace a file.</param>
    /// <exception cref="IOException">The file exists and may not be replaced, or cannot be written.</exception>
    public void Write(string path, bool overwrite = false)
    {
        byte[] text = ScheduleJson.From(Schedule, Facts.Model, Job.Fitted.Sampler.Name).ToUtf8();
        AtomicFile.Write(path, overwrite, stream => stream.Write(text));
    }
}
