using System.Globalization;
using L2c.Model.Training;
using L2c.Model.Training.Data;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>What a model reads; null where the data decide.</summary>
/// <param name="Channels">C of an item.</param>
/// <param name="Size">H and W of an item; a folder of pictures needs it.</param>
/// <param name="Classes">How many there are; shards may have fewer.</param>
/// <param name="LatentScale">From the autoencoder's latents to the model's, for data that are moments.</param>
public sealed record DataNeeds(int? Channels, int? Size, int? Classes, double LatentScale = VaeArchitecture.StableDiffusionScale);

/// <summary>The text of <c>--data</c>.</summary>
public static class TrainingDataText
{
    /// <summary>For the help of <c>--data</c>.</summary>
    public const string Forms = "shapes2[:SEED] | shapes[:SEED] | FOLDER | FILE";

    private static readonly Dictionary<string, ShapesEdition> _shapes = Enum.GetValues<ShapesEdition>()
        .ToDictionary(ShapesData.NameOf, StringComparer.OrdinalIgnoreCase);

    /// <summary>The built-in sets by name, the current one first.</summary>
    public static IReadOnlyList<string> Words { get; } = [.. _shapes.Keys.OrderDescending(StringComparer.Ordinal)];

    /// <summary>Opens what the text names. Files stay open: dispose of the result where it is <see cref="IDisposable"/>.</summary>
    /// <param name="text"><c>shapes2</c> or <c>shapes</c> (seed 0), either with <c>:SEED</c>, a safetensors file, or a folder of shards or pictures; see docs/cli.md.</param>
    /// <param name="needs">What the model reads.</param>
    /// <param name="seed">Order of the items of files; of shapes the text alone names the seed.</param>
    /// <param name="cancel">Looked at before every file.</param>
    /// <exception cref="RequestException">The text names nothing, or not what the model reads.</exception>
    /// <exception cref="MalformedFileException">A file is damaged, or a folder holds no data.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public static ITrainingData Open(string text, DataNeeds needs, ulong seed, CancellationToken cancel = default)
    {
        ITrainingData data = OpenAny(text, needs, seed, cancel);
        if (FindMisfit(data, needs) is not { } misfit)
        {
            return data;
        }

        (data as IDisposable)?.Dispose();
        throw new RequestException($"--data {text}: {misfit}");
    }

    private static ITrainingData OpenAny(string text, DataNeeds needs, ulong seed, CancellationToken cancel)
    {
        string[] parts = text.Split(':');
        if (parts.Length <= 2 && _shapes.TryGetValue(parts[0], out ShapesEdition edition))
        {
            ulong ownSeed = 0;
            return parts.Length == 1 || ulong.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out ownSeed)
                ? new ShapesData(edition, ownSeed)
                : throw new RequestException(
                    $"--data {text}: \"{parts[1]}\" is not a seed; write {parts[0]}:SEED, where SEED is a whole number of at least 0");
        }

        if (File.Exists(text) || (Directory.Exists(text) && ShardData.IsShardFolder(text)))
        {
            return ShardData.Open(text, seed, needs.Classes, needs.LatentScale, cancel);
        }

        if (!Directory.Exists(text))
        {
            string hint = KnownWords.Find(parts[0], Words) is null ? KnownWords.DidYouMean(parts[0], Words) : "";
            throw new FileNotFoundException($"{text}: there is no such file or folder{(hint.Length > 0 ? hint : "; give one, or shapes2")}");
        }

        return needs.Size is { } size
            ? new ImageFolderData(text, size, seed, cancel)
            : throw new RequestException($"--data {text}: is a folder of pictures; say what side the model's images have with --image-size");
    }

    private static string? FindMisfit(ITrainingData data, DataNeeds needs)
    {
        if ((needs.Channels ?? data.Channels) != data.Channels || (needs.Size ?? data.Size) != data.Size)
        {
            string wanted = $"{needs.Channels?.ToString(CultureInfo.InvariantCulture) ?? "C"}x{Side(needs.Size)}x{Side(needs.Size)}";
            bool wantsLatents = data.Channels == 3 && needs.Channels == 4;
            string advice = wantsLatents ? "give latents, which l2c encode makes of pictures" : "give other data, or another model";
            return $"its items are {data.Channels}x{data.Size}x{data.Size}, but the model reads {wanted}; {advice}";
        }

        return (needs.Classes ?? data.Classes) == data.Classes
            ? null
            : $"it has {data.Classes} class{(data.Classes == 1 ? "" : "es")}, but the model has {needs.Classes}; give other data, or another model";
    }

    private static string Side(int? size) => size?.ToString(CultureInfo.InvariantCulture) ?? "H";
}
