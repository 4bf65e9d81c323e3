using L2c.Kernels;
using L2c.Testing;
using L2c.Testing.Golden;

namespace L2c.Model.Tests.Golden;

/// <summary>
/// The recorded networks through the CUDA engine: fp32 within the bounds of the CPU, halves within twice the error of the naive computation that
/// stores the same type. Where nothing was asked for, a forward pass, an uncached, a cached, a DDPM and a forecast run, a router's training, a calibration, and in fp32 and fp16 the autoencoder and an
/// image through the FID Inception network; all of them with L2C_GOLDENS_DEVICE, of Inception still one image.
/// </summary>
[Trait("Category", "GoldenCuda")]
public sealed class CudaGoldenTests
{
    /// <summary>What runs in every test run: of each kind the case with the fewest evaluations.</summary>
    public static IEnumerable<string> DefaultFiles =>
        from kind in (string[])
            ["dit forward", "dit sample", "dit cached_sample", "dit ddpm", "dit taylor", "dit router_training", "dit smoothcache_calibration",
            "uvit forward", "uvit cached_sample", "uvit router_training", "vae vae", "metrics inception_features"]
        let golden = GoldenManifest.Cases.Where(c => $"{c.Family} {Kind(c)}" == kind).OrderBy(Evaluations).FirstOrDefault()
        where golden is not null
        select golden.File;

    public static TheoryData<string, CudaPrecision> Cases =>
        [.. from file in GoldenRequest.OnCuda ? GoldenRequest.Cases.Where(c => GoldenRunner.NeedsDevice(c) || IsInception(c)).Select(c => c.File) : DefaultFiles
            from precision in (CudaPrecision[])[CudaPrecision.F32, CudaPrecision.F16, CudaPrecision.BF16]
            where precision != CudaPrecision.BF16 || GoldenRequest.OnCuda || !IsConvolutional(GoldenManifest.Find(file))
            select (file, precision)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Recorded_file_is_reproduced(string file, CudaPrecision precision)
    {
        GoldenCase golden = GoldenManifest.Find(file);
        if (GoldenRunner.MissingFile(golden) is { } missing)
        {
            GoldenReport.DidNotRun(golden, "skip", $"{missing} is not there");
            Assert.Skip($"{missing} is not there");
        }

        GoldenResult result;
        try
        {
            using var cuda = new CudaUnderTest(precision);
            result = Run(golden, cuda.Device);
        }
        catch (Exception exception)
        {
            GoldenReport.Threw(golden, GoldenRequest.CudaLabel, precision.Label(), exception);
            throw;
        }

        if (precision != CudaPrecision.F32)
        {
            using var naive = new NaiveDevice(precision.StorageType());
            result = result.BoundedBy(Run(golden, naive), 2, DitTrainingGolden.Squares);
        }

        GoldenReport.Ran(result, GoldenRequest.CudaLabel, precision.Label());
        Assert.True(result.Passed, result.Describe());
    }

    /// <summary>Of Inception the first image: fourteen would take minutes, and go its way.</summary>
    internal static GoldenResult Run(GoldenCase golden, Device device) =>
        IsInception(golden) ? InceptionGolden.RunFirst(golden, device) : GoldenRunner.Run(golden, device);

    private static bool IsInception(GoldenCase golden) => golden.Kind == "inception_features";

    // Of the longest cases; every op's own tests have all storage types.
    private static bool IsConvolutional(GoldenCase golden) => IsInception(golden) || golden.Kind == "vae";

    private static string Kind(GoldenCase golden) =>
        golden.Kind == "sample" && golden.Case.GetProperty("sampler").GetString() == "ddpm" ? "ddpm"
        : golden.Kind == "forecast_sample" ? golden.Case.GetProperty("method").GetString()!
        : golden.Kind;

    private static int Evaluations(GoldenCase golden) => golden.Kind switch
    {
        "forward" or "vae" or "inception_features" => 1,
        "router_training" => golden.Case.GetProperty("optimizer_steps").GetInt32() * golden.Case.GetProperty("world").GetInt32(),
        _ => golden.Case.GetProperty(golden.Family == "uvit" ? "evaluations" : "steps").GetInt32(),
    };
}
