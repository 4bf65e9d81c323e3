using System.Text.Json.Nodes;
using L2c.Model.Metrics;

namespace L2c;

/// <summary>A distance to the data with its bootstrap interval.</summary>
/// <param name="Name">What was compared.</param>
/// <param name="Steps">Evaluations of its sampler; null where nothing was sampled.</param>
/// <param name="Images">N.</param>
/// <param name="Frechet">The distance.</param>
/// <param name="FrechetLow">Lower end of the interval.</param>
/// <param name="FrechetHigh">Upper end.</param>
/// <param name="Resampled">Distances of the resamples, as drawn.</param>
public sealed record Distance(
    string Name, int? Steps, int Images, double Frechet, double FrechetLow, double FrechetHigh, IReadOnlyList<double> Resampled)
{
    /// <summary>Reports an estimate.</summary>
    internal static Distance Of(string name, int? steps, int images, FrechetEstimate estimate) =>
        new(name, steps, images, estimate.Distance, estimate.Low, estimate.High, estimate.Resampled);
}

/// <summary>How far samples are from data.</summary>
/// <param name="Features">Name of the features that distances are in.</param>
/// <param name="Data">What distances are to.</param>
/// <param name="DataImages">Images of the data that were compared with.</param>
/// <param name="Samples">What was asked for.</param>
/// <param name="Floor">Other images of the data; null where there are none.</param>
/// <param name="Ddim">The same model, noise and classes with DDIM of other numbers of steps; null where nothing was sampled.</param>
/// <param name="Parameters">How the samples were made; null where they came from files.</param>
/// <param name="Device">Where; null likewise.</param>
public sealed record EvaluateResult(
    string Features,
    string Data,
    int DataImages,
    Distance Samples,
    Distance? Floor,
    IReadOnlyList<Distance>? Ddim,
    JsonObject? Parameters,
    string? Device)
{
    /// <summary>Name of the features, with a number that would change with their definition.</summary>
    public const string FeatureName = "random-conv-448/1";
}
