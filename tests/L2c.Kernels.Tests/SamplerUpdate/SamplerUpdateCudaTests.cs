using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>The updates of an evaluation, as PTX through the emulator: the CPU form's bits, which have their own tests against double precision.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class SamplerUpdateCudaTests
{
    // N, C, H, W: smallest; DiT latents, smaller; primes.
    private static readonly int[][] _shapes = [[1, 1, 1, 1], [2, 4, 8, 8], [3, 5, 7, 11]];

    // Every evaluation with and without guidance, and with and without variance channels unless it needs them.
    public static TheoryData<string, int[], float, int> Cases =>
    [
        .. from evaluation in SamplerCase.All
           from shape in _shapes
           from scale in new[] { 0f, 4f }
           from outputFactor in evaluation.Value.Prediction.LearnedVariance ? new[] { 2 } : [1, 2]
           select (evaluation.Key, shape, scale, outputFactor),
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void An_evaluation_gives_the_bits_of_the_CPU(string name, int[] shape, float scale, int outputFactor)
    {
        SamplerCase evaluation = SamplerCase.All[name];
        using CudaWorkbench cuda = new(CudaPrecision.BF16);
        using Workbench cpu = new(nameof(InstructionSet.Portable));
        bool guides = scale != 0;
        int guidedChannels = guides ? Math.Min(3, shape[1]) : 0;
        int[] outputShape = [(guides ? 2 : 1) * shape[0], outputFactor * shape[1], shape[2], shape[3]];
        float[] output = RandomData.Normal(seed: 111, outputShape.Aggregate((a, b) => a * b));
        float[] noise = RandomData.Normal(seed: 112, shape.Aggregate((a, b) => a * b));
        Dictionary<string, float[]> values = SamplerCase.States(noise.Length);

        float[][] expected = Run(cpu.Device, cpu.Put, cpu.Take, cpu.Get, evaluation, guidedChannels);
        Assert.Equal(expected, OnCuda(evaluation, guidedChannels));
        SamplerPrediction p = evaluation.Prediction;
        SamplerCase nearly = evaluation with { Prediction = p with { InputToX0 = p.InputToX0 + 1e-4f } };
        Assert.NotEqual(expected, OnCuda(nearly.WithFirst(u => u with { X0 = u.X0 + 1e-5f }), guidedChannels));
        if (guides)
        {
            Assert.NotEqual(expected, OnCuda(evaluation, guidedChannels - 1));
        }

        float[][] OnCuda(SamplerCase faulty, int channels) => Run(cuda.Device, cuda.PutState, cuda.TakeState, cuda.Get, faulty, channels);

        // Unused states lie in memory that was never written, which the emulator lets nobody read.
        float[][] Run(Device device, PutValues put, TakeTensor take, Func<Tensor, float[]> get, SamplerCase by, int channels)
        {
            Tensor PutIfRead(SamplerState state) => IsRead(by, state) ? put(values[SamplerForms.Name(state)], shape) : take(shape);
            SamplerTensors States() => new(
                PutIfRead(SamplerState.X), PutIfRead(SamplerState.U), PutIfRead(SamplerState.H1), PutIfRead(SamplerState.H2), PutIfRead(SamplerState.H3), take(shape));
            SamplerTensors states = States(), alone = States();
            Tensor guided = take(outputShape), onOutput = put(output, outputShape), onScale = guides ? put([scale], 1) : default;
            Tensor onNoise = by.Updates.Any(u => u.Noise != 0) ? put(noise, shape) : default;
            device.SamplerUpdate(onOutput, onScale, channels, by.Prediction, states, onNoise, by.Updates, guided);
            float[][] results = [.. by.Updates.Select(u => get(states[u.Target])), get(guided)];

            device.SamplerUpdate(onOutput, onScale, channels, by.Prediction, alone, onNoise, by.Updates.AsSpan(0, 1));
            Assert.Equal(results[0], get(alone[by.Updates[0].Target]));
            return results;
        }
    }

    [Fact]
    public void Clipping_does_not_hide_a_network_that_broke_down()
    {
        using CudaWorkbench bench = new(CudaPrecision.F16);
        Tensor x = bench.PutState([1, 1], 1, 1, 1, 2), x0 = bench.TakeState(1, 1, 1, 2);
        SamplerCase ddim = SamplerCase.Ddim;
        bench.Device.SamplerUpdate(
            bench.PutState([float.NaN, -9], 1, 1, 1, 2), default, 0, ddim.Prediction with { ClipX0 = true }, new(x, X0: x0), default, ddim.Updates);
        Assert.Equal([float.NaN, 1], bench.Get(x0));
        Assert.True(float.IsNaN(bench.Get(x)[0]));
    }

    [Fact]
    public void The_guidance_scale_is_read_when_a_graph_is_replayed()
    {
        using CudaWorkbench bench = new(CudaPrecision.F16);
        Tensor output = bench.PutState([3, 1], 2, 1, 1, 1), scale = bench.PutState([1], 1), x = bench.PutState([0], 1, 1, 1, 1);
        Tensor guided = bench.TakeState(2, 1, 1, 1);
        using OpSequence recording = bench.Device.Capture(
            () => bench.Device.SamplerUpdate(output, scale, 1, SamplerCase.Ddim.Prediction, new(x), default, SamplerCase.Ddim.Updates.AsSpan(0, 1), guided));
        bench.Device.Upload(scale, [5f]);
        recording.Run();
        Assert.Equal([11, 11], bench.Get(guided));
    }

    private static bool IsRead(SamplerCase evaluation, SamplerState state) =>
        evaluation.Prediction.Input == state || evaluation.Updates.Any(u => u.WeightOf(state) != 0);

    private delegate Tensor PutValues(float[] values, params int[] extents);

    private delegate Tensor TakeTensor(params int[] extents);
}
