using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using L2c.Model.Accounting;
using L2c.Model.Caching;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>The report of a sampling run: its picture, its result if it was saved, and the plan, made again from its parameters.</summary>
internal sealed partial class SamplePage
{
    private const int MaxSeparate = 64;

    private readonly string _picture;
    private readonly JsonElement _parameters;
    private readonly SavedResult? _result;
    private readonly TransformerArchitecture? _network;
    private readonly RebuiltRun _run;
    private readonly CacheSchedule? _schedule;
    private readonly List<ReportPart> _warnings = [];

    private SamplePage(string picture, PngReport png, SavedResult? result, TransformerArchitecture? network)
    {
        _picture = picture;
        _parameters = png.Parameters ?? throw new MalformedFileException(
            picture, "holds no sampling parameters: it was not written by l2c, or was rewritten by another program; give a picture as l2c wrote it");
        if (_parameters.TryGetProperty("plot", out _))
        {
            throw new MalformedFileException(picture, "is a plot, not a sampled picture; give the file or folder that it was drawn from");
        }

        _result = result ?? Beside();
        int? batch = _result?.Number("batch") is >= 1 and <= SampleJob.MaxPerBatch and { } images ? (int)images : null;
        _network = network ?? CountedNetwork.OfName(Text("model") ?? "");
        _run = RebuiltRun.Of(_parameters, _network, Path.GetDirectoryName(picture) ?? "", batch);
        _schedule = SavedSchedule() ?? _run.Job?.Schedule;
    }

    /// <summary>Of a picture.</summary>
    /// <param name="path">The PNG; of a comparison the report is that of its run.</param>
    /// <param name="png">What it says about itself.</param>
    /// <param name="network">See <see cref="ReportRequest.Network"/>.</param>
    /// <exception cref="MalformedFileException">It is no sampled picture.</exception>
    public static ReportPage OfPicture(string path, PngReport png, TransformerArchitecture? network) => new SamplePage(path, png, null, network).Page();

    /// <summary>Of a saved result, which names its pictures.</summary>
    /// <exception cref="MalformedFileException">None of them lies beside it or where it says.</exception>
    public static ReportPage OfResult(SavedResult result, TransformerArchitecture? network)
    {
        string folder = Path.GetDirectoryName(result.Path) ?? "";
        string[] pictures = [.. result.Member("files", JsonValueKind.Array)!.Value.EnumerateArray()
            .Where(file => file.ValueKind == JsonValueKind.String).Select(file => file.GetString()!)
            .Where(file => file.EndsWith(".png", StringComparison.OrdinalIgnoreCase))];
        foreach (string picture in pictures.Select(file => Path.Combine(folder, Path.GetFileName(file))).Where(File.Exists))
        {
            using ByteSource source = ByteSource.OpenFile(picture);
            var png = PngReport.Of(picture, source.Length, PngFile.Read(source));
            if (png.Parameters is not { } parameters || !NeighbourPictures.IsComparison(parameters))
            {
                return new SamplePage(picture, png, result, network).Page();
            }
        }

        throw new MalformedFileException(
            result.Path,
            $"is the result of a run whose picture {FileText.Printable(pictures.FirstOrDefault() ?? "")} does not lie beside it; put them into one folder");
    }

    /// <summary>What is reused; null for nothing.</summary>
    private string? Cache => Text("cache") is { } text and not "none" ? text : null;

    /// <summary>Path that all files of the run begin with.</summary>
    private string Stem
    {
        get
        {
            string name = Path.ChangeExtension(_picture, null);
            return IsSeparate ? Number().Replace(name, "") : NeighbourPictures.IsComparison(_parameters) ? Compared().Replace(name, "") : name;
        }
    }

    private bool IsSeparate => _parameters.TryGetProperty("image", out _);

    private ReportPage Page()
    {
        RunCost? cost = _schedule is not null && _run.Job is { } job && _schedule.Branches == job.Architecture.Branches
            ? new RunCost(_schedule, NetworkCost.Of(job.Architecture))
            : null;
        string model = Text("model") ?? "unknown model";
        return new ReportPage(
            "sampling run",
            Path.GetFileName(_picture),
            $"{model}, {Text("sampler")} in {Text("steps")} steps, {(Cache is { } cache ? $"cached by {cache}" : "without caching")}",
            [.. Tiles(cost)],
            [
                new ReportSection("Pictures", [.. Pictures()]),
                new ReportSection("Caching", _result is null ? null : SampleFigures.Caching(_result), Map()),
                new ReportSection("Time", SampleFigures.Time(_result)),
                new ReportSection("Memory", SampleFigures.Memory(_result)),
                new ReportSection("Plan", Plan()),
                new ReportSection("Settings", Settings()),
                new ReportSection("How to repeat", [.. Repeat(), .. _warnings]),
            ]);
    }

    private IEnumerable<ReportTile> Tiles(RunCost? cost)
    {
        if (Text("images") is { } images)
        {
            yield return new ReportTile(images, images == "1" ? "image" : "images");
        }

        if (_schedule is { CacheBranches: > 0 } schedule && Cache is not null)
        {
            yield return new ReportTile(
                ReportWords.Percent((double)schedule.SkippedBranches / schedule.CacheBranches), "of the cache evaluations' branches not computed");
        }

        if (cost is not null && cost.MacsAfter < cost.MacsBefore)
        {
            yield return new ReportTile(ReportWords.Percent(1 - ((double)cost.MacsAfter / cost.MacsBefore)), "of the MACs saved");
            yield return new ReportTile(cost.IdealSpeedup.ToString("0.000", CultureInfo.InvariantCulture), "times as fast ideally, by MACs");
        }

        foreach (ReportTile tile in SampleFigures.Tiles(_result))
        {
            yield return tile;
        }
    }

