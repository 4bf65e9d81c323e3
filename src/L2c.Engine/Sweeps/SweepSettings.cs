using System.Text.Json;
using System.Text.Json.Nodes;
using L2c.Weights;

namespace L2c;

/// <summary>What all rows of a table have in common, kept beside it as <c>sweep.json</c>: rows of other settings never meet in one table.</summary>
/// <param name="Format"><see cref="CurrentFormat"/>.</param>
/// <param name="Features">Features that distances are in.</param>
/// <param name="Data">What distances are to.</param>
/// <param name="DataSha256">The images of it, as <see cref="ImageReader.Sha256"/>.</param>
/// <param name="DataImages">Images of it.</param>
/// <param name="Parameters">Model, sampler, guidance, seed and number of images; of the uncached run.</param>
/// <param name="CheckpointSha256">Content of the checkpoint.</param>
/// <param name="Device">What computed; times depend on it.</param>
/// <param name="Batch">Images computed together; times depend on it.</param>
/// <param name="Routers">SHA-256 of the router files by their names; more may join, none may change.</param>
internal sealed record SweepSettings(
    string Format,
    string Features,
    string Data,
    string DataSha256,
    int DataImages,
    JsonObject Parameters,
    string CheckpointSha256,
    string Device,
    int Batch,
    SortedDictionary<string, string> Routers)
{
    /// <summary>The format's name.</summary>
    public const string CurrentFormat = "l2c-sweep/2";

    /// <summary>Collects them.</summary>
    /// <param name="plan">What was asked for.</param>
    /// <param name="model">The model.</param>
    /// <param name="data">The data, of which all images that distances are to are read now.</param>
    /// <param name="context">For progress and cancellation.</param>
    /// <exception cref="RequestException">Two routers have one file name, by which the rows name them.</exception>
    /// <exception cref="MalformedFileException">An image cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public static SweepSettings Of(SweepPlan plan, LoadedModel model, IImageSet data, TaskContext context)
    {
        SweepRequest request = plan.Request;
        SortedDictionary<string, string> routers = new(StringComparer.Ordinal);
        foreach (string router in request.Routers)
        {
            if (!routers.TryAdd(Path.GetFileName(router), FileHash.Sha256(router, context.Cancel)))
            {
                throw new RequestException(
                    $"--router: two files are named {Path.GetFileName(router)}, and rows tell them apart by name; rename one");
            }
        }

        ImageReader reader = new(model.Choice.Threads, context);
        return new SweepSettings(
            CurrentFormat,
            EvaluateResult.FeatureName,
            data.Name,
            reader.Sha256(data, ImageReader.Available(data, request.DataCount)),
            request.DataCount,
            SampleDescription.Of(plan.Uncached.Job, model.Source, model.WeightSet),
            FileHash.Sha256(model.Source, context.Cancel),
            model.Facts.Device,
            plan.Uncached.Job.Batch,
            routers);
    }

    /// <summary>Holds the settings against those of an earlier sweep in the folder, if there was one, and writes them.</summary>
    /// <param name="path">The file.</param>
    /// <param name="anew">Whether to forget the earlier ones.</param>
    /// <param name="hasRows">Whether the table has rows: their settings must be there.</param>
    /// <exception cref="RequestException">They differ.</exception>
    /// <exception cref="MalformedFileException">The file is damaged; or it is gone, and there are rows.</exception>
    public void Settle(string path, bool anew, bool hasRows)
    {
        SweepSettings settled = this;
        if (!anew && (hasRows || File.Exists(path)))
        {
            SweepSettings earlier = Read(path);
            SortedDictionary<string, string> both = new(earlier.Routers, StringComparer.Ordinal);
            foreach ((string name, string hash) in Routers)
            {
                both[name] = both.GetValueOrDefault(name, hash) == hash ? hash : throw Differs(path, $"another {name}");
            }

            settled = this with { Routers = both };
            if (JsonDifference.Find(settled, earlier with { Routers = both }) is { } difference)
            {
                throw Differs(path, difference);
            }
        }

        AtomicFile.Write(path, overwrite: true, stream => JsonSerializer.Serialize(stream, settled, ReportJson.Options));
    }

    /// <summary>Reads what the rows of a table were made with.</summary>
    /// <exception cref="MalformedFileException">It is missing or damaged.</exception>
    internal static SweepSettings Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new MalformedFileException(
                path,
                "is missing, so it is unknown what the rows beside it were made with; restore it, give another --out, or use --force to start over");
        }

        using ByteSource source = ByteSource.OpenFile(path);
        try
        {
            return JsonSerializer.Deserialize<SweepSettings>(source.ReadAll(ReadLimits.SettingsBytes), ReportJson.Options) is
            {
                Routers: not null, Parameters: not null, Features: not null, Data: not null, DataSha256: not null, CheckpointSha256: not null,
                Device: not null,
            } settings
                ? settings
                : throw new JsonException();
        }
        catch (JsonException e)
        {
            throw new MalformedFileException(path, "does not hold the settings of a sweep; give another --out, or use --force to start over", e);
        }
    }

    private static RequestException Differs(string path, string difference) =>
        new($"{path}: the rows in this folder were made with {difference}; give another --out, or use --force to start over");
}
