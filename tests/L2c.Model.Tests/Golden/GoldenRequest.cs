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

    /// <summary>L2C_GOLDENS_DEVICE: <c>emulator</c> or <c>cuda</c> for every DiT case through the CUDA engine; null for the default subset.</summary>
    public static string? CudaProvider => Environment.GetEnvironmentVariable("L2C_GOLDENS_DEVICE") is { Length: > 0 } device and not "cpu" ? device : null;
}
