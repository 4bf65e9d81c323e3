using System.Text.Json;
using L2c.Kernels;
using L2c.Model.Autoencoder;
using L2c.Testing.Golden;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Golden;

/// <summary>Kind "vae": every recorded stage of encoder and decoder, moments, latents drawn from them, images.</summary>
internal static class VaeGolden
{
    private const string Encoder = "enc.", Decoder = "dec.", Noise = "sample_noise", NormOut = "dec.norm_out";

    /// <summary>The architecture that a configuration of the latent-diffusion code says.</summary>
    public static VaeArchitecture Architecture(string name, JsonElement config) => new()
    {
        Name = name,
        InChannels = config.GetProperty("in_channels").GetInt32(),
        OutChannels = config.GetProperty("out_ch").GetInt32(),
        Channels = config.GetProperty("ch").GetInt32(),
        ChannelMultipliers = [.. config.GetProperty("ch_mult").EnumerateArray().Select(m => m.GetInt32())],
        ResBlocks = config.GetProperty("num_res_blocks").GetInt32(),
        ZChannels = config.GetProperty("z_channels").GetInt32(),
        LatentChannels = config.GetProperty("embed_dim").GetInt32(),
        DoubleZ = config.GetProperty("double_z").GetBoolean(),
    };

    /// <summary>Runs the case.</summary>
    /// <param name="golden">The case.</param>
    /// <param name="device">Where.</param>
    /// <param name="change">Applied to the architecture; null for none.</param>
    public static GoldenResult Run(GoldenCase golden, Device device, Func<VaeArchitecture, VaeArchitecture>? change = null)
    {
        var result = new GoldenResult(golden);
        using GoldenTensors recorded = golden.Open();
        double scale = golden.Case.GetProperty("scale_factor").GetDouble();
        VaeArchitecture architecture = Architecture(golden.File, golden.Config) with { LatentScale = scale };
        Dictionary<string, float[]> stages;
        using (AutoencoderModel model = Load(golden, change?.Invoke(architecture) ?? architecture, GoldenNetwork.WeightsFile(golden), device))
        {
            stages = Stages(model, recorded);
        }

        // The noise is given.
        foreach (string name in golden.Case.GetProperty("bounds").EnumerateObject().Select(b => b.Name).Where(name => name != Noise))
        {
            double[] expected = recorded.Doubles(name);

            // Recorded before its activation, which is part of the norm here.
            result.Compare(name, stages[name], name == NormOut ? Array.ConvertAll(expected, x => x / (1 + Math.Exp(-x))) : expected);
        }

        return result;
    }

    /// <summary>An autoencoder of the case's folder.</summary>
    /// <param name="golden">The case.</param>
    /// <param name="architecture">Its shapes.</param>
    /// <param name="file">Its weights, with any layout's names.</param>
    /// <param name="device">Where.</param>
    public static AutoencoderModel Load(GoldenCase golden, VaeArchitecture architecture, string file, Device device)
    {
        using GoldenTensors weights = golden.OpenBeside(file);
        return AutoencoderModel.Load(architecture, WeightsLayout.Resolve(weights.File, LayoutHints.None).Read, device, AutoencoderParts.Both);
    }

    private static Dictionary<string, float[]> Stages(AutoencoderModel model, GoldenTensors recorded)
    {
        Dictionary<string, float[]> stages = [];
        long[] images = recorded.Shape("x"), latents = recorded.Shape("z");
        float[] moments = new float[recorded.Info("moments").Count], decoded = new float[recorded.Info("decoded").Count];
        using (ImageEncoder encoder = new(model, (int)images[0], (int)images[2], (int)images[3], record: false))
        {
            encoder.Encode(recorded.Floats("x"), moments, (stage, value) => Keep(Encoder + stage, value));
        }

        using (ImageDecoder decoder = new(model, (int)latents[0], (int)latents[2], (int)latents[3], record: false))
        {
            decoder.Decode(recorded.Floats("z"), decoded, null, (stage, value) => Keep(Decoder + stage, value));
        }

        float[] noise = recorded.Floats(Noise), drawn = new float[noise.Length];
        LatentMoments.Sample(moments, noise, model.Architecture.LatentScale, noise.Length / (int)images[0], drawn);
        stages["moments"] = stages["moments_f64"] = moments;
        stages["decoded"] = stages["decoded_f64"] = decoded;
        stages["z_sample"] = drawn;
        return stages;

        void Keep(string stage, Tensor value)
        {
            float[] values = new float[value.Shape.Count];
            model.Device.Download(value, values);
            stages[stage] = ChannelsFirst(values, value.Shape);
        }
    }

    /// <summary>[B,H,W,C] to [B,C,H,W].</summary>
    private static float[] ChannelsFirst(float[] values, Shape shape)
    {
        int area = shape[1] * shape[2], channels = shape[3];
        float[] turned = new float[values.Length];
        for (int i = 0; i < turned.Length; i++)
        {
            int image = i / (area * channels), channel = i / area % channels, pixel = i % area;
            turned[i] = values[(((image * area) + pixel) * channels) + channel];
        }

        return turned;
    }
}
