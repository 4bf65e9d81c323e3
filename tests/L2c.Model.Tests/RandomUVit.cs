using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests;

/// <summary>Small U-ViTs with random weights, the same for the same architecture on every device.</summary>
internal static class RandomUVit
{
    public static readonly UVitArchitecture Small = new()
    {
        Name = "small",
        InputSize = 6,
        PatchSize = 2,
        InChannels = 4,
        HiddenSize = 24,
        Depth = 4,
        Heads = 2,
        NumClasses = 5,
        HasNullClass = true,
    };

    /// <summary>Small enough for differences in double precision.</summary>
    public static readonly UVitArchitecture Tiny = new()
    {
        Name = "tiny",
        InputSize = 4,
        PatchSize = 2,
        InChannels = 3,
        HiddenSize = 12,
        Depth = 2,
        Heads = 2,
        NumClasses = 3,
        HasNullClass = true,
        MlpRatio = 2,
    };

    /// <summary>What the published configurations vary, each at least once with and without, on <see cref="Tiny"/>.</summary>
    public static IReadOnlyDictionary<string, UVitArchitecture> Variants { get; } = new Dictionary<string, UVitArchitecture>
    {
        ["huge"] = Tiny,
        ["everything"] = Tiny with { MlpTimeEmbed = true, QkvBias = true, FinalConv = true, Depth = 4 },
        ["no labels"] = Tiny with { NumClasses = 0, HasNullClass = false, FinalConv = true },
        ["labels without a null class"] = Tiny with { HasNullClass = false, MlpTimeEmbed = true },
    };

    public static Network Load(UVitArchitecture architecture, Device device, WeightUse use = WeightUse.Inference) =>
        NetworkFamilies.Load(architecture, RandomDit.Reader(architecture), device, use);
}
