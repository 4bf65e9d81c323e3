using System.Globalization;
using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Model.Networks.Dit;
using L2c.Model.Samplers;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests;

/// <summary>Small DiTs with random weights, the same for the same architecture on every device.</summary>
internal static class RandomDit
{
    public static readonly DitArchitecture Small = new()
    {
        Name = "small",
        InputSize = 6,
        PatchSize = 2,
        InChannels = 4,
        HiddenSize = 24,
        Depth = 3,
        Heads = 2,
        NumClasses = 5,
        HasNullClass = true,
    };

    public static DitModel Load(DitArchitecture architecture, Device device, WeightUse use = WeightUse.Inference) =>
        (DitModel)NetworkFamilies.Load(architecture, Reader(architecture), device, use);

    /// <summary>A sampler of such a network.</summary>
    /// <param name="name">One of the catalogue's.</param>
    /// <param name="evaluations">How many.</param>
    /// <param name="architecture">Null for <see cref="Small"/>.</param>
    public static SamplerTable Sampler(string name, int evaluations, DitArchitecture? architecture = null) =>
        SamplerCatalog.Create(NetworkFamilies.Describe(architecture ?? Small), evaluations.ToString(CultureInfo.InvariantCulture), name);

    /// <summary>The weights by name.</summary>
    public static WeightReader Reader(TransformerArchitecture architecture)
    {
        Dictionary<string, long[]> shapes = NetworkFamilies.Of(architecture).Tensors(architecture).ToDictionary(t => t.Name, t => t.Shape);
        return Read;

        void Read(string name, Span<float> destination)
        {
            var random = new Random(shapes.Keys.ToList().IndexOf(name) + 1);
            double scale = 1 / Math.Sqrt(shapes[name][^1]);
            for (int i = 0; i < destination.Length; i++)
            {
                destination[i] = (float)((random.NextDouble() - 0.5) * 3 * scale);
            }
        }
    }
}
