using System.Text.Json;
using L2c.Testing.Golden;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Golden;

/// <summary>The U-ViT of a recorded case: its architecture from the manifest.</summary>
internal static class UVitGolden
{
    public static UVitArchitecture Architecture(GoldenCase golden)
    {
        JsonElement config = golden.Config;
        bool hasNull = config.GetProperty("null_class").ValueKind == JsonValueKind.Number;
        return new UVitArchitecture
        {
            Name = golden.File,
            InputSize = Int("img_size"),
            PatchSize = Int("patch_size"),
            InChannels = Int("in_chans"),
            HiddenSize = Int("embed_dim"),
            Depth = Int("depth"),
            Heads = Int("num_heads"),
            NumClasses = Int("label_rows") - (hasNull ? 1 : 0),
            HasNullClass = hasNull,
            MlpRatio = config.GetProperty("mlp_ratio").GetDouble(),
            QkvBias = Is("qkv_bias"),
            MlpTimeEmbed = Is("mlp_time_embed"),
            FinalConv = Is("conv"),
        };

        int Int(string name) => config.GetProperty(name).GetInt32();

        bool Is(string name) => config.GetProperty(name).GetBoolean();
    }
}
