using System.Globalization;
using System.Text.Json;
using L2c.Model.Training;
using L2c.Weights;

namespace L2c;

/// <summary>What the folder of a training run holds, whatever of it is there yet.</summary>
internal sealed class TrainingFolder
{
    private const string Router = "router.safetensors", Evolution = "router.png", Log = "log.csv";

    /// <summary>Reads what is there.</summary>
    /// <exception cref="MalformedFileException">The newest state or the log is damaged.</exception>
    public TrainingFolder(string path)
    {
        Path = path;
        LatestState = new StateFolder(path, _ => { }).FindLatest();
        (Settings, Step) = LatestState is null ? (null, null) : ReadState(LatestState);
        TrainingLog = File.Exists(In(Log)) ? LogTable.Read(In(Log)) : new LogTable([], []);
        (Result, ResultFault) = ReadResult(In(TrainingResult.FileName));
    }

    /// <summary>As given.</summary>
    public string Path { get; }

    /// <summary>The newest state; null where there is none yet.</summary>
    public string? LatestState { get; }

    /// <summary>What the state was made with, by option; null without one.</summary>
    public IReadOnlyDictionary<string, string>? Settings { get; }

    /// <summary>Optimisation steps of the state.</summary>
    public long? Step { get; }

    /// <summary>The log; without columns where there is none yet.</summary>
    public LogTable TrainingLog { get; }

    /// <summary>Columns of the log, the step first.</summary>
    public IReadOnlyList<string> Columns => TrainingLog.Columns;

    /// <summary>Rows of the log that are written to their end.</summary>
    public IReadOnlyList<double[]> Rows => TrainingLog.Rows;

    /// <summary>What --save-result left; null for nothing.</summary>
    public SavedResult? Result { get; }

    /// <summary>Why a file of its name is left out; null where none is.</summary>
    public string? ResultFault { get; }

    /// <summary>The router; null where the run has made none.</summary>
    public string? RouterPath => Existing(Router);

    /// <summary>The picture of the router's evolution.</summary>
    public string EvolutionPath => In(Evolution);

    /// <summary>The network that the run trains; null where it has made none.</summary>
    public string? ModelPath => Existing(NetworkTrainingRequest.ResultName);

    /// <summary>Whether the run trains a router.</summary>
    public bool IsOfRouter => RouterPath is not null || Columns.Contains(LossRow.ReuseColumn) || Settings?.ContainsKey("--draws") == true;

    /// <summary>Sampled pictures in the folder and in folders of it, by name.</summary>
    public IReadOnlyList<string> Samples { get => field ??= FindSamples(); private set; }

    /// <summary>Whether a folder is that of a training run.</summary>
    public static bool IsOne(string path) =>
        ((string[])[Log, Router, NetworkTrainingRequest.ResultName]).Any(name => File.Exists(System.IO.Path.Combine(path, name)))
        || Directory.Exists(System.IO.Path.Combine(path, StateFolder.Name));

    private string In(string name) => System.IO.Path.Combine(Path, name);

    private string? Existing(string name) => File.Exists(In(name)) ? In(name) : null;

    private static (IReadOnlyDictionary<string, string>? Settings, long? Step) ReadState(string path)
    {
        using TensorFile file = TensorFiles.Open(path);
        try
        {
            Dictionary<string, string?>? settings = file.Metadata.TryGetValue("settings", out string? text)
                ? JsonSerializer.Deserialize<Dictionary<string, string?>>(text)
                : throw new MalformedFileException(path, "is not a training state; remove it from the run's folder");
            if (settings is null || settings.ContainsValue(null))
            {
                throw new JsonException("null");
            }

            bool hasStep = long.TryParse(file.Metadata.GetValueOrDefault("step"), NumberStyles.None, CultureInfo.InvariantCulture, out long step);
            return (settings!, hasStep ? step : null);
        }
        catch (JsonException e)
        {
            throw new MalformedFileException(path, "its settings are not a JSON object of texts; the state is damaged", e);
        }
    }

    /// <summary>What --save-result left in a file, and why a file of its name is left out.</summary>
    internal static (SavedResult? Result, string? Fault) ReadResult(string path)
    {
        if (!File.Exists(path))
        {
            return (null, null);
        }

        try
        {
            using ByteSource source = ByteSource.OpenFile(path);
            var result = SavedResult.Read(source);
            return result.IsOfTraining ? (result, null) : (null, $"{path} is not the result of a training run, and is left out.");
        }
        catch (IOException e)
        {
            return (null, $"{e.Message}; it is left out.");
        }
    }

    private List<string> FindSamples()
    {
        List<string> found = [];
        IEnumerable<string> folders = Directory.EnumerateDirectories(Path).Order(StringComparer.Ordinal).Prepend(Path);
        foreach (string picture in folders.SelectMany(folder => Directory.EnumerateFiles(folder, "*.png").Order(StringComparer.Ordinal)))
        {
            try
            {
                using ByteSource source = ByteSource.OpenFile(picture);
                if (PngReport.Of(picture, source.Length, PngFile.Read(source)).Parameters is { } p && p.TryGetProperty("sampler", out _))
                {
                    found.Add(picture);
                }
            }
            catch (MalformedFileException)
            {
                // Not a picture of the run.
            }
        }

        return found;
    }
}
