using L2c.Model.Training.Data;

namespace L2c;

/// <summary>What came of encoding a folder of pictures.</summary>
/// <param name="Folder">The folder of the shards.</param>
/// <param name="Index">Path of its index.</param>
/// <param name="Pictures">Pictures of the set.</param>
/// <param name="Images">Of them, those that are in the shards.</param>
/// <param name="ImagesNow">Of those, encoded by this process.</param>
/// <param name="Skipped">Of the pictures, those that cannot be read.</param>
/// <param name="SkippedPictures">Their paths below the folder of pictures.</param>
/// <param name="Classes">Classes; 0 where the pictures have none.</param>
/// <param name="Shards">Finished shards.</param>
/// <param name="Latent">Shape of a latent, [C,h,h].</param>
/// <param name="Facts">The autoencoder and what computed.</param>
/// <param name="PeakBytes">On the device: weights and the memory of a batch.</param>
/// <param name="IsFinished">Whether all pictures are done; otherwise it was cancelled, and the same request goes on.</param>
/// <param name="ElapsedMs">The whole task.</param>
public sealed record EncodeResult(
    string Folder,
    string Index,
    int Pictures,
    int Images,
    int ImagesNow,
    int Skipped,
    IReadOnlyList<string> SkippedPictures,
    int Classes,
    int Shards,
    IReadOnlyList<int> Latent,
    RunFacts Facts,
    long PeakBytes,
    bool IsFinished,
    double ElapsedMs)
{
    /// <summary>Collects what a folder has.</summary>
    internal static EncodeResult Of(
        string folder,
        LatentIndex index,
        int pictures,
        int imagesNow,
        IReadOnlyList<int> latent,
        RunFacts facts,
        long peakBytes,
        double elapsedMs) => new(
        folder,
        Path.Combine(folder, LatentIndex.FileName),
        pictures,
        index.Images,
        imagesNow,
        index.Skipped,
        [.. index.Shards.SelectMany(shard => shard.Skipped)],
        index.Classes.Count,
        index.Shards.Count,
        latent,
        facts,
        peakBytes,
        index.IsComplete,
        elapsedMs);
}
