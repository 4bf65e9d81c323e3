using L2c.Testing;

namespace L2c.Kernels.Tests.Cuda;

/// <summary>The sampler's step, as PTX through the emulator: the CPU form's bits, which have their own tests against double precision.</summary>
public sealed class SamplerUpdateCudaTests
{
    private static readonly SamplerCoefficients _ddim = new() { XToX0 = 1.6f, EpsToX0 = 1.25f, MeanX0 = 0.72f, MeanEps = 0.69f };

    private static readonly Dictionary<string, SamplerCoefficients> _steps = new()
    {
        ["DDIM"] = _ddim,
        ["DDIM with noise, clipped"] = _ddim with { MeanEps = 0.6f, Sigma = 0.3f, UsesNoise = true, ClipX0 = true },
        ["DDPM, learned variance"] = new()
        {
            XToX0 = 1.6f,
            EpsToX0 = 1.25f,
            MeanX0 = 0.05f,
            MeanX = 0.94f,
            LearnedVariance = true,
            MinLogVariance = -4.5f,
            MaxLogVariance = -4.1f,
            UsesNoise = true,
        },
    };

    // N, C, H, W: smallest; DiT latents, smaller; primes.
    private static readonly int[][] _shapes = [[1, 1, 1, 1], [2, 4, 8, 8], [3, 5, 7, 11]];

    // Every step with and without guidance, and with and without variance channels unless it needs them.
    public static TheoryData<string, int[], float, int> Cases =>
    [
        .. from step in _steps
           from shape in _shapes
           from scale in new[] { 0f, 4f }
           from outputFactor in step.Value.LearnedVariance ? new[] { 2 } : [1, 2]
           select (step.Key, shape, scale, outputFactor),
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_step_gives_the_bits_of_the_CPU(string name, int[] shape, float scale, int outputFactor)
    {
        SamplerCoefficients step = _steps[name];
        using CudaWorkbench cuda = new(CudaPrecision.BF16);
        using Workbench cpu = new(nameof(InstructionSet.Portable));
        bool guides = scale != 0;
        int guidedChannels = guides ? Math.Min(3, shape[1]) : 0;
        int[] outputShape = [(guides ? 2 : 1) * shape[0], outputFactor * shape[1], shape[2], shape[3]];
        float[] output = RandomData.Normal(seed: 111, outputShape.Aggregate((a, b) => a * b));
        float[] noise = RandomData.Normal(seed: 112, shape.Aggregate((a, b) => a * b)), x = RandomData.Normal(seed: 113, noise.Length);

        float[][] expected = Run(cpu.Device, cpu.Put, cpu.Take, cpu.Get, step, guidedChannels);
        Assert.Equal(expected, OnCuda(step, guidedChannels));
        Assert.NotEqual(expected, OnCuda(step with { MeanX0 = MathF.BitIncrement(step.MeanX0), XToX0 = step.XToX0 + 1e-6f }, guidedChannels));
        if (guides)
        {
            Assert.NotEqual(expected, OnCuda(step, guidedChannels - 1));
        }

        float[][] OnCuda(SamplerCoefficients coefficients, int channels) =>
            Run(cuda.Device, cuda.PutState, cuda.TakeState, cuda.Get, coefficients, channels);

        float[][] Run(
            Device device, PutValues put, TakeTensor take, Func<Tensor, float[]> get, SamplerCoefficients coefficients, int channels)
        {
            Tensor state = put(x, shape), x0 = take(shape), guided = take(outputShape);
            Tensor onScale = guides ? put([scale], 1) : default, onNoise = coefficients.UsesNoise ? put(noise, shape) : default;
            device.SamplerUpdate(put(output, outputShape), onScale, channels, coefficients, onNoise, state, x0, guided);
            float[][] results = [get(state), get(x0), get(guided)];

            Tensor alone = put(x, shape);
            device.SamplerUpdate(put(output, outputShape), onScale, channels, coefficients, onNoise, alone);
            Assert.Equal(results[0], get(alone));
            return results;
        }
    }

    [Fact]
    public void Clipping_does_not_hide_a_network_that_broke_down()
    {
        using CudaWorkbench bench = new(CudaPrecision.F16);
        Tensor x = bench.PutState([1, 1], 1, 1, 1, 2), x0 = bench.TakeState(1, 1, 1, 2);
        bench.Device.SamplerUpdate(bench.PutState([float.NaN, -9], 1, 1, 1, 2), default, 0, _ddim with { ClipX0 = true }, default, x, x0);
        Assert.Equal([float.NaN, 1], bench.Get(x0));
        Assert.True(float.IsNaN(bench.Get(x)[0]));
    }

    [Fact]
    public void The_guidance_scale_is_read_when_a_graph_is_replayed()
    {
        using CudaWorkbench bench = new(CudaPrecision.F16);
        Tensor output = bench.PutState([3, 1], 2, 1, 1, 1), scale = bench.PutState([1], 1), x = bench.PutState([0], 1, 1, 1, 1);
        Tensor guided = bench.TakeState(2, 1, 1, 1);
        using OpSequence recording = bench.Device.Capture(() => bench.Device.SamplerUpdate(output, scale, 1, _ddim, default, x, default, guided));
        bench.Device.Upload(scale, [5f]);
        recording.Run();
        Assert.Equal([11, 11], bench.Get(guided));
    }

    private delegate Tensor PutValues(float[] values, params int[] extents);

    private delegate Tensor TakeTensor(params int[] extents);
}
