using System.Text;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>A report as one HTML page that needs nothing beside it: no script, and no font, style or picture from elsewhere.</summary>
/// <remarks>The same files make the same bytes: the page holds no date.</remarks>
public sealed class HtmlReport
{
    private HtmlReport(ReportPage page) => (Title, Kind, Html) = (page.Title, page.Kind, PageHtml.Of(page, Version));

    /// <summary>What is reported on, in two or three words.</summary>
    public string Kind { get; }

    /// <summary>Its name.</summary>
    public string Title { get; }

    /// <summary>The document.</summary>
    public string Html { get; }

    /// <summary>Version of the program.</summary>
    internal static string Version => typeof(HtmlReport).Assembly.GetName().Version!.ToString(3);

    /// <summary>Collects what a file or folder tells, and lays it out.</summary>
    /// <exception cref="RequestException">Something was asked that does not apply.</exception>
    /// <exception cref="MalformedFileException">The target is damaged, or nothing that can be reported on.</exception>
    /// <exception cref="IOException">It is not there, or cannot be read.</exception>
    public static HtmlReport Of(ReportRequest request) => new(Directory.Exists(request.Target) ? OfFolder(request) : OfFile(request));

    /// <summary>Writes the page.</summary>
    /// <param name="path">Where it shall appear.</param>
    /// <param name="overwrite">Whether it may replace a file.</param>
    /// <exception cref="IOException">The file exists and may not be replaced, or cannot be written.</exception>
    public void Write(string path, bool overwrite) => AtomicFile.Write(path, overwrite, stream => stream.Write(Encoding.UTF8.GetBytes(Html)));

    private static ReportPage OfFolder(ReportRequest request)
    {
        string folder = request.Target;
        if (File.Exists(Path.Combine(folder, SweepRequest.FileNames[0])))
        {
            RefuseThreshold(request, "a sweep");
            return SweepPage.Of(Path.Combine(folder, SweepRequest.FileNames[0]));
        }

        if (TrainingFolder.IsOne(folder))
        {
            return TrainingPage.Of(new TrainingFolder(folder), request);
        }

        return LambdaFolder.IsOne(folder)
            ? LambdaPage.Of(new LambdaFolder(folder), request)
            : throw new MalformedFileException(
                folder, "holds neither a training run nor a sweep; name a run's folder, a sweep's, or a file: a picture, a router, a schedule, a result");
    }

    private static ReportPage OfFile(ReportRequest request)
    {
        ByteSource source = ByteSource.OpenFile(request.Target);
        if (PngFile.IsPng(source))
        {
            using (source)
            {
                RefuseThreshold(request, "a picture");
                return SamplePage.OfPicture(request.Target, PngReport.Of(request.Target, source.Length, PngFile.Read(source)), request.Network);
            }
        }

        if (InspectedSchedule.IsJson(source))
        {
            using (source)
            {
                RefuseThreshold(request, "a JSON file");
                return OfJson(source, request.Network);
            }
        }

        if (Path.GetExtension(request.Target).Equals(".csv", StringComparison.OrdinalIgnoreCase))
        {
            source.Dispose();
            RefuseThreshold(request, "a table");
            return SweepPage.Of(request.Target);
        }

        using TensorFile file = TensorFiles.Open(source);
        return WeightsLayout.FindFamily(file) == RouterShape.FamilyName
            ? SchedulePage.OfRouter(file, request)
            : throw new MalformedFileException(
                request.Target, "is no router, and there are no reports on checkpoints or tensors; l2c inspect shows what it holds");
    }

    private static ReportPage OfJson(ByteSource source, TransformerArchitecture? network)
    {
        var result = SavedResult.Read(source);
        if (result.IsSample)
        {
            return SamplePage.OfResult(result, network);
        }

        // What a command printed has members of its own; SmoothCache's files have nothing but lists, and ours name their format.
        bool isSchedule = result.Text("format") is not null && result.Root.TryGetProperty("evaluations", out _);
        isSchedule |= result.Root.EnumerateObject().All(member => member.Value.ValueKind == System.Text.Json.JsonValueKind.Array);
        return isSchedule ? SchedulePage.OfFile(source, network) : ResultPage.Of(result);
    }

    private static void RefuseThreshold(ReportRequest request, string what)
    {
        if (request.Threshold is not null)
        {
            throw new RequestException($"{request.Target} is {what}, so --threshold does not apply; omit it");
        }
    }
}
