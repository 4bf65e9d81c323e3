using L2c.Model;
using L2c.Model.Networks;
using L2c.Model.Training;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>A network to train and its first weights: from scratch, or of a checkpoint.</summary>
internal sealed class TrainedNetwork : IDisposable
{
    private readonly TensorFile[] _files;

    private TrainedNetwork(TransformerArchitecture architecture, WeightReader weights, WeightReader? average, params TensorFile[] files) =>
        (Architecture, Weights, Average, _files) = (architecture, weights, average, files);

    /// <summary>Shape and meaning.</summary>
    public TransformerArchitecture Architecture { get; }

    /// <summary>Gives the first weights.</summary>
    public WeightReader Weights { get; }

    /// <summary>Gives the first average; null where it begins with the weights.</summary>
    public WeightReader? Average { get; }

    /// <summary>Shape in a line, for telling runs apart; without the name.</summary>
    public static string Describe(TransformerArchitecture a) =>
        $"{a.Depth}x{a.HiddenSize}x{a.Heads}/{a.PatchSize}, MLP ratio {a.MlpRatio}, {a.InChannels}x{a.InputSize}x{a.InputSize}, "
        + $"{a.NumClasses} classes";

    /// <summary>A network from scratch, for the items of some data.</summary>
    /// <param name="name">See <see cref="NamedNetwork.FindFor"/>.</param>
    /// <param name="data">Decides channels and side.</param>
    /// <param name="classes">Classes; null for the data's.</param>
    /// <param name="seed">Of the weights.</param>
    /// <exception cref="RequestException">No such network, or sizes that do not fit the data.</exception>
    public static TrainedNetwork FromScratch(string name, ITrainingData data, int? classes, ulong seed)
    {
        // Three or one channels are pixels, whatever else is latents, of which a cell stands for eight pixels.
        bool pixels = data.Channels is 1 or 3;
        TransformerArchitecture architecture = NamedNetwork.FindFor(name, named => named with
        {
            Name = pixels ? $"{named.Name.Split(' ')[0]} {data.Size} pixel space" : $"{named.Name.Split(' ')[0]} {8 * data.Size}",
            InputSize = data.Size,
            InChannels = data.Channels,
            NumClasses = classes ?? data.Classes,
            PixelSpace = pixels,
            ClassNames = classes is null || classes == data.Classes ? data.ClassNames : [],
        });
        WeightReader weights = NetworkFamilies.Of(RequireTrainable(architecture, $"--model {name}")).Initialization(architecture, seed);
        return new TrainedNetwork(architecture, weights, null);
    }

    /// <summary>The network of a checkpoint: of one with both sets of weights each for itself, unless the hints take one.</summary>
    /// <exception cref="RequestException">An option does not apply to it, or it predicts no variance.</exception>
    /// <exception cref="MalformedFileException">It cannot be read, or holds something else.</exception>
    public static TrainedNetwork FromCheckpoint(string path, LayoutHints hints)
    {
        TensorFile file = TensorFiles.Open(path), second = file;
        try
        {
            bool both = hints.Use is null && file.Tensors.Any(t => t.Name.StartsWith("ema.", StringComparison.Ordinal))
                && file.Tensors.Any(t => t.Name.StartsWith("model.", StringComparison.Ordinal));
            WeightsFile weights = OpenedModel.Resolve(file, both ? hints with { Use = WeightSet.Model } : hints);
            TransformerArchitecture architecture = RequireTrainable(weights.Require<TransformerArchitecture>(), path);
            if (!both)
            {
                return new TrainedNetwork(architecture, weights.Read, null, file);
            }

            second = TensorFiles.Open(path);
            WeightsFile average = OpenedModel.Resolve(second, hints with { Use = WeightSet.Ema });
            return new TrainedNetwork(architecture, weights.Read, average.Read, file, second);
        }
        catch
        {
            file.Dispose();
            second.Dispose();
            throw;
        }
    }

    private static TransformerArchitecture RequireTrainable(TransformerArchitecture architecture, string what)
    {
        NetworkFamily family = NetworkFamilies.Of(architecture);
        return family.CanTrain
            ? architecture
            : throw new RequestException($"{what}: the weights of a {family.Title} are not trained here, only its routers (l2c train-router)");
    }

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_files, file => file.Dispose());
}
