using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class SamplerUpdateTests
{
    // N, C, H, W: smallest; DiT latents; primes.
    private static readonly int[][] _shapes = [[1, 1, 1, 1], [2, 4, 32, 32], [3, 5, 7, 11]];

    // The state is fp32 in every precision.
    private static readonly int[][] _shapesOfCuda = [[1, 1, 1, 1], [2, 4, 8, 8], [3, 5, 7, 11]];

    public static TheoryData<string, int[]> Cases =>
        [.. DeviceCases.Of(DeviceCases.Cpu, _shapes), .. DeviceCases.Of([nameof(CudaPrecision.BF16)], _shapesOfCuda)];

    // Every evaluation with and without guidance, and with and without variance channels unless it needs them.
    public static TheoryData<string, int[], float, int> Evaluations =>
    [
        .. from evaluation in SamplerCase.All
           from shape in _shapesOfCuda
           from scale in new[] { 0f, 4f }
           from outputFactor in evaluation.Value.Prediction.LearnedVariance ? new[] { 2 } : [1, 2]
           select (evaluation.Key, shape, scale, outputFactor),
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Guided_ddim_is_as_accurate_as_naive_fp32(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        Case data = new(shape, outputFactor: 1, scale: 4, guided: Math.Min(3, shape[1]));
        SamplerCase ddim = SamplerCase.Ddim;
        data.Check(bench, ddim);
        data.MustReject(bench, ddim, ddim with { Prediction = ddim.Prediction with { InputToX0 = ddim.Prediction.EpsToX0, EpsToX0 = ddim.Prediction.InputToX0 } });
        data.MustReject(bench, ddim, ddim.WithFirst(u => u with { X0 = u.Eps, Eps = u.X0 }));
        if (shape[1] > 3)
        {
            data.MustReject(bench, ddim, ddim, guided: 4);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Clipped_ddim_with_noise_is_as_accurate_as_naive_fp32(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        Case data = new(shape, outputFactor: 2, scale: null, guided: 0);
        SamplerCase clipped = SamplerCase.ClippedWithNoise;
        data.Check(bench, clipped);
        data.MustReject(bench, clipped, clipped.WithFirst(u => u with { Noise = 0 }));
        if (data.ClipsSomething)
        {
            data.MustReject(bench, clipped, clipped with { Prediction = clipped.Prediction with { ClipX0 = false } });
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Ddpm_with_learned_variance_is_as_accurate_as_naive_fp32(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        Case data = new(shape, outputFactor: 2, scale: 1.5f, guided: shape[1]);
        SamplerCase ddpm = SamplerCase.Ddpm;
        data.Check(bench, ddpm);
        SamplerPrediction p = ddpm.Prediction;
        data.MustReject(bench, ddpm, ddpm with { Prediction = p with { MinLogVariance = p.MaxLogVariance, MaxLogVariance = p.MinLogVariance } });
        data.MustReject(bench, ddpm, (ddpm with { Prediction = p with { LearnedVariance = false } }).WithFirst(u => u with { Noise = 0.11f }));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Several_states_are_updated_as_accurately_as_by_naive_fp32(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        Case data = new(shape, outputFactor: 1, scale: 2, guided: shape[1]);
        foreach (SamplerCase evaluation in (SamplerCase[])[SamplerCase.Midpoint, SamplerCase.Multistep, SamplerCase.AllStates])
        {
            data.Check(bench, evaluation);
        }

        SamplerCase midpoint = SamplerCase.Midpoint, multistep = SamplerCase.Multistep;
        data.MustReject(bench, midpoint, midpoint with { Prediction = midpoint.Prediction with { Input = SamplerState.X } });
        data.MustReject(bench, multistep, multistep.WithFirst(u => u with { H1 = u.H2, H2 = u.H1 }));
        data.MustReject(bench, multistep, multistep.WithFirst(u => u with { X0 = u.H1, H1 = u.X0 }));
    }

    [Theory]
    [MemberData(nameof(Evaluations))]
    [Trait(DeviceCases.Trait, DeviceCases.Cuda)]
    public void An_evaluation_on_CUDA_gives_the_bits_of_the_CPU(string name, int[] shape, float scale, int outputFactor)
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

        float[][] expected = Run(cpu, evaluation, guidedChannels);
        Assert.Equal(expected, Run(cuda, evaluation, guidedChannels));
        SamplerPrediction p = evaluation.Prediction;
        SamplerCase nearly = evaluation with { Prediction = p with { InputToX0 = p.InputToX0 + 1e-4f } };
        Assert.NotEqual(expected, Run(cuda, nearly.WithFirst(u => u with { X0 = u.X0 + 1e-5f }), guidedChannels));
        if (guides)
        {
            Assert.NotEqual(expected, Run(cuda, evaluation, guidedChannels - 1));
        }

        // Unused states lie in memory that was never written, which the emulator lets nobody read.
        float[][] Run(Bench bench, SamplerCase by, int channels)
        {
            Tensor Put(SamplerState state) => IsRead(by, state) ? bench.PutState(values[SamplerForms.Name(state)], shape) : bench.TakeState(shape);
            SamplerTensors States() => new(
                Put(SamplerState.X), Put(SamplerState.U), Put(SamplerState.H1), Put(SamplerState.H2), Put(SamplerState.H3), bench.TakeState(shape));
            SamplerTensors states = States(), alone = States();
            Tensor guided = bench.TakeState(outputShape), onOutput = bench.PutState(output, outputShape);
            Tensor onScale = guides ? bench.PutState([scale], 1) : default;
            Tensor onNoise = by.Updates.Any(u => u.Noise != 0) ? bench.PutState(noise, shape) : default;
            bench.Device.SamplerUpdate(onOutput, onScale, channels, by.Prediction, states, onNoise, by.Updates, guided);
            float[][] results = [.. by.Updates.Select(u => bench.Get(states[u.Target])), bench.Get(guided)];

            bench.Device.SamplerUpdate(onOutput, onScale, channels, by.Prediction, alone, onNoise, by.Updates.AsSpan(0, 1));
            Assert.Equal(results[0], bench.Get(alone[by.Updates[0].Target]));
            return results;
        }
    }

    [Theory]
    [MemberData(nameof(DeviceCases.OneOfEach), MemberType = typeof(DeviceCases))]
    public void Every_update_reads_the_states_as_they_were(string device)
    {
        using Bench bench = Bench.Open(device);
        Tensor x = One(2), u = One(3), h1 = One(5);
        bench.Device.SamplerUpdate(
            One(0),
            default,
            0,
            default,
            new SamplerTensors(x, u, h1),
            default,
            [new(SamplerState.X) { U = 1 }, new(SamplerState.U) { X = 1, H1 = 1 }, new(SamplerState.H1) { X = 1, U = 10, H1 = 100 }]);
        Assert.Equal([3, 7, 532], new[] { bench.Get(x)[0], bench.Get(u)[0], bench.Get(h1)[0] });

        Tensor One(float value) => bench.PutState([value], 1, 1, 1, 1);
    }

    [Theory]
    [MemberData(nameof(DeviceCases.OneOfEach), MemberType = typeof(DeviceCases))]
    public void The_guidance_scale_is_read_when_a_recording_is_replayed(string device)
    {
        using Bench bench = Bench.Open(device);
        Tensor output = bench.PutState([3, 1], 2, 1, 1, 1), scale = bench.PutState([1], 1), x = bench.PutState([0], 1, 1, 1, 1);
        Tensor guided = bench.TakeState(2, 1, 1, 1);
        using OpSequence recording = bench.Device.Capture(() => bench.Device.SamplerUpdate(output, scale, 1, default, new(x), default, [], guided));
        bench.Device.Upload(scale, [5f]);
        recording.Run();
        Assert.Equal([11, 11], bench.Get(guided));
    }

    [Theory]
    [MemberData(nameof(DeviceCases.OneOfEach), MemberType = typeof(DeviceCases))]
    public void Clipping_does_not_hide_a_network_that_broke_down(string device)
    {
        using Bench bench = Bench.Open(device);
        Tensor x = bench.PutState([1, 1], 1, 1, 1, 2), x0 = bench.TakeState(1, 1, 1, 2);
        SamplerCase ddim = SamplerCase.Ddim;
        bench.Device.SamplerUpdate(
            bench.PutState([float.NaN, -9], 1, 1, 1, 2), default, 0, ddim.Prediction with { ClipX0 = true }, new(x, X0: x0), default, ddim.Updates);
        Assert.Equal([float.NaN, 1], bench.Get(x0));
        Assert.True(float.IsNaN(bench.Get(x)[0]));
    }

    [Fact]
    public void Bytes_are_those_of_the_states_that_take_part()
    {
        using var bench = new Workbench(nameof(InstructionSet.Portable));
        Tensor x = bench.Take(1, 1, 2, 2), output = bench.Take(1, 2, 2, 2);
        Assert.Equal(4 * (8 + (2 * 4)), Bytes([new(SamplerState.X) { X0 = 1 }]));
        Assert.Equal(4 * (8 + (3 * 4)), Bytes([new(SamplerState.X) { Eps = 1, Noise = 1 }]));
        Assert.Equal(4 * (8 + (5 * 4)), Bytes([new(SamplerState.X) { X0 = 1, H1 = 1, H2 = 1 }, new(SamplerState.H1) { X0 = 1 }]));

        long Bytes(LinearUpdate[] updates) => bench.Device.List(
            () => bench.Device.SamplerUpdate(output, default, 0, default, new(x, H1: x, H2: x), x, updates)).Single().Bytes;
    }

    private static bool IsRead(SamplerCase evaluation, SamplerState state) =>
        evaluation.Prediction.Input == state || evaluation.Updates.Any(u => u.WeightOf(state) != 0);

    private sealed class Case
    {
        private readonly int[] _shape;
        private readonly int[] _outputShape;
        private readonly float? _scale;
        private readonly int _guided;
        private readonly float[] _output;
        private readonly float[] _noise;
        private readonly Dictionary<string, float[]> _states;

        public Case(int[] shape, int outputFactor, float? scale, int guided)
        {
            (_shape, _scale, _guided) = (shape, scale, guided);
            _outputShape = [(scale is null ? 1 : 2) * shape[0], outputFactor * shape[1], shape[2], shape[3]];
            _output = RandomData.Normal(seed: 111, _outputShape.Aggregate((a, b) => a * b));
            _noise = RandomData.Normal(seed: 112, shape.Aggregate((a, b) => a * b));
            _states = SamplerCase.States(_noise.Length);
        }

        public bool ClipsSomething
        {
            get
            {
                SamplerCase unclipped = SamplerCase.ClippedWithNoise with
                {
                    Prediction = SamplerCase.ClippedWithNoise.Prediction with { ClipX0 = false },
                    Updates = [SamplerCase.KeepX0],
                };
                return Exact<double>(unclipped).Targets["x0"].Any(v => Math.Abs(v) > 1.1);
            }
        }

        public void Check(Bench bench, SamplerCase evaluation)
        {
            (Dictionary<string, double[]> exact, double[] guided) = Exact<double>(evaluation);
            (Dictionary<string, float[]> naive, float[] naiveGuided) = Exact<float>(evaluation);
            (Dictionary<string, float[]> actual, float[] actualGuided) = Run(bench, evaluation, _guided);
            Assert.Equal(exact.Keys, actual.Keys);
            foreach (string target in exact.Keys)
            {
                Tolerance.TimesNaive(2).Check(actual[target], exact[target], naive[target]);
            }

            Tolerance.TimesNaive(2).Check(actualGuided, guided, naiveGuided);
        }

        public void MustReject(Bench bench, SamplerCase evaluation, SamplerCase faulty, int? guided = null) =>
            Tolerance.TimesNaive(2).MustReject(
                Run(bench, faulty, guided ?? _guided).Targets["x"], Exact<double>(evaluation).Targets["x"], Exact<float>(evaluation).Targets["x"]);

        private (Dictionary<string, T[]> Targets, T[] Guided) Exact<T>(SamplerCase evaluation)
            where T : System.Numerics.IFloatingPointIeee754<T> => Reference.SamplerUpdate<T>(
                _output,
                _scale,
                _guided,
                SamplerForms.Of(evaluation.Prediction),
                [.. evaluation.Updates.Select(SamplerForms.Of)],
                _states,
                _noise,
                _shape[0],
                _shape[1]);

        private (Dictionary<string, float[]> Targets, float[] Guided) Run(Bench bench, SamplerCase evaluation, int guidedChannels)
        {
            Tensor Put(SamplerState state) => bench.PutState(_states[SamplerForms.Name(state)], _shape);
            SamplerTensors states = new(
                Put(SamplerState.X), Put(SamplerState.U), Put(SamplerState.H1), Put(SamplerState.H2), Put(SamplerState.H3), bench.TakeState(_shape));
            Tensor guided = bench.TakeState(_outputShape), scale = _scale is float s ? bench.PutState([s], 1) : default;
            Tensor output = bench.PutState(_output, _outputShape), noise = bench.PutState(_noise, _shape);
            bench.Device.SamplerUpdate(output, scale, guidedChannels, evaluation.Prediction, states, noise, evaluation.Updates, guided);
            return (evaluation.Updates.ToDictionary(u => SamplerForms.Name(u.Target), u => bench.Get(states[u.Target])), bench.Get(guided));
        }
    }
}
