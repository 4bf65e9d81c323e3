using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Testing.Golden;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Golden;

/// <summary>Kind "forward": every recorded stage of one forward pass of a U-ViT.</summary>
internal static class UVitForwardGolden
{
    public static GoldenResult Run(GoldenCase golden, Device device)
    {
        var result = new GoldenResult(golden);
        using GoldenTensors recorded = golden.Open();
        using Network model = GoldenNetwork.Load(golden, device);
        Dictionary<string, float[]> stages = Stages(model, recorded);
        foreach (string name in golden.Case.GetProperty("bounds").EnumerateObject().Select(b => b.Name))
        {
            result.Compare(name, stages[name], recorded.Doubles(name));
        }

        return result;
    }

    /// <summary>Runs one forward pass with a time per row and returns every stage.</summary>
    private static Dictionary<string, float[]> Stages(Network model, GoldenTensors recorded)
    {
        Dictionary<string, float[]> stages = [];
        TransformerArchitecture a = model.Architecture;
        float[] times = recorded.Floats("t");
        int rows = times.Length;
        (Arena arena, (Tensor Image, Tensor Output, NetworkMemory Network) pass) = Arena.Carve(model.Device, "golden forward", memory => (
            memory.Take(DType.F32, rows, a.InChannels, a.InputSize, a.InputSize),
            memory.Take(DType.F32, rows, a.OutChannels, a.InputSize, a.InputSize),
            model.Take(memory, new NetworkNeeds(rows) { TimePerRow = true, Tapped = true })));
        using Arena owned = arena;
        pass.Network.UploadConstants(model.Device);
        model.Device.Upload(pass.Image, recorded.Floats("x"));
        model.Device.Upload(pass.Network.Labels, recorded.Ints("y"));
        pass.Network.SetTimes(model.Device, times);
        model.Prepare(pass.Network, 0, Keep);
        model.Forward(pass.Image, pass.Network, EvaluationPlan.Full(pass.Network, a.Branches), pass.Output, Keep);

        // The recording has the patches alone there.
        stages["patch_embed_out"] = [.. stages["patch_embed_out"].Chunk(a.Tokens * a.HiddenSize).SelectMany(row => row[(a.ExtraTokens * a.HiddenSize)..])];
        float[] sinusoids = new float[rows * a.HiddenSize];
        new TimestepEmbedding(a.HiddenSize).Fill(times, sinusoids);
        stages["time_embedding"] = sinusoids;
        return stages;

        void Keep(string stage, Tensor value)
        {
            float[] values = new float[value.Shape.Count];
            model.Device.Download(value, values);
            stages[stage] = values;
        }
    }
}
