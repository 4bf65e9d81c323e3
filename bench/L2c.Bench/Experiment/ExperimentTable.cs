using System.Globalization;
using L2c.Model.Accounting;
using L2c.Model.Caching;
using L2c.Model.Metrics;
using L2c.Weights;
using nietras.SeparatedValues;

namespace L2c.Bench.Experiment;

/// <summary>The figures of a row; null for those that there are not.</summary>
internal sealed record ExperimentFigures(
    string Method,
    string Parameter,
    int Steps,
    double MacRatio,
    double TimeRatio,
    double TimeLow,
    double TimeHigh,
    int Images,
    double Frechet,
    double FrechetLow,
    double FrechetHigh,
    double DifferenceLow,
    double DifferenceHigh,
    double? RelativeL2,
    double? Psnr,
    long KeptBytes)
{
    private const string Header = "method,parameter,steps,macRatio,timeRatio,timeLow,timeHigh,images,frechet,frechetLow,frechetHigh,"
        + "differenceLow,differenceHigh,relativeL2,psnr,keptBytes";

    /// <summary>A table as CSV.</summary>
    public static string ToCsv(IEnumerable<ExperimentFigures> rows) => string.Concat(rows.Select(row => row.ToLine()).Prepend(Header + "\n"));

    /// <summary>Reads one.</summary>
    /// <exception cref="MalformedFileException">It is none.</exception>
    public static IReadOnlyList<ExperimentFigures> FromCsv(string path)
    {
        try
        {
            using SepReader reader = Sep.New(',').Reader(options => options with { Unescape = true }).FromFile(path);
            List<ExperimentFigures> rows = [];
            foreach (SepReader.Row row in reader)
            {
                string[] cells = row[..].ToStringsArray();
                double[] numbers = [.. cells.Skip(2).Select(cell => cell.Length == 0 ? double.NaN : double.Parse(cell, CultureInfo.InvariantCulture))];
                rows.Add(new ExperimentFigures(
                    cells[0], cells[1], (int)numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], (int)numbers[5], numbers[6], numbers[7], numbers[8],
                    numbers[9], numbers[10], OrNull(numbers[11]), OrNull(numbers[12]), (long)numbers[13]));
            }

            return string.Join(',', reader.Header.ColNames) == Header && rows.Count > 0 ? rows : throw new FormatException();
        }
        catch (Exception e) when (e is FormatException or IndexOutOfRangeException)
        {
            throw new MalformedFileException(path, "is not the table of an experiment; give what l2c-bench experiment writes", e);
        }

        static double? OrNull(double value) => double.IsNaN(value) ? null : value;
    }

    private string ToLine()
    {
        string[] cells =
        [
            Quoted(Method), Quoted(Parameter), Text(Steps, "0"), Text(MacRatio, "0.0000"), Text(TimeRatio, "0.0000"), Text(TimeLow, "0.0000"),
            Text(TimeHigh, "0.0000"), Text(Images, "0"), Text(Frechet), Text(FrechetLow), Text(FrechetHigh), Text(DifferenceLow), Text(DifferenceHigh),
            Text(RelativeL2), Text(Psnr, "0.00"), Text(KeptBytes, "0"),
        ];
        return string.Join(',', cells) + "\n";
    }

    private static string Text(double? value, string format = "0.00000") => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";

    private static string Quoted(string text) => text.Contains(',', StringComparison.Ordinal) ? $"\"{text}\"" : text;
}

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

    /// <summary>All rows, prepared before.</summary>
    public IReadOnlyList<ExperimentRow> Rows =>
    [
        .. settings.Methods.SelectMany(method => folder.Rows(method)
            ?? throw new RequestException($"{method} has not been prepared; run the stage prepare first")),
    ];

    /// <summary>No caching, fewer steps, and the rows of least distance: those that more images are sampled of.</summary>
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
