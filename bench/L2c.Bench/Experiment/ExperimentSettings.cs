using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using L2c.Weights;

namespace L2c.Bench.Experiment;

/// <summary>What an experiment is made with: all that changes a row's figures. A folder holds the work of one of them.</summary>
internal sealed record ExperimentSettings
{
    /// <summary>Evaluations of the uncached run.</summary>
    public required int Steps { get; init; }

    /// <summary>Checkpoint; null for the demo model.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>SHA-256 of the checkpoint.</summary>
    public required string Weights { get; init; }

    /// <summary>Shares of the uncached time that methods are matched to.</summary>
    public IReadOnlyList<double> Budgets { get; init; } = [0.85, 0.7, 0.55];

    /// <summary>Names of methods, see <see cref="ExperimentMethods"/>. No row depends on which others there are, so a folder takes further ones.
    /// </summary>
    [JsonIgnore]
    public IReadOnlyList<string> Methods { get; init; } = ExperimentMethods.Names;

    /// <summary>Images of every row; a chunk of features is of as many.</summary>
    public int Images { get; init; } = 2000;

    /// <summary>Images of no caching, fewer steps and the best three beside that: whole chunks, others than those that chose the three.</summary>
    public int BestImages { get; init; } = 10_000;

    /// <summary>What distances are to, see <see cref="EvaluateRequest.Data"/>.</summary>
    public string Data { get; init; } = ImageSets.Default;

    /// <summary>Images of it.</summary>
    public int DataCount { get; init; } = EvaluateRequest.DefaultCount;

    /// <summary>Images of a batch, in samples and times.</summary>
    public int Batch { get; init; } = 8;

    /// <summary>Lambdas of routers of the published loss, with and without forecasts.</summary>
    public IReadOnlyList<double> Lambdas { get; init; } = [2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 3e-4, 1e-3, 3e-3];

    /// <summary>Lambdas of routers of the next-state loss.</summary>
    public IReadOnlyList<double> NextStateLambdas { get; init; } = [2e-7, 5e-7, 1e-6, 2e-6, 4e-6, 1e-5, 3e-5, 1e-4];

    /// <summary>Steps of a router's training.</summary>
    public int RouterSteps { get; init; } = 1000;

    /// <summary>Images that calibrations and the planner measure on; forecasts are fitted to four times as many.</summary>
    public int MeasuredImages { get; init; } = 8;

    /// <summary>Resamples of an interval.</summary>
    public int Resamples { get; init; } = 100;

    /// <summary>Rounds of a time.</summary>
    public int Rounds { get; init; } = 22;

    /// <summary>CPU threads.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Chunks of a row's images: the first, or for more images as many after it, since the first has chosen which rows have more.</summary>
    public IEnumerable<int> ChunksOf(int images) => images == Images ? [0] : Enumerable.Range(1, images / Images);

    /// <summary>Writes them into a folder that has none, and holds them against those that it has.</summary>
    /// <exception cref="RequestException">They differ.</exception>
    public void Settle(ExperimentFolder folder)
    {
        string path = folder.File("settings.json");
        byte[] own = JsonSerializer.SerializeToUtf8Bytes(this, ReportJson.Options);
        if (!File.Exists(path))
        {
            AtomicFile.Write(path, overwrite: false, stream => stream.Write(own));
        }
        else if (folder.Read<JsonObject>("settings.json") is { } kept
            && JsonNode.Parse(own)!.AsObject().FirstOrDefault(pair => !JsonNode.DeepEquals(pair.Value, kept[pair.Key])) is { Key: { } field } other)
        {
            throw new RequestException(
                $"{path}: the work in this folder was done with other settings ({field} {kept[field]?.ToJsonString() ?? "null"}, not "
                + $"{other.Value?.ToJsonString() ?? "null"}); give those, or another --out");
        }
    }
}
