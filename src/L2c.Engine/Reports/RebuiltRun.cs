using System.Globalization;
using System.Text.Json;
using L2c.Kernels;
using L2c.Model.Runs;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>A sampling run planned again, from the parameters in its picture. Nothing is computed, and no weights are read.</summary>
/// <param name="Job">The run, of one batch; null where it cannot be planned.</param>
/// <param name="Lack">Why not; null where it can.</param>
internal sealed record RebuiltRun(SampleJob? Job, string? Lack)
{
    // More would take long to plan, and no published network has more times.
    private const int MaxEvaluations = 1000;

    /// <summary>Plans a run again.</summary>
    /// <param name="p">The parameters.</param>
    /// <param name="network">The network; null for the one that the parameters name.</param>
    /// <param name="folder">Where the picture lies, and perhaps its router or schedule.</param>
    /// <param name="batch">Images of a batch; null where that is not known.</param>
    public static RebuiltRun Of(JsonElement p, TransformerArchitecture? network, string folder, int? batch)
    {
        string model = Text(p, "model") ?? "";
        network ??= CountedNetwork.OfName(model);
        if (network is null)
        {
            return new RebuiltRun(null, $"the network {FileText.Printable(model)} is no published one: give its checkpoint with --ckpt to see the plan");
        }

        try
        {
            SampleRequest request = new()
            {
                Steps = Text(p, "steps") ?? "20",
                Sampler = Text(p, "sampler"),
                Eta = Text(p, "sampler") == "ddim" ? Number(p, "eta") : null,
                Grid = Text(p, "grid"),
                Guidance = Text(p, "guidance") switch { "all" => Guidance.AllChannels, "none" => Guidance.None, _ => Guidance.Published },
                CfgScale = Text(p, "guidance") == "none" ? null : Number(p, "cfgScale"),
                ClipDenoised = p.TryGetProperty("clipDenoised", out JsonElement clip) && clip.ValueKind == JsonValueKind.True,
                Count = (int)Math.Clamp(Number(p, "images") ?? 1, 1, SampleJob.MaxPerBatch),
                Batch = batch,
                Cache = Cache(Text(p, "cache"), folder) with { Type = Text(p, "cacheDtype") == "bf16" ? DType.BF16 : null },
            };
            SampleJob job = new(request, network, DeviceChoice.Cpu);
            return job.Sampler.Evaluations.Count <= MaxEvaluations
                ? new RebuiltRun(job, null)
                : new RebuiltRun(null, $"a run of {job.Sampler.Evaluations.Count} evaluations is too long to be planned again here");
        }
        catch (Exception e) when (e is RequestException or IOException)
        {
            return new RebuiltRun(null, $"the run cannot be planned again: {e.Message}");
        }
    }

    /// <summary>What <c>l2c profile --plan</c> tells of it; null where it cannot be planned.</summary>
    public string? Describe()
    {
        if (Job is null)
        {
            return null;
        }

        using Device device = DeviceChoice.Cpu.Open();
        return Job.OnPaper(device, Job.Schedule).Describe();
    }

    /// <summary>A router or schedule file is looked for beside the picture; the demo model's router lies beside the program.</summary>
    private static CacheRequest Cache(string? cache, string folder)
    {
        (string? router, string? threshold) = CommandWords.RouterOf(cache);
        if (router is null)
        {
            CacheRequest request = new() { Rule = cache };
            return request.RuleFile is { } file ? request.WithRuleFile(Path.Combine(folder, Path.GetFileName(file))) : request;
        }

        string beside = Path.Combine(folder, Path.GetFileName(router));
        return new CacheRequest
        {
            Router = !File.Exists(beside) && router == Path.GetFileName(DemoModel.RouterPath) ? DemoModel.RouterPath : beside,
            Threshold = double.TryParse(threshold, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : null,
        };
    }

    private static string? Text(JsonElement p, string key) =>
        p.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static double? Number(JsonElement p, string key) =>
        p.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) ? number : null;
}
