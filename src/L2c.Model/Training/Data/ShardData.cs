using L2c.Weights;

namespace L2c.Model.Training.Data;

/// <summary>Labelled images or latents in safetensors or npy files, read item by item at random: memory does not grow with the set.</summary>
/// <remarks>
/// Forms: a safetensors file with <c>latents</c> or <c>images</c> [n, C, H, H] and <c>labels</c> [n]; a folder of such files; a folder with
/// <c>latents.npy</c> or <c>images.npy</c> and <c>labels.npy</c>; a folder with folders <c>features</c> and <c>labels</c>, or with a common prefix
/// (<c>imagenet256_features</c>), of npy files with equal names, as the feature extraction published for DiT writes them, one item per file.
/// Folders are read in ordinal order of names, and every epoch in an order of its own (<see cref="EpochOrder"/>). Latents are as the network reads
/// them, scaled by 0.18215 for the published models; images are in [-1, 1], or U8, which becomes x / 127.5 - 1.
/// </remarks>
public sealed class ShardData : ITrainingData, IDisposable
{
    private const string Safetensors = "*.safetensors";

    private readonly IShardSet _shards;
    private readonly EpochOrder _order;

    private ShardData(string path, ulong seed, IShardSet shards, int? classes, CancellationToken cancel)
    {
        _shards = shards;
        _order = new EpochOrder(seed, shards.Count);
        Name = DataName.Of(path, $"{shards.Count} items", seed, shards.Listing.StoppedBy(cancel));
        Classes = classes ?? (shards.LargestLabel(cancel) + 1);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int Channels => _shards.Channels;

    /// <inheritdoc/>
    public int Size => _shards.Size;

    /// <inheritdoc/>
    public int Classes { get; }

    /// <summary>Items of an epoch.</summary>
    public long Count => _shards.Count;

    /// <summary>Opens a file, or all files of a folder.</summary>
    /// <param name="path">One of the forms above.</param>
    /// <param name="seed">Seed of the order in which items come.</param>
    /// <param name="classes">Labels must be below it; null for the largest label plus one, for which all labels are read now.</param>
    /// <param name="cancel">Looked at before every file and label.</param>
    /// <exception cref="MalformedFileException">
    /// A file is damaged, lacks a tensor, or has another shape than the first; or the folder holds none of the forms.
    /// </exception>
    /// <exception cref="IOException">The path does not exist or cannot be read.</exception>
    public static ShardData Open(string path, ulong seed, int? classes, CancellationToken cancel = default)
    {
        IShardSet shards = OpenSet(path, cancel);
        try
        {
            return new ShardData(path, seed, shards, classes, cancel);
        }
        catch
        {
            shards.Dispose();
            throw;
        }
    }

    /// <summary>Whether a folder has one of the forms, by its names alone.</summary>
    public static bool IsShardFolder(string path) => FindPairs(path) is not null || Directory.EnumerateFiles(path, Safetensors).Any();

    /// <inheritdoc/>
    public int Read(long index, Span<float> image) => _shards.Read(_order[index], Classes, image);

    /// <summary>Closes the files.</summary>
    public void Dispose() => _shards.Dispose();

    private static IShardSet OpenSet(string path, CancellationToken cancel)
    {
        if (!Directory.Exists(path))
        {
            return new OpenShards([() => LabelledTensors.Open(path)], [path], cancel);
        }

        if (FindPairs(path) is { } pair)
        {
            return Directory.Exists(pair.Items)
                ? new NpyPairFolder(pair.Items, pair.Labels, cancel)
                : new OpenShards([() => LabelledTensors.Open(pair.Items, pair.Labels)], [pair.Items], cancel);
        }

        string[] files = FolderFiles.In(path, Safetensors, cancel);
        return files.Length > 0
            ? new OpenShards([.. files.Select(file => (Func<LabelledTensors>)(() => LabelledTensors.Open(file)))], files, cancel)
            : throw new MalformedFileException(path, "has neither safetensors files nor npy pairs; docs/cli.md names the forms of a data set");
    }

    /// <summary>latents.npy or images.npy with labels.npy, or folders PREFIXfeatures and PREFIXlabels.</summary>
    private static (string Items, string Labels)? FindPairs(string folder)
    {
        foreach (string name in LabelledTensors.ItemNames)
        {
            (string items, string labels) = (Path.Combine(folder, name + ".npy"), Path.Combine(folder, LabelledTensors.LabelName + ".npy"));
            if (File.Exists(items) && File.Exists(labels))
            {
                return (items, labels);
            }
        }

        const string Features = "features";
        foreach (string items in FolderFiles.FoldersIn(folder, "*" + Features))
        {
            string labels = items[..^Features.Length] + LabelledTensors.LabelName;
            if (Directory.Exists(labels))
            {
                return (items, labels);
            }
        }

        return null;
    }
}
