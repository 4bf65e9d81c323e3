using L2c.Model.Accounting;
using L2c.Model.Caching;
using L2c.Model.Metrics;

namespace L2c.Bench.Experiment;

/// <summary>Makes the table of an experiment of what its folder holds.</summary>
/// <param name="settings">Of the experiment.</param>
/// <param name="folder">Its folder.</param>
/// <param name="model">The model.</param>
/// <param name="context">For progress and cancellation.</param>
internal sealed class ExperimentTable(ExperimentSettings settings, ExperimentFolder folder, LoadedModel model, TaskContext context)
{
    private const int Features = RandomConvFeatures.Length;
    private const int Best = 3;

    private PairedBootstrap? _bootstrap;
    private ExperimentRow[]? _rows;

    /// <summary>All rows, prepared before.</summary>
    public IReadOnlyList<ExperimentRow> Rows => _rows ??=
    [
        .. settings.Methods.SelectMany(method => folder.Rows(method)
            ?? throw new RequestException($"{method} has not been prepared; run the stage prepare first")),
    ];

    /// <summary>
    /// No caching, fewer steps, and the rows of least distance: those that more images are sampled of. Their figures do not contain the images that
    /// chose them, by which they would look better than they are.
    /// </summary>
    public IReadOnlyList<ExperimentRow> BestRows()
    {
        ExperimentRow[] always = [.. Rows.Where(IsAlways)];
        return [.. always, .. Rows.Where(row => !IsAlways(row)).OrderBy(row => DistanceOf(row, settings.Images).Distance).Take(Best)];

        static bool IsAlways(ExperimentRow row) => row.Method is ExperimentMethods.NoCaching or ExperimentMethods.FewerSteps;
    }

    /// <summary>All figures: of every row, then of the best with more images.</summary>
    public IReadOnlyList<ExperimentFigures> Make()
    {
        ExperimentRow[] best = settings.BestImages > settings.Images ? [.. BestRows()] : [];
        return [.. Rows.Select(row => Figures(row, settings.Images)), .. best.Select(row => Figures(row, settings.BestImages))];
    }

    private ExperimentFigures Figures(ExperimentRow row, int images)
    {
        ResampledDistance distance = DistanceOf(row, images);
        ((double low, double high), (double differenceLow, double differenceHigh)) =
            (distance.Interval, distance.DifferenceTo(DistanceOf(Rows[0], images)));
        PairedRatio time = ExperimentTimes.Read(row, folder);
        (SampleJob job, CacheSchedule schedule) = ExperimentSampling.Of(row, settings, folder, model);
        var network = NetworkCost.Of(model.Architecture);
        double macs = new RunCost(schedule, network).MacsAfter / (double)(settings.Steps * network.Evaluation);
        (double squares, double pixels, double norm) = Differences(row, images);
        return new ExperimentFigures(
            row.Method, row.Parameter, row.Steps, macs, time.TimeRatio, time.TimeRatioLow, time.TimeRatioHigh, images, distance.Distance, low, high,
            differenceLow, differenceHigh, Math.Sqrt(squares / norm), pixels > 0 ? 10 * Math.Log10(4 * images * job.ElementsPerImage / pixels) : null,
            job.OnPaper(model.Device, schedule).CacheBytes);
    }

    private ResampledDistance DistanceOf(ExperimentRow row, int images)
    {
        string[] file = ["distances", FormattableString.Invariant($"{row.File}-{images}.json")];
        if (folder.Read<ResampledDistance>(file) is { } known)
        {
            return known;
        }

        double[] numbers = ExperimentSampling.Read(row, images, settings, folder), features = new double[images * Features];
        for (int i = 0; i < images; i++)
        {
            numbers.AsSpan(i * ExperimentSampling.NumbersPerImage, Features).CopyTo(features.AsSpan(i * Features));
        }

        _bootstrap ??= new PairedBootstrap(DataFeatures(), settings.Resamples, context, model.Choice.Threads);
        ResampledDistance distance = _bootstrap.Of(features, $"{row.Method} {row.Parameter}", context);
        folder.Write(distance, file);
        return distance;
    }

    private (double Squares, double Pixels, double Norm) Differences(ExperimentRow row, int images)
    {
        double[] numbers = ExperimentSampling.Read(row, images, settings, folder);
        return (Sum(0), Sum(1), Sum(2));

        double Sum(int place) => Enumerable.Range(0, images).Sum(i => numbers[(i * ExperimentSampling.NumbersPerImage) + Features + place]);
    }

    private double[] DataFeatures()
    {
        if (folder.Numbers("features", "data", 0) is { } known)
        {
            return known;
        }

        using IImageSet data = ImageEvaluation.Open(settings.Data, model.Architecture.InputSize, context);
        PixelSamples.RequireSizeOf(data, model.Architecture);
        int count = ImageReader.Available(data, settings.DataCount);
        double[] features = new double[count * Features];
        using RandomFeatures extractor = new(model.Choice.Threads, context);
        extractor.Extract(data, 0, count, features);
        folder.WriteNumbers("features", "data", 0, features, count);
        return features;
    }
}
