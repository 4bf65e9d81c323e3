using L2c.Weights.Layouts;
using L2c.Weights.Safetensors;

namespace L2c.Testing;

/// <summary>Random checkpoints, small enough to sample in milliseconds.</summary>
public static class TinyModel
{
    public static DitArchitecture Pixels { get; } = new()
    {
        Name = "tiny pixels",
        InputSize = 8,
        PatchSize = 2,
        InChannels = 3,
        HiddenSize = 32,
        Depth = 2,
        Heads = 2,
        NumClasses = 3,
        HasNullClass = true,
        PixelSpace = true,
        ClassNames = ["cat", "dog", "owl"],
    };

    public static DitArchitecture Latents { get; } = Pixels with { Name = "tiny latents", InChannels = 4, PixelSpace = false, ClassNames = [] };

    public static UVitArchitecture LongSkips { get; } = new()
    {
        Name = "tiny skips",
        InputSize = 8,
        PatchSize = 2,
        InChannels = 3,
        HiddenSize = 32,
        Depth = 2,
        Heads = 2,
        NumClasses = 3,
        HasNullClass = true,
        PixelSpace = true,
        ClassNames = ["cat", "dog", "owl"],
    };

    public static VaeArchitecture Autoencoder { get; } = new()
    {
        Name = "tiny autoencoder",
        InChannels = 3,
        OutChannels = 3,
        Channels = 32,
        ChannelMultipliers = [1, 1, 2, 1],
        ResBlocks = 1,
        ZChannels = 4,
        LatentChannels = 4,
    };

    /// <summary>Writes a checkpoint whose every weight is N(0, 0.2²), the same each time.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="architecture">The network.</param>
    /// <param name="described">Whether the file says what it holds.</param>
    public static string Write(string path, Architecture architecture, bool described = true)
    {
        Random random = new(7);
        float Normal() => 0.2f * (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        IReadOnlyList<(string Name, long[] Shape)> layout = architecture switch
        {
            UVitArchitecture skips => UVitLayout.Tensors(skips),
            VaeArchitecture autoencoder => VaeLayout.Tensors(autoencoder),
            _ => DitLayout.Tensors((DitArchitecture)architecture),
        };
        (string, long[], float[])[] tensors = [.. layout.Select(tensor =>
        {
            long count = tensor.Shape.Aggregate(1L, (product, extent) => product * extent);
            return (tensor.Name, tensor.Shape, Enumerable.Range(0, (int)count).Select(_ => Normal()).ToArray());
        })];
        Dictionary<string, string>? metadata = described ? new() { [Architecture.MetadataKey] = architecture.ToJson() } : null;
        SafetensorsData.Write(path, tensors, metadata, overwrite: false);
        return path;
    }
}
