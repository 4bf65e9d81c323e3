using L2c.Testing;
using L2c.Testing.Golden;

namespace L2c.Model.Tests.Golden;

/// <summary>What dev/goldens.sh asks for, in environment variables; without it, the default test run.</summary>
internal static class GoldenRequest
{
    /// <summary>L2C_GOLDENS_ONLY: a part of the file name.</summary>
    public static IEnumerable<GoldenCase> Cases
    {
        get
        {
            string? only = Environment.GetEnvironmentVariable("L2C_GOLDENS_ONLY");
            return GoldenManifest.Cases.Where(c => string.IsNullOrEmpty(only) || c.File.Contains(only, StringComparison.Ordinal));
        }
    }

    /// <summary>L2C_GOLDENS_DEVICE: <c>emulator</c> or <c>cuda</c> asks for every network's case through the CUDA engine; the default subset without.</summary>
    public static bool OnCuda => Environment.GetEnvironmentVariable("L2C_GOLDENS_DEVICE") is "emulator" or "cuda";

    /// <summary>Where the CUDA engine runs, for reports.</summary>
    public static string CudaLabel => CudaUnderTest.IsReal ? "cuda" : "emulator";
}
