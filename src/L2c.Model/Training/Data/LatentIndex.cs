using System.Text.Json;
using System.Text.Json.Serialization;
using L2c.Weights;

namespace L2c.Model.Training.Data;

/// <summary>What a folder of latent shards says of itself in <c>latents.json</c>: how and of which pictures they were made, and how far.</summary>
public sealed record LatentIndex
{
    /// <summary>Name of the file in the folder.</summary>
    public const string FileName = "latents.json";

    /// <summary>The format's name.</summary>
    public const string CurrentFormat = "l2c-latents/1";

    private static readonly JsonSerializerOptions _json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        WriteIndented = true,
        MaxDepth = 8,
    };

    /// <summary><see cref="CurrentFormat"/>.</summary>
    public required string Format { get; init; }

    /// <summary>What decides the content of the shards, beside the pictures.</summary>
    public required LatentSettings Settings { get; init; }

    /// <summary>Names of the classes in the order of their labels; none where the pictures have none, and all labels are 0.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>The shards that are finished, in order.</summary>
    public required IReadOnlyList<LatentShard> Shards { get; init; }

    /// <summary>Whether the shards have all pictures.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>Images of all shards.</summary>
    [JsonIgnore]
    public int Images => Shards.Sum(shard => shard.Images);

    /// <summary>Pictures that are not among them because they cannot be read.</summary>
    [JsonIgnore]
    public int Skipped => Shards.Sum(shard => shard.Skipped.Count);

    /// <summary>Reads the index of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>Null if it has none.</returns>
    /// <exception cref="MalformedFileException">It is damaged, or of another version.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static LatentIndex? Find(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        using ByteSource source = ByteSource.OpenFile(path);
        try
        {
            var index = JsonSerializer.Deserialize<LatentIndex>(source.ReadAll(ReadLimits.LatentIndexBytes), _json);
            return index?.Format == CurrentFormat && index.IsSound() ? index : throw new JsonException();
        }
        catch (JsonException e)
        {
            throw new MalformedFileException(
                path, $"is not an index of latents as this version writes it ({CurrentFormat}); make the latents again with l2c encode --force", e);
        }
    }

    /// <summary>Writes it into a folder; one that is there is replaced.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string folder) =>
        AtomicFile.Write(Path.Combine(folder, FileName), overwrite: true, stream =>
        {
            JsonSerializer.Serialize(stream, this, _json);
            stream.WriteByte((byte)'\n');
        });

    /// <summary>Whether the shards follow each other and have the pictures that they say.</summary>
    private bool IsSound()
    {
        int next = 0;
        foreach (LatentShard? shard in Shards)
        {
            if (shard is null
                || shard.First != next
                || shard.Images < 1
                || (long)shard.First + shard.Images + shard.Skipped.Count != shard.Next
                || shard.Skipped.Contains(null!))
            {
                return false;
            }

            next = shard.Next;
        }

        return !Classes.Contains(null!);
    }
}
