using L2c.Kernels;
using L2c.Testing.Golden;

namespace L2c.Model.Tests.Golden;

/// <summary>The measure itself is measured: in fp32 the naive device reproduces the recordings, in halves it errs by what halves cost and no more.</summary>
public sealed class NaiveDeviceTests
{
    public static TheoryData<string> Files => [.. CudaGoldenTests.DefaultFiles];

    [Theory]
    [MemberData(nameof(Files))]
    public void In_fp32_it_reproduces_the_recording_and_in_halves_it_errs_as_they_must(string file)
    {
        GoldenCase golden = GoldenManifest.Find(file);
        Assert.SkipUnless(GoldenRunner.MissingFile(golden) is null, $"{GoldenRunner.MissingFile(golden)} is not there");
        GoldenResult full = Run(DType.F32), half = Run(DType.F16), brain = Run(DType.BF16);
        Assert.All(full.Comparisons, c => Assert.True(c.Passed, $"{c.Tensor}: {c.Error:0.00e+00}, bound {c.Bound:0.00e+00}"));

        // Three bits of mantissa lie between the two, so a factor of eight; the last tensor has come through everything.
        double f16 = half.Comparisons[^1].Error, bf16 = brain.Comparisons[^1].Error;
        Assert.InRange(f16, 3 * full.Comparisons[^1].Error, 0.5 * bf16);

        GoldenResult Run(DType storage)
        {
            using var device = new NaiveDevice(storage);
            return CudaGoldenTests.Run(golden, device);
        }
    }
}
