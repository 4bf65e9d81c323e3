using L2c.Testing.Golden;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Golden;

/// <summary>Kind "weights": the layout is recognised, its architecture is the manifest's, and every value comes through it unchanged.</summary>
internal static class WeightsGolden
{
    private const string Diffusers = "_diffusers_names";

    public static GoldenResult Run(GoldenCase golden)
    {
        var result = new GoldenResult(golden);
        using GoldenTensors recorded = golden.Open();
        WeightsFile checkpoint = WeightsLayout.Resolve(recorded.File, Hints(golden));
        result.CompareExactly<string>("architecture", [checkpoint.Architecture.ToJson()], [Expected(golden).ToJson()]);

        result.CompareExactly<long>("number of tensors", [checkpoint.Tensors.Count], [golden.Entry.GetProperty("tensors").EnumerateObject().Count()]);

        // Under diffusers' names the same autoencoder is recorded twice: the file with canonical names says what must come out.
        using GoldenTensors expected = golden.File.Contains(Diffusers, StringComparison.Ordinal)
            ? golden.OpenBeside(golden.File.Replace(Diffusers, "", StringComparison.Ordinal))
            : golden.Open();
        foreach (WeightsTensor tensor in checkpoint.Tensors)
        {
            float[] values = new float[tensor.Count];
            checkpoint.Read(tensor.Name, values);
            result.CompareExactly<float>(tensor.Name, values, expected.Floats(tensor.Name));
        }

        return result;
    }

    private static LayoutHints Hints(GoldenCase golden) => golden.Family == "vae"
        ? new LayoutHints { Name = golden.File }
        : new LayoutHints { Name = golden.File, Heads = GoldenNetwork.Architecture(golden).Heads, Classes = GoldenNetwork.Architecture(golden).NumClasses };

    private static Architecture Expected(GoldenCase golden) => golden.Family switch
    {
        "dit" or "uvit" => GoldenNetwork.Architecture(golden),
        // The VAE's entries hold their configuration under the case that uses them; the diffusers file has none of its own.
        _ => VaeGolden.Architecture(golden.File, GoldenManifest.Find("vae_tiny_weights.safetensors").Config),
    };
}
