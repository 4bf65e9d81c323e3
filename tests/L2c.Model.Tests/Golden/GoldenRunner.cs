using L2c.Kernels;
using L2c.Testing.Golden;

namespace L2c.Model.Tests.Golden;

/// <summary>Which code serves which kind of recorded case.</summary>
internal static class GoldenRunner
{
    /// <summary>Whether the case is one of tensors on a device, so that a device can be wrong about it.</summary>
    public static bool NeedsDevice(GoldenCase golden) =>
        golden.Family is "dit" or "uvit" && golden.Kind is "forward" or "sample" or "cached_sample" or "forecast_sample" or "router_training"
            or "smoothcache_calibration" or "smoothcache_sample"
        || golden.Kind == "vae";

    /// <summary>Runs a case; null where there is no code for it yet.</summary>
    /// <param name="golden">The case.</param>
    /// <param name="device">Where a network runs.</param>
    public static GoldenResult? TryRun(GoldenCase golden, Device device) => (golden.Family, golden.Kind) switch
    {
        (_, "weights") => WeightsGolden.Run(golden),
        (_, "tensors") => StoredTensorsGolden.Run(golden),
        ("none", "schedule") => ScheduleGolden.Run(golden),
        ("uvit", "schedule") => ScheduleGolden.RunContinuous(golden),
        ("dit", "forward") => DitForwardGolden.Run(golden, device),
        ("dit", "sample") => DitSampleGolden.Run(golden, device),
        ("dit", "cached_sample") => DitCachedGolden.Run(golden, device),
        ("dit", "forecast_sample") => DitForecastGolden.Run(golden, device),
        ("dit", "router_training") => DitTrainingGolden.Run(golden, device),
        ("dit", "smoothcache_calibration") => SmoothCacheCalibrationGolden.Run(golden, device),
        ("dit", "smoothcache_sample") => SmoothCacheSampleGolden.Run(golden, device),
        ("uvit", "forward") => UVitForwardGolden.Run(golden, device),
        ("uvit", "sample" or "cached_sample") => UVitSampleGolden.Run(golden, device),
        ("uvit", "router_training") => UVitTrainingGolden.Run(golden, device),
        ("metrics", "inception_features") => InceptionGolden.Run(golden, device),
        ("metrics", "fid") => FidGolden.Run(golden),
        ("metrics", "fid_recipe") => FidGolden.RunRecipe(golden),
        ("metrics", "inception_score") => InceptionScoreGolden.Run(golden),
        ("metrics", "precision_recall") => PrecisionRecallGolden.Run(golden),
        ("metrics", "npz") => NpzGolden.Run(golden),
        ("metrics", "npz_container") => NpzGolden.RunContainer(golden),
        ("vae", "vae") => VaeGolden.Run(golden, device),
        _ => null,
    };

    /// <summary>Runs a case that there is code for.</summary>
    public static GoldenResult Run(GoldenCase golden, Device device) =>
        TryRun(golden, device) ?? throw new NotSupportedException($"{golden.File}: {golden.Family} {golden.Kind}");

    /// <summary>A file that the case needs and that is not there, or null.</summary>
    public static string? MissingFile(GoldenCase golden)
    {
        string recorded = Path.Combine(golden.Folder, golden.File);
        string[] needed = (golden.Family, golden.Kind) switch
        {
            (_, "tensors") => [recorded, StoredTensorsGolden.Checkpoint(golden)],
            (_, "cached_sample") => [recorded, DitCachedGolden.RouterFile(golden)],
            _ => [recorded],
        };
        return needed.FirstOrDefault(path => !File.Exists(path));
    }
}
