using L2c.Testing.Golden;

namespace L2c.Model.Tests.Golden;

public static class CudaGoldenTests
{
    /// <summary>What runs in every test run: a forward pass, an uncached, a cached and a DDPM run. The rest on request.</summary>
    public static IEnumerable<string> DefaultFiles =>
        from kind in (string[])["forward", "sample", "cached_sample", "ddpm"]
        let golden = GoldenManifest.Cases.Where(c => c.Family == "dit" && Kind(c) == kind).OrderBy(Steps).FirstOrDefault()
        where golden is not null
        select golden.File;

    private static string Kind(GoldenCase golden) =>
        golden.Kind == "sample" && golden.Case.GetProperty("sampler").GetString() == "ddpm" ? "ddpm" : golden.Kind;

    private static int Steps(GoldenCase golden) => golden.Kind == "forward" ? 0 : golden.Case.GetProperty("steps").GetInt32();
}
