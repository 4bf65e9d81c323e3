using System.Text.Json.Nodes;
using L2c.Kernels;
using L2c.Model.Runs;

namespace L2c;

/// <summary>What fixes the content of a sampled file, as one JSON object.</summary>
/// <remarks>
/// Written into the file under <see cref="Key"/>, read back by <c>l2c inspect</c>. Nothing in it depends on batch size or threads, so a picture of
/// the CPU is the same file however it was computed. A CUDA device's differs by rounding, and is told by its storage type only where that is not
/// fp32.
/// </remarks>
public static class SampleDescription
{
    /// <summary>Keyword of the PNG text chunk, and key of the safetensors metadata.</summary>
    public const string Key = "l2c";

    private const string Images = "images", Classes = "classes", Rng = "rng";

    /// <summary>Describes a whole run.</summary>
    /// <param name="job">The run.</param>
    /// <param name="source">Path of the checkpoint.</param>
    /// <param name="weightSet">See <see cref="OpenedModel.WeightSet"/>.</param>
    internal static JsonObject Of(SampleJob job, string source, string? weightSet)
    {
        JsonObject text = [];
        Add("version", typeof(SampleDescription).Assembly.GetName().Version!.ToString(3));
        Add("model", job.Architecture.Name);
        Add("checkpoint", Path.GetFileName(source));
        Add("weights", weightSet);
        Add("sampler", job.Sampler.Name);
        Add("steps", job.Request.Steps);
        Add("eta", job.Sampler.Name == "ddim" ? job.Request.Eta ?? 0 : null);
        Add("grid", job.Request.Grid);
        Add("guidance", GuidanceWord(job.Guidance));
        Add("cfgScale", job.CfgScale);
        Add("clipDenoised", job.Request.ClipDenoised);
        Add("seed", job.Request.Seed);
        Add(Rng, RngWord(job.Request));
        Add("cache", job.Cache?.Text);
        Add("cacheDtype", job.Request.Cache.Type is DType.BF16 && job.Device.StorageType is DType.F32 ? "bf16" : null);
        Add("noise", Path.GetFileName(job.Request.Noise));
        Add("dtype", job.Device.Dtype);
        Add(Classes, new JsonArray([.. job.Classes.Classes.Select(label => (JsonNode)label)]));
        Add(Images, job.Count);
        Add("vae", Path.GetFileName(job.Request.Vae));
        Add("vaeTile", job.Decoding is { IsTiled: true } tiled ? tiled.Tile : null);
        Add("preview", job.IsPreview ? true : null);
        return text;

        void Add(string name, JsonNode? value)
        {
            if (value is not null)
            {
                text.Add(name, value);
            }
        }
    }

    /// <summary>Describes one image of a run. With torch's noise the number of images stays: the stream depends on it.</summary>
    internal static JsonObject OfImage(JsonObject run, SampleJob job, int image)
    {
        JsonObject text = (JsonObject)run.DeepClone();
        JsonNode? preview = text["preview"];
        bool keepsImages = (string?)text[Rng] == "torch";
        text.Remove(Classes);
        text.Remove("preview");
        if (!keepsImages)
        {
            text.Remove(Images);
        }

        int label = job.Labels[image];
        text.Add("image", image);
        text.Add("class", label);
        if (job.Architecture.ClassNames.Count > 0)
        {
            text.Add("className", job.Architecture.ClassNames[label]);
        }

        if (preview is not null)
        {
            text.Add("preview", preview.DeepClone());
        }

        return text;
    }

    /// <summary>Describes a picture that also shows the samples without caching.</summary>
    internal static JsonObject OfComparison(JsonObject run)
    {
        JsonObject text = (JsonObject)run.DeepClone();
        text.Add("comparison", true);
        return text;
    }

    /// <summary>"published", "all" or "none".</summary>
    public static string GuidanceWord(Guidance guidance) => guidance switch
    {
        Guidance.Published => "published",
        Guidance.AllChannels => "all",
        _ => "none",
    };

    /// <summary>"torch" or "l2c".</summary>
    public static string RngWord(SampleRequest request) => request.TorchNoise ? "torch" : "l2c";
}
