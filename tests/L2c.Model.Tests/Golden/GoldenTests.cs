using L2c.Kernels;
using L2c.Testing.Golden;

namespace L2c.Model.Tests.Golden;

/// <summary>Every file of the manifest, one test each: dev/goldens.sh runs these and prints what they report.</summary>
[Trait("Category", "Golden")]
public sealed class GoldenTests
{
    private const string Device = "cpu";

    public static TheoryData<string> Files
    {
        get
        {
            var files = new TheoryData<string>();
            string? only = Environment.GetEnvironmentVariable("L2C_GOLDENS_ONLY");
            foreach (GoldenCase golden in GoldenManifest.Cases.Where(c => string.IsNullOrEmpty(only) || c.File.Contains(only, StringComparison.Ordinal)))
            {
                files.Add(golden.File);
            }

            return files;
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Recorded_file_is_reproduced(string file)
    {
        GoldenCase golden = GoldenManifest.Find(file);
        if (MissingFile(golden) is { } missing)
        {
            NotRun(golden, "skip", $"{missing} is not there");
        }

        Func<GoldenResult>? run = Runner(golden);
        if (run is null)
        {
            NotRun(golden, "pending", $"{golden.Family} {golden.Kind}: no code for it yet");
        }

        GoldenResult result;
        try
        {
            result = run();
        }
        catch (Exception exception)
        {
            GoldenReport.Threw(golden, Device, "fp32", exception);
            throw;
        }

        GoldenReport.Ran(result, Device, "fp32");
        Assert.True(result.Passed, Describe(result));
    }

    private static Func<GoldenResult>? Runner(GoldenCase golden) => (golden.Family, golden.Kind) switch
    {
        (_, "weights") => () => WeightsGolden.Run(golden),
        (_, "tensors") => () => StoredTensorsGolden.Run(golden),
        ("none", "schedule") => () => ScheduleGolden.Run(golden),
        ("dit", "forward") => () => OnCpu(device => DitForwardGolden.Run(golden, device)),
        ("dit", "sample") => () => OnCpu(device => DitSampleGolden.Run(golden, device)),
        ("dit", "cached_sample") => () => OnCpu(device => DitCachedGolden.Run(golden, device)),
        _ => null,
    };

    private static GoldenResult OnCpu(Func<Device, GoldenResult> run)
    {
        using var device = new CpuDevice();
        return run(device);
    }

    private static string? MissingFile(GoldenCase golden)
    {
        string recorded = Path.Combine(golden.Folder, golden.File);
        string[] needed = (golden.Family, golden.Kind) switch
        {
            (_, "tensors") => [recorded, StoredTensorsGolden.Checkpoint(golden)],
            ("dit", "cached_sample") => [recorded, DitCachedGolden.RouterFile(golden)],
            _ => [recorded],
        };
        return needed.FirstOrDefault(path => !File.Exists(path));
    }

    [System.Diagnostics.CodeAnalysis.DoesNotReturn]
    private static void NotRun(GoldenCase golden, string status, string reason)
    {
        GoldenReport.DidNotRun(golden, status, reason);
        Assert.Skip($"{status}: {reason}");
    }

    private static string Describe(GoldenResult result)
    {
        IEnumerable<string> failures = result.Comparisons.Where(c => !c.Passed).Take(8).Select(c => $"{c.Tensor}: error {c.Error:0.00e+00}, bound {c.Bound:0.00e+00}");
        return $"{result.Golden.File}: {result.Comparisons.Count} comparisons; {string.Join("; ", failures)}";
    }
}
