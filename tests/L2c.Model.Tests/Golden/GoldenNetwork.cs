using System.Text.Json;
using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Testing.Golden;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Golden;

/// <summary>The network of a recorded case with its recorded weights.</summary>
internal static class GoldenNetwork
{
    /// <summary>Its architecture, from the manifest.</summary>
    public static TransformerArchitecture Architecture(GoldenCase golden) =>
        golden.Family == "uvit" ? UVitGolden.Architecture(golden) : DitGolden.Architecture(golden);

    /// <summary>The weights file of a case: named by the case, or by the file's own prefix (<c>dit_a_forward</c>: <c>dit_a_weights</c>).</summary>
    public static string WeightsFile(GoldenCase golden) => golden.Case.TryGetProperty("weights", out JsonElement named)
        ? named.GetString()!
        : golden.File[..golden.File.LastIndexOf('_')] + "_weights.safetensors";

    /// <param name="golden">The case.</param>
    /// <param name="device">Where to load.</param>
    /// <param name="map">Applied to each weight, given its name; null for none.</param>
    /// <param name="use">What for.</param>
    public static Network Load(GoldenCase golden, Device device, Action<string, float[]>? map = null, WeightUse use = WeightUse.Inference)
    {
        using GoldenTensors weights = golden.OpenBeside(WeightsFile(golden));
        return NetworkFamilies.Load(Architecture(golden), Read, device, use);

        void Read(string name, Span<float> destination)
        {
            float[] values = weights.Floats(name);
            map?.Invoke(name, values);
            values.CopyTo(destination);
        }
    }

    /// <summary>Puts the row before the null class in its place in a table of labels.</summary>
    public static void ShiftNullRow(TransformerArchitecture architecture, string name, float[] values)
    {
        if (name is "y_embedder.embedding_table.weight" or "label_emb.weight")
        {
            int c = architecture.HiddenSize;
            values.AsSpan((architecture.NullLabel - 1) * c, c).CopyTo(values.AsSpan(architecture.NullLabel * c, c));
        }
    }
}
