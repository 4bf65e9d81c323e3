using System.Buffers;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Model.Training.Data;

/// <summary>Labelled images or latents in safetensors or npy files, read item by item at random: memory does not grow with the set.</summary>
/// <remarks>
/// Forms: a safetensors file with <c>latents</c> or <c>images</c> [n, C, H, H], or <c>moments</c> [n, 1 or 2, 2C, H, H], and <c>labels</c> [n]; a
/// folder of such files; a folder with <c>latents.npy</c> or <c>images.npy</c> and <c>labels.npy</c>; a folder with folders <c>features</c> and
/// <c>labels</c>, or with a common prefix (<c>imagenet256_features</c>), of npy files with equal names, as the feature extraction published for DiT
/// writes them, one item per file. Folders are read in ordinal order of names, and every epoch in an order of its own (<see cref="EpochOrder"/>).
/// Latents are as the network reads them, scaled by 0.18215 for the published models; of moments a latent is drawn anew each time
/// (<see cref="MomentDraws"/>). Images are in [-1, 1], or U8, which becomes x / 127.5 - 1.
/// </remarks>
public sealed class ShardData : ITrainingData, IDisposable
{
    private const string Safetensors = "*.safetensors";

    private readonly IShardSet _shards;
    private readonly EpochOrder _order;
    private readonly MomentDraws _draws;

    private ShardData(
        string path, ulong seed, IShardSet shards, int? classes, double latentScale, IReadOnlyList<string> classNames, CancellationToken cancel)
    {
        _shards = shards;
        _order = new EpochOrder(seed, shards.Count);
        _draws = new MomentDraws(seed, latentScale);
        Name = DataName.Of(path, $"{shards.Count} items", seed, shards.Listing.StoppedBy(cancel));
        Classes = classes ?? (classNames.Count > 0 ? classNames.Count : shards.LargestLabel(cancel) + 1);
        ClassNames = Classes == classNames.Count ? classNames : [];
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int Channels => _shards.Form.ReadChannels;

    /// <inheritdoc/>
    public int Size => _shards.Form.Size;

    /// <inheritdoc/>
    public int Classes { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Items of an epoch.</summary>
    public long Count => _shards.Count;

    /// <summary>Opens a file, or all files of a folder.</summary>
    /// <param name="path">One of the forms above.</param>
    /// <param name="seed">Seed of the order in which items come.</param>
    /// <param name="classes">
    /// Labels must be below it; null for as many as an index names, or the largest label plus one, for which all labels are read now.
    /// </param>
    /// <param name="latentScale">From the autoencoder's latents to the network's, where moments are read.</param>
    /// <param name="cancel">Looked at before every file and label.</param>
    /// <exception cref="MalformedFileException">
    /// A file is damaged, lacks a tensor, or has another shape than the first; the folder holds none of the forms; or an index
    /// says that its set is not complete, or has other files beside it.
    /// </exception>
    /// <exception cref="IOException">The path does not exist or cannot be read.</exception>
    public static ShardData Open(
        string path,
        ulong seed,
        int? classes,
        double latentScale = VaeArchitecture.StableDiffusionScale,
        CancellationToken cancel = default)
    {
        LatentIndex? index = Directory.Exists(path) ? LatentIndex.Find(path) : null;
        if (index is { IsComplete: false })
        {
            throw new MalformedFileException(
                Path.Combine(path, LatentIndex.FileName),
                $"has {index.Images} images and is not complete; let l2c encode come to its end, which the same command as before does");
        }

        IShardSet shards = OpenSet(path, cancel);
        try
        {
            return index is null || index.Images == shards.Count
                ? new ShardData(path, seed, shards, classes, latentScale, index?.Classes ?? [], cancel)
                : throw new MalformedFileException(
                    Path.Combine(path, LatentIndex.FileName),
                    $"has {index.Images} images in its shards, but the files beside it have {shards.Count}; restore them, or run l2c encode again");
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
    public int Read(long index, Span<float> image)
    {
        ItemForm form = _shards.Form;
        if (!form.IsMoments)
        {
            return _shards.Read(_order[index], 0, Classes, image);
        }

        float[] moments = ArrayPool<float>.Shared.Rent(form.Length);
        int label = _shards.Read(_order[index], _draws.View(index, form.Views), Classes, moments);
        _draws.Draw(index, moments.AsSpan(0, form.Length), image[..(form.Length / 2)]);
        ArrayPool<float>.Shared.Return(moments);
        return label;
    }

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
