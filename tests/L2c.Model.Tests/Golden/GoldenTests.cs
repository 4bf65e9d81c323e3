using L2c.Kernels;
using L2c.Testing.Golden;

namespace L2c.Model.Tests.Golden;

/// <summary>Every file of the manifest on the CPU, one test each: dev/goldens.sh runs these and prints what they report.</summary>
[Trait("Category", "Golden")]
public sealed class GoldenTests
{
    private const string Device = "cpu";

    public static TheoryData<string> Files => [.. GoldenRequest.Cases.Select(golden => golden.File)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Recorded_file_is_reproduced(string file)
    {
        GoldenCase golden = GoldenManifest.Find(file);
        if (GoldenRunner.MissingFile(golden) is { } missing)
        {
            NotRun(golden, "skip", $"{missing} is not there");
        }

        GoldenResult? result;
        try
        {
            using var device = new CpuDevice();
            result = GoldenRunner.TryRun(golden, device);
        }
        catch (Exception exception)
        {
            GoldenReport.Threw(golden, Device, "fp32", exception);
            throw;
        }

        if (result is null)
        {
            NotRun(golden, "pending", $"{golden.Family} {golden.Kind}: no code for it yet");
        }

        GoldenReport.Ran(result, Device, "fp32");
        Assert.True(result.Passed, result.Describe());
    }

    [System.Diagnostics.CodeAnalysis.DoesNotReturn]
    private static void NotRun(GoldenCase golden, string status, string reason)
    {
        GoldenReport.DidNotRun(golden, status, reason);
        Assert.Skip($"{status}: {reason}");
    }
}
