using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using L2c.Model.Caching;
using L2c.Weights;

namespace L2c;

/// <summary>What all chunks of a set have in common, kept beside them: chunks of other settings never meet in one file.</summary>
/// <param name="Format"><see cref="CurrentFormat"/>.</param>
/// <param name="Images">N.</param>
/// <param name="Height">H.</param>
/// <param name="Width">W.</param>
/// <param name="ImagesPerChunk">See <see cref="SampleChunks.Images"/>.</param>
/// <param name="Classes">Image i is of entry i mod K; null where the model has no classes.</param>
/// <param name="Parameters">Model, sampler, guidance and seed.</param>
/// <param name="CheckpointSha256">Content of the checkpoint.</param>
/// <param name="VaeSha256">Content of the autoencoder; null without one.</param>
/// <param name="ScheduleSha256">Which branches are computed; null where nothing was said about caching.</param>
/// <param name="Device">See <see cref="DeviceChoice.Rounding"/>.</param>
internal sealed record SampleSetSettings(
    string Format,
    int Images,
    int Height,
    int Width,
    int ImagesPerChunk,
    int[]? Classes,
    JsonObject Parameters,
    string CheckpointSha256,
    string? VaeSha256,
    string? ScheduleSha256,
    string Device)
{
    /// <summary>The format's name.</summary>
    public const string CurrentFormat = "l2c-images/1";

    /// <summary>Chunks of the set.</summary>
    [JsonIgnore]
    public int Chunks => SampleChunks.Count(Images);

    /// <summary>Bytes of an image.</summary>
    [JsonIgnore]
    public int ImageBytes => 3 * Height * Width;

    /// <summary>Collects them.</summary>
    /// <param name="job">What is sampled.</param>
    /// <param name="source">Path of the checkpoint.</param>
    /// <param name="weightSet">See <see cref="OpenedModel.WeightSet"/>.</param>
    /// <param name="cancel">Looked at while files are read.</param>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public static SampleSetSettings Of(SampleJob job, string source, string? weightSet, CancellationToken cancel)
    {
        JsonObject parameters = SampleDescription.Of(job, source, weightSet);
        foreach (string said in (string[])["images", "classes"])
        {
            parameters.Remove(said);
        }

        string? schedule = job.Cache is null
            ? null
            : Convert.ToHexStringLower(SHA256.HashData(ScheduleJson.From(job.Schedule, job.Architecture.Name, job.Sampler.Name).ToUtf8()));
        return new SampleSetSettings(
            CurrentFormat,
            job.Count,
            job.PictureSide,
            job.PictureSide,
            SampleChunks.Images,
            job.Architecture.NumClasses == 0 ? null : [.. job.Classes.Classes],
            parameters,
            FileHash.Sha256(source, cancel),
            job.Request.Vae is { } vae ? FileHash.Sha256(vae, cancel) : null,
            schedule,
            job.Device.Rounding(job.Batch));
    }

    /// <summary>Reads those of a folder.</summary>
    /// <exception cref="MalformedFileException">The file is damaged, or of another version.</exception>
    public static SampleSetSettings Read(string path)
    {
        using ByteSource source = ByteSource.OpenFile(path);
        return TryParse(source.ReadAll(ReadLimits.SettingsBytes)) ?? throw new MalformedFileException(
            path, "does not hold the settings of a set of images; sample it again into another folder");
    }

    /// <summary>Settings from their JSON; null where it is something else, or of another version.</summary>
    public static SampleSetSettings? TryParse(byte[] json)
    {
        try
        {
            return JsonSerializer.Deserialize<SampleSetSettings>(json, ReportJson.Options)
                is { Format: CurrentFormat, Height: > 0, Width: > 0, ImagesPerChunk: SampleChunks.Images } settings
                && settings is { Images: > 0 and <= SampleChunks.MaxImages, Parameters: not null, Device: not null, Classes: null or { Length: > 0 } }
                && settings.Height <= Array.MaxLength / 3 / settings.Width / SampleChunks.Images
                    ? settings
                    : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>As JSON.</summary>
    public byte[] ToUtf8() => JsonSerializer.SerializeToUtf8Bytes(this, ReportJson.Options);

    /// <summary>Writes them, where no other process has.</summary>
    /// <exception cref="IOException">There is a file of that name, or it cannot be written.</exception>
    public void Write(string path) => AtomicFile.Write(path, overwrite: false, stream => stream.Write(ToUtf8()));

    /// <summary>What tells them from earlier ones; null where all agree.</summary>
    public string? DifferenceTo(SampleSetSettings earlier) => JsonDifference.Find(this, earlier);
}
