using System.Globalization;
using L2c.Cli.Inspection;
using L2c.Cli.Output;
using L2c.Cli.Sampling;
using L2c.Model.Evaluation;

namespace L2c.Cli.Evaluation;

/// <summary>A distance to the data with its bootstrap interval.</summary>
/// <param name="Name">What was compared.</param>
/// <param name="Steps">Evaluations of its sampler; null where nothing was sampled.</param>
/// <param name="Images">N.</param>
/// <param name="Frechet">The distance.</param>
/// <param name="FrechetLow">Lower end of the interval.</param>
/// <param name="FrechetHigh">Upper end.</param>
/// <param name="Resampled">Distances of the resamples, as drawn.</param>
internal sealed record DistanceReport(
    string Name, int? Steps, int Images, double Frechet, double FrechetLow, double FrechetHigh, IReadOnlyList<double> Resampled)
{
    /// <summary>Reports an estimate.</summary>
    public static DistanceReport Of(string name, int? steps, int images, FrechetEstimate estimate) =>
        new(name, steps, images, estimate.Distance, estimate.Low, estimate.High, estimate.Resampled);
}

/// <summary>What <c>l2c evaluate</c> found.</summary>
/// <param name="Features">Name of the features that distances are in.</param>
/// <param name="Data">What distances are to.</param>
/// <param name="DataImages">Images of the data that were compared with.</param>
/// <param name="Samples">What was asked for.</param>
/// <param name="Floor">Other images of the data; null where there are none.</param>
/// <param name="Ddim">The same model, noise and classes with DDIM of other numbers of steps; null where nothing was sampled.</param>
/// <param name="Parameters">How the samples were made; null where they came from files.</param>
/// <param name="Device">Where; null likewise.</param>
/// <param name="ElapsedMs">The whole command.</param>
internal sealed record EvaluateReport(
    string Features,
    string Data,
    int DataImages,
    DistanceReport Samples,
    DistanceReport? Floor,
    IReadOnlyList<DistanceReport>? Ddim,
    SampleParameters? Parameters,
    string? Device,
    double ElapsedMs)
{
    /// <summary>Name of the features, with a number that would change with their definition.</summary>
    public const string FeatureName = "random-conv-448/1";

    /// <summary>Prints a table for a person.</summary>
    public void Print(Terminal terminal)
    {
        string title = $"Fréchet distance to {Data}, {Units.Of(DataImages, "image")}";
        DistanceReport[] rows = [Samples, .. Ddim ?? [], .. Floor is null ? [] : new[] { Floor }];
        int width = Math.Max(title.Length, rows.Max(row => Label(row).Length));
        terminal.Out.WriteLine($"{title.PadRight(width)}  distance  90 % interval");
        foreach (DistanceReport row in rows)
        {
            terminal.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{Label(row).PadRight(width)}  {row.Frechet,8:0.0000}  {row.FrechetLow:0.0000} .. {row.FrechetHigh:0.0000}"));
        }
    }

    private static string Label(DistanceReport row) => $"{row.Name}, {Units.Of(row.Images, "image")}";
}
