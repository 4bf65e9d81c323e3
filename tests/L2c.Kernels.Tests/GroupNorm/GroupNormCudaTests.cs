using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>What group norm on CUDA has of its own: sums of parts of 1024 pixels, joined where there are several, in two levels.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class GroupNormCudaTests
{
    private const string Eights = "Kernel_Eights";
    private const string Scalars = "Kernel_Scalars";
    private const string Join = "Kernel_Join";

    // Pixels of an image, channels, groups, what runs: an image of one part and one of more; groups of 4, 16 and 3 channels, and of all.
    public static TheoryData<CudaPrecision, int, int, int, string[]> Cases =>
    [
        .. from precision in CudaWorkbench.Precisions
            from data in new (int, int, int, string[])[]
            {
                (30, 16, 4, [Eights, Eights]),
                (1024, 16, 1, [Eights, Eights]),
                (1025, 8, 2, [Eights, Join, Eights]),
                (2100, 16, 1, [Eights, Join, Eights]),
                (35, 9, 3, [Scalars, Scalars]),
                (1030, 6, 1, [Scalars, Join, Scalars]),
            }
            select (precision, data.Item1, data.Item2, data.Item3, data.Item4),
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Large_means_cost_no_digits_and_parts_are_joined(CudaPrecision precision, int pixels, int channels, int groups, string[] launches)
    {
        using CudaWorkbench bench = new(precision);
        var shape = new Shape(2, 1, pixels, channels);
        float[] x = bench.Round([.. RandomData.Normal(seed: 151, (int)shape.Count).Select(value => value + 30)]);
        float[] gamma = bench.Round(RandomData.Normal(seed: 152, channels)), beta = bench.Round(RandomData.Normal(seed: 153, channels));
        double[] exact = Reference.GroupNorm<double>(x, shape, gamma, beta, groups, 1e-6, Reference.Silu);
        float[] naive = bench.Round(Reference.GroupNorm<float>(x, shape, gamma, beta, groups, 1e-6, Reference.Silu));
        Tensor onX = bench.Put(x, 2, 1, pixels, channels), onGamma = bench.Put(gamma, channels), onBeta = bench.Put(beta, channels);
        Tensor y = bench.Take(2, 1, pixels, channels);
        bench.Launches();
        using OpSequence sequence = bench.Device.Capture(() => bench.Device.GroupNorm(onX, onGamma, onBeta, y, groups, 1e-6f, Activation.Silu));
        sequence.Run();
        Assert.Equal(launches, bench.Launches() ?? launches);
        float[] recorded = bench.Get(y);
        Tolerance.TimesNaive(2).Check(recorded, exact, naive);
        bench.Device.GroupNorm(onX, onGamma, onBeta, onX, groups, 1e-6f, Activation.Silu);
        Assert.Equal(recorded, bench.Get(onX));

        // Without the activation, and with an epsilon that shows.
        Tensor wrong = bench.Put(x, 2, 1, pixels, channels);
        bench.Device.GroupNorm(wrong, onGamma, onBeta, wrong, groups, 1e-6f);
        Tolerance.TimesNaive(2).MustReject(bench.Get(wrong), exact, naive);
        bench.Device.GroupNorm(bench.Put(x, 2, 1, pixels, channels), onGamma, onBeta, wrong, groups, 1e-1f, Activation.Silu);
        Tolerance.TimesNaive(2).MustReject(bench.Get(wrong), exact, naive);
    }
}
