using System.Globalization;
using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Model.Networks.Dit;
using L2c.Testing.Golden;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Golden;

/// <summary>Kind "forward": every recorded stage of one forward pass, guidance, and the pass with weights rounded to fp16.</summary>
internal static class DitForwardGolden
{
    private const string GuidedPrefix = "out_cfg_";
    private const string HalfWeights = "out_fp16weights";

    public static GoldenResult Run(GoldenCase golden, Device device)
    {
        var result = new GoldenResult(golden);
        using GoldenTensors recorded = golden.Open();
        string[] bounded = [.. golden.Case.GetProperty("bounds").EnumerateObject().Select(b => b.Name)];

        using (DitModel model = DitGolden.Load(golden, device))
        {
            Dictionary<string, float[]> stages = Stages(model, recorded, "x", "t", "y");
            foreach (string name in bounded)
            {
                if (name.StartsWith(GuidedPrefix, StringComparison.Ordinal))
                {
                    float scale = float.Parse(name[GuidedPrefix.Length..], CultureInfo.InvariantCulture);
                    result.Compare(name, Guided(model, recorded, scale), recorded.Doubles(name));
                }
                else if (name != HalfWeights)
                {
                    result.Compare(name, stages[name], recorded.Doubles(name));
                }
            }
        }

        if (bounded.Contains(HalfWeights))
        {
            using DitModel rounded = DitGolden.Load(golden, device, (_, values) => RoundToHalf(values));
            result.Compare(HalfWeights, Stages(rounded, recorded, "x", "t", "y")["out"], recorded.Doubles(HalfWeights));
        }

        return result;
    }

    private static void RoundToHalf(float[] values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(Half)values[i];
        }
    }

    /// <summary>Runs one forward pass with a timestep per row and returns every stage.</summary>
    private static Dictionary<string, float[]> Stages(DitModel model, GoldenTensors recorded, string x, string t, string y)
    {
        Dictionary<string, float[]> stages = [];
        float[] timesteps = Array.ConvertAll(recorded.Ints(t), time => (float)time);
        int[] labels = recorded.Ints(y);
        using Pass pass = Pass.Create(model, images: (int)recorded.Shape(x)[0], rows: labels.Length);
        stages["t_freq"] = pass.Run(model, recorded.Floats(x), timesteps, labels, (stage, value) => stages[stage] = Download(model.Device, value));
        stages["y_emb"] = LabelRows(model, labels);
        for (int block = 0; block < model.Architecture.Depth; block++)
        {
            stages[$"block{block}.adaLN_out"] = JoinParts(
                [.. Enum.GetValues<ModulationPart>().Select(part => stages[$"block{block}.{part}"])], labels.Length);
        }

        return stages;
    }

    /// <summary>One guided pass as the published forward_with_cfg: the first half of x read twice, three channels guided.</summary>
    private static float[] Guided(DitModel model, GoldenTensors recorded, float scale)
    {
        Device device = model.Device;
        int[] labels = recorded.Ints("y_cfg");
        int images = labels.Length / 2;
        float[] x = recorded.Floats("x");
        using Pass pass = Pass.Create(model, images, labels.Length);
        pass.Run(model, x.AsSpan(0, x.Length / 2).ToArray(), Array.ConvertAll(recorded.Ints("t_cfg"), time => (float)time), labels, null);
        device.Upload(pass.Scale, [scale]);
        device.SamplerUpdate(pass.Output, pass.Scale, 3, default, new(pass.Image), default, [], pass.Guided);
        return Download(device, pass.Guided);
    }

    private static float[] LabelRows(DitModel model, int[] labels)
    {
        float[] table = Download(model.Device, model.LabelTable);
        int width = model.Architecture.HiddenSize;
        return [.. labels.SelectMany(label => table.AsSpan(label * width, width).ToArray())];
    }

    /// <summary>The recorded [B,6C] from its parts, [B,C] or [B,2C] each.</summary>
    private static float[] JoinParts(float[][] parts, int rows) =>
        [.. Enumerable.Range(0, rows).SelectMany(row => parts.SelectMany(part => part.AsSpan(part.Length / rows * row, part.Length / rows).ToArray()))];

    private static float[] Download(Device device, Tensor tensor)
    {
        float[] values = new float[tensor.Shape.Count];
        device.Download(tensor, values);
        return values;
    }

    private sealed record Pass(Tensor Image, Tensor Output, Tensor Guided, Tensor Scale, NetworkMemory Network) : IDisposable
    {
        private Arena? _arena;

        public static Pass Create(DitModel model, int images, int rows)
        {
            TransformerArchitecture a = model.Architecture;
            (Arena arena, Pass pass) = Arena.Carve(model.Device, "golden forward", arena => new Pass(
                arena.Take(DType.F32, images, a.InChannels, a.InputSize, a.InputSize),
                arena.Take(DType.F32, rows, a.OutChannels, a.InputSize, a.InputSize),
                arena.Take(DType.F32, rows, a.OutChannels, a.InputSize, a.InputSize),
                arena.Take(DType.F32, 1),
                model.Take(arena, new NetworkNeeds(images) { Guided = rows > images, TimePerRow = true, Tapped = true })));
            pass._arena = arena;
            return pass;
        }

        /// <returns>The sinusoid.</returns>
        public float[] Run(DitModel model, float[] x, float[] timesteps, int[] labels, ForwardTap? tap)
        {
            var embedding = new TimestepEmbedding(DitWeights.TimeWidth);
            float[] frequencies = new float[timesteps.Length * embedding.Width];
            embedding.Fill(timesteps, frequencies);
            model.Device.Upload(Image, x);
            model.Device.Upload(Network.Labels, labels);
            Network.SetTimes(model.Device, timesteps);
            model.Prepare(Network, 0, tap);
            model.Forward(Image, Network, EvaluationPlan.Full(Network, model.Architecture.Branches), Output, tap);
            return frequencies;
        }

        public void Dispose() => _arena?.Dispose();
    }
}
