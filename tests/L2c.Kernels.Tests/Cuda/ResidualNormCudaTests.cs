using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace L2c.Kernels.Tests.Cuda;

/// <summary>The kernel's C# method on ILGPU's CPU accelerator: 128 threads in warps of 32, with shuffles, barriers and shared memory, but not the
/// PTX.</summary>
public sealed class ResidualNormCudaTests(ResidualNormCudaTests.Emulated emulated) : IClassFixture<ResidualNormCudaTests.Emulated>
{
    [Theory]
    [InlineData(1, 1, 1, 0)]          // smallest: the variance is 0
    [InlineData(2, 4, 1152, 0)]       // DiT-XL/2, few tokens
    [InlineData(3, 5, 77, 0)]         // awkward: fewer channels than threads, odd
    [InlineData(1, 2, 129, 0)]        // awkward: one thread has two channels
    [InlineData(2, 2, 300, 1000)]     // |μ| >> σ, where one pass over the data cancels
    public void Forward_is_as_accurate_as_naive_fp32(int b, int t, int c, float mean)
    {
        ResidualNormCase data = new(seed: 41, b, t, c, mean);
        (double[] xExact, double[] yExact) = data.Exact();
        (float[] xNaive, float[] yNaive) = data.Naive();

        (float[] xOut, float[] y) = emulated.Run(data, gated: true, inPlace: false);

        AssertWithinTwiceNaive(xOut, xExact, xNaive);
        AssertWithinTwiceNaive(y, yExact, yNaive);
    }

    [Fact]
    public void The_tolerance_sees_a_dropped_shift_and_a_dropped_gate()
    {
        ResidualNormCase data = new(seed: 41, 3, 5, 77, 0);
        (double[] xExact, double[] yExact) = data.Exact();
        (float[] xNaive, float[] yNaive) = data.Naive();
        (float[] xOut, float[] y) = emulated.Run(data, gated: true, inPlace: false);
        Assert.True(WithinTwiceNaive(y, yExact, yNaive));

        float[] shiftDropped = [.. y.Select((v, i) => v - data.Modulation[(i / (5 * 77) * data.Stride) + (i % 77)])];
        Assert.False(WithinTwiceNaive(shiftDropped, yExact, yNaive));
        (float[] xGateDropped, float[] yGateDropped) = emulated.Run(data, gated: false, inPlace: false);
        Assert.True(WithinTwiceNaive(xOut, xExact, xNaive));
        Assert.False(WithinTwiceNaive(xGateDropped, xExact, xNaive));
        Assert.False(WithinTwiceNaive(yGateDropped, yExact, yNaive));
    }

    [Fact]
    public void Without_a_gate_the_branch_is_added_as_it_is()
    {
        ResidualNormCase data = new(seed: 7, 2, 3, 77, 0);
        (double[] xExact, double[] yExact) = data.Exact(gated: false);
        (float[] xNaive, float[] yNaive) = data.Naive(gated: false);

        (float[] xOut, float[] y) = emulated.Run(data, gated: false, inPlace: false);

        AssertWithinTwiceNaive(xOut, xExact, xNaive);
        AssertWithinTwiceNaive(y, yExact, yNaive);
    }

    [Fact]
    public void In_place_gives_the_same_bits()
    {
        ResidualNormCase data = new(seed: 5, 2, 3, 200, 0);

        (float[] XOut, float[] Y) apart = emulated.Run(data, gated: true, inPlace: false);
        (float[] XOut, float[] Y) inPlace = emulated.Run(data, gated: true, inPlace: true);

        Assert.Equal(apart.XOut, inPlace.XOut);
        Assert.Equal(apart.Y, inPlace.Y);
    }

    private static void AssertWithinTwiceNaive(float[] actual, double[] exact, float[] naive) =>
        Assert.True(
            WithinTwiceNaive(actual, exact, naive),
            $"error {MaxError(actual, exact):g3}, naive {MaxError(naive, exact):g3}");

    private static bool WithinTwiceNaive(float[] actual, double[] exact, float[] naive) => MaxError(actual, exact) <= 2 * MaxError(naive, exact);

    private static double MaxError(float[] values, double[] exact) =>
        values.Zip(exact, (v, e) => double.IsNaN(v) ? double.PositiveInfinity : Math.Abs(v - e)).Max();

    /// <summary>One CPU accelerator shaped like a block of the kernel.</summary>
    public sealed class Emulated : IDisposable
    {
        private readonly Context _context = Context.Create(
            builder => builder.CPU(new CPUDevice(numThreadsPerWarp: 32, numWarpsPerMultiprocessor: 4, numMultiprocessors: 1)));
        private readonly CPUAccelerator _accelerator;
        private readonly Action<KernelConfig, ulong, ulong, ulong, ulong, ulong, ulong, ulong, long, int, float> _kernel;

        public Emulated()
        {
            _accelerator = _context.CreateCPUAccelerator(0);
            _kernel = _accelerator.LoadStreamKernel<ulong, ulong, ulong, ulong, ulong, ulong, ulong, long, int, float>(
                ResidualNormCuda.GatedResidualNorm);
        }

        internal (float[] XOut, float[] Y) Run(ResidualNormCase data, bool gated, bool inPlace)
        {
            // Outputs start as NaN: an element that is not written cannot pass.
            float[] x = Pinned(data.X);
            float[] branch = Pinned(data.Branch);
            float[] modulation = Pinned(data.Modulation);
            float[] xOut = inPlace ? x : Pinned([.. Enumerable.Repeat(float.NaN, x.Length)]);
            float[] y = Pinned([.. Enumerable.Repeat(float.NaN, x.Length)]);
            _kernel(
                new KernelConfig(new Index3D(data.Tokens, data.Batch, 1), new Index3D(ResidualNormCuda.ThreadsPerBlock, 1, 1)),
                Address(x, 0),
                Address(branch, 0),
                gated ? Address(modulation, 2 * data.Channels) : 0,
                Address(modulation, data.Channels),
                Address(modulation, 0),
                Address(xOut, 0),
                Address(y, 0),
                data.Stride,
                data.Channels,
                ResidualNormCase.Eps);
            _accelerator.Synchronize();
            return (xOut, y);
        }

        public void Dispose()
        {
            _accelerator.Dispose();
            _context.Dispose();
        }

        private static float[] Pinned(float[] values)
        {
            float[] pinned = GC.AllocateArray<float>(values.Length, pinned: true);
            values.CopyTo(pinned, 0);
            return pinned;
        }

        private static ulong Address(float[] pinned, int index) =>
            (ulong)System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(pinned, index);
    }
}
