using System.Text;
using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks.Dit;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Testing.Golden;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Golden;

/// <summary>Kind "smoothcache_sample": a run with the recorded lists, read as a file of SmoothCache.</summary>
internal static class SmoothCacheSampleGolden
{
    public static GoldenResult Run(GoldenCase golden, Device device)
    {
        var result = new GoldenResult(golden);
        using GoldenTensors recorded = golden.Open();
        DitArchitecture architecture = DitGolden.Architecture(golden);
        using DitModel model = DitGolden.Load(golden, device);
        SamplerTable sampler = DitSampleGolden.SamplerOf(golden, architecture);
        float? scale = DitSampleGolden.GuidanceScale(golden);
        int[] labels = recorded.Ints("y");
        int images = scale is null ? labels.Length : labels.Length / 2;
        result.CompareExactly<long>("t_index", [.. sampler.Evaluations.Select(s => (long)s.RouterRow)], recorded.Longs("t_index"));
        result.CompareExactly<long>("t_model", [.. sampler.Evaluations.Select(s => (long)s.Time)], recorded.Longs("t_model"));

        string lists = $$"""{"attn": [{{List("schedule_attn")}}], "mlp": [{{List("schedule_mlp")}}]}""";
        CacheSchedule schedule = SmoothCacheJson.Parse(golden.File, Encoding.UTF8.GetBytes(lists), architecture.Branches);
        var options = new SamplingOptions
        {
            Guidance = DitSampleGolden.GuidanceOf(golden, scale),
            ClipDenoised = golden.Case.GetProperty("clip_denoised").GetBoolean(),
            KeepPredictions = true,
        };
        using SamplingRun run = SamplingRun.Plan(model, sampler, schedule, images, options);
        var compared = new DitSampleGolden.StepComparison(result, recorded, run);
        int[,] executed = new int[schedule.Evaluations, schedule.Branches];
        run.Run(
            labels.AsSpan(0, images),
            scale ?? 1,
            new DitSampleGolden.RecordedNoise(recorded),
            compared.AfterEvaluation,
            (in OpInfo op, long _, long _) => executed[Math.Max(op.Scope.Evaluation, 0), Math.Max(op.Scope.Branch, 0)] +=
                op.Name == nameof(Device.Linear) && op.Scope.Branch >= 0 ? 1 : 0);
        result.CompareExactly<long>("computed", DitCachedGolden.Computed(executed), recorded.Longs("computed"));
        return result;

        string List(string name) => string.Join(", ", recorded.Longs(name));
    }
}
