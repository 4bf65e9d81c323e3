using L2c.Model.Training;
using L2c.Model.Training.Data;
using L2c.Weights;

namespace L2c;

/// <summary>Sets of images by text: the data and the samples that distances are between.</summary>
public static class ImageSets
{
    /// <summary>What to compare with unless something is named: the demo model's kind of pictures, of a seed that training does not draw from unless
    /// asked to.</summary>
    public const string Default = $"{DemoModel.Data}:1";

    /// <summary>Opens what the text names.</summary>
    /// <param name="text">A file of tensors, a folder of PNG, or any data set to train on.</param>
    /// <param name="size">H and W of the images, which a folder of folders of pictures needs.</param>
    /// <param name="cancel">Looked at before every file.</param>
    /// <exception cref="RequestException">The text names nothing.</exception>
    /// <exception cref="MalformedFileException">A file is damaged, or does not hold images; or a folder of folders without a size.</exception>
    internal static IImageSet Open(string text, int? size = null, CancellationToken cancel = default)
    {
        if (Directory.Exists(text) && PictureFolder.Find(text, cancel) is { Length: > 0 } pictures)
        {
            return new PictureFolder(text, pictures);
        }

        if (size is null && Directory.Exists(text) && !ShardData.IsShardFolder(text))
        {
            throw new MalformedFileException(text, "is a folder without PNG files; give one with pictures of the same size in it, or a file of tensors");
        }

        return File.Exists(text)
            ? NpzImageSet.TryOpen(text) ?? (IImageSet)new TensorImages(text)
            : new DataImages(TrainingDataText.Open(text, new DataNeeds(null, Directory.Exists(text) ? size : null, null), seed: 0, cancel));
    }

    /// <summary>A data set to train on, without its labels: of a finite one the items of its first epoch, each once.</summary>
    private sealed class DataImages(ITrainingData data) : IImageSet
    {
        public string Name => data.Name;

        public int Channels => data.Channels;

        public int Height => data.Size;

        public int Width => data.Size;

        public long? Count => data switch { ShardData shards => shards.Count, ImageFolderData pictures => pictures.Count, _ => null };

        public void Read(long index, Span<float> image) => _ = data.Read(index, image);

        public void Dispose() => (data as IDisposable)?.Dispose();
    }
}
