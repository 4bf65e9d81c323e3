using System.Text.Json;
using L2c.Kernels;
using L2c.Model.Networks.Dit;
using L2c.Testing.Golden;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Golden;

/// <summary>The DiT of a recorded case: its architecture from the manifest, its weights from the recorded file.</summary>
internal static class DitGolden
{
    public static DitArchitecture Architecture(GoldenCase golden)
    {
        JsonElement config = golden.Config;
        return new DitArchitecture
        {
            Name = golden.File,
            InputSize = Int("input_size"),
            PatchSize = Int("patch_size"),
            InChannels = Int("in_channels"),
            HiddenSize = Int("hidden_size"),
            Depth = Int("depth"),
            Heads = Int("num_heads"),
            NumClasses = Int("num_classes"),
            HasNullClass = config.GetProperty("null_class").ValueKind == JsonValueKind.Number,
            MlpRatio = config.GetProperty("mlp_ratio").GetDouble(),
            LearnSigma = config.GetProperty("learn_sigma").GetBoolean(),
        };

        int Int(string name) => config.GetProperty(name).GetInt32();
    }

    /// <param name="golden">The case.</param>
    /// <param name="device">Where to load.</param>
    /// <param name="map">Applied to each weight, given its name; null for none.</param>
    /// <param name="use">What for.</param>
    public static DitModel Load(GoldenCase golden, Device device, Action<string, float[]>? map = null, WeightUse use = WeightUse.Inference) =>
        (DitModel)GoldenNetwork.Load(golden, device, map, use);
}