    private IEnumerable<ReportPart> Pictures()
    {
        if (IsSeparate)
        {
            string[] separate = NeighbourPictures.OfRun(_picture, Stem, _parameters, _warnings);
            foreach (string path in separate.Take(MaxSeparate))
            {
                yield return ReportFigures.Beside(path, Path.GetFileName(path))!;
            }

            if (separate.Length > MaxSeparate)
            {
                yield return new ReportText($"{separate.Length - MaxSeparate} more images of this run are not shown.");
            }
        }
        else
        {
            string main = $"{Stem}.png"; // of a comparison another picture, which may be gone or damaged
            bool hasMain = NeighbourPictures.IsComparison(_parameters) && File.Exists(main) && NeighbourPictures.Parameters(main, _warnings) is not null;
            yield return ReportFigures.File(hasMain ? main : _picture, "The samples.");
        }

        string comparison = $"{Stem}-compare.png";
        if (File.Exists(comparison) && NeighbourPictures.Parameters(comparison, _warnings) is { } compared
            && NeighbourPictures.IsComparison(compared))
        {
            yield return ReportFigures.Beside(comparison, "The same noise without caching and with it, and the difference.")!;
        }
    }

    private ReportFigure? Map() => _schedule is null || Cache is not { } cache ? null : ReportFigures.Drawn(
        SchedulePlot.Draw(FileText.Printable(cache), _schedule, _run.Job?.Architecture, "{}"),
        "Which branches each evaluation computes: evaluations downwards, the attention and the MLP of each block across.");

    private ReportPart? Plan() => _run.Describe() is { } plan ? new ReportListing(plan) : new ReportWarning(Sentence(_run.Lack!));

    private ReportFacts? Settings() => ReportFacts.Of(ReportFacts.Members(_parameters));

    private IEnumerable<ReportPart> Repeat()
    {
        if (_result?.Command is { } command)
        {
            yield return new ReportCommand(command);
            yield return new ReportText($"As it was typed; saved in {Path.GetFileName(_result.Path)}.");
        }
        else if (CommandWords.LackOfSample(_parameters) is { } lack)
        {
            yield return new ReportText(lack);
            yield return new ReportText($"The picture was made by version {Text("version") ?? "unknown"}.");
            yield break;
        }
        else
        {
            yield return new ReportCommand(CommandWords.OfSample(_parameters, _network is null ? null : _network.NumClasses > 0));
            yield return new ReportText(
                "From the parameters in the picture, which name files without their folders. Sampling with --save-result keeps the command line as it was "
                + "typed, with times and memory, beside the picture."
                + (_network is null && (Text("classes") ?? Text("class")) == "0" ? " Omit --classes if the network has no classes." : ""));
        }

        yield return new ReportText($"The picture was made by version {Text("version") ?? "unknown"}. On the CPU the same command makes the same bytes.");
    }

    /// <summary>The result that lies beside the picture.</summary>
    private SavedResult? Beside()
    {
        string path = $"{Stem}.json";
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using ByteSource source = ByteSource.OpenFile(path);
            var result = SavedResult.Read(source);
            if (!result.IsSample)
            {
                return null;
            }

            string[] ours = [Path.GetFileName($"{Stem}.png"), Path.GetFileName(_picture)];
            if (result.Member("files", JsonValueKind.Array)!.Value.EnumerateArray()
                .Any(file => file.ValueKind == JsonValueKind.String && ours.Contains(Path.GetFileName(file.GetString()))))
            {
                return result;
            }

            _warnings.Add(new ReportWarning($"{Path.GetFileName(path)} is the result of another picture, and is left out."));
        }
        catch (IOException e)
        {
            _warnings.Add(new ReportWarning(Sentence($"{e.Message}; it is left out")));
        }

        return null;
    }

    /// <summary>The schedule as it was saved: in the result, or in a schedule file of the picture's name.</summary>
    private CacheSchedule? SavedSchedule()
    {
        string path = $"{Stem}.json";
        try
        {
            if (_result?.Member(ResultKeys.Schedule, JsonValueKind.Object) is { } saved)
            {
                return InspectedSchedule.Read(ByteSource.FromMemory(_result.Path, System.Text.Encoding.UTF8.GetBytes(saved.GetRawText()))).Schedule;
            }

            if (_result is null && File.Exists(path) && _warnings.Count == 0)
            {
                using ByteSource source = ByteSource.OpenFile(path);
                return InspectedSchedule.Read(source, _run.Job?.Architecture).Schedule;
            }
        }
        catch (Exception e) when (e is IOException or RequestException)
        {
            _warnings.Add(new ReportWarning(Sentence($"{e.Message}; it is left out")));
        }

        return null;
    }

    private string? Text(string key) => _parameters.TryGetProperty(key, out JsonElement value) ? ReportWords.Value(key, value) : null;

    private static string Sentence(string text) => $"{char.ToUpperInvariant(text[0])}{text[1..]}.";

    [GeneratedRegex("-compare$")]
    private static partial Regex Compared();

    [GeneratedRegex("-[0-9]+$")]
    private static partial Regex Number();
}
