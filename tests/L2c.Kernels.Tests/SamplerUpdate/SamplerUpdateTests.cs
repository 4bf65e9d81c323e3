using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class SamplerUpdateTests
{
    // N, C, H, W: smallest; DiT latents; primes.
    private static readonly int[][] _shapes = [[1, 1, 1, 1], [2, 4, 32, 32], [3, 5, 7, 11]];

    public static MatrixTheoryData<string, int[]> Cases => new(Workbench.Sets, _shapes);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Guided_ddim_is_as_accurate_as_naive_fp32(string set, int[] shape)
    {
        using var bench = new Workbench(set);
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
    public void Clipped_ddim_with_noise_is_as_accurate_as_naive_fp32(string set, int[] shape)
    {
        using var bench = new Workbench(set);
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
    public void Ddpm_with_learned_variance_is_as_accurate_as_naive_fp32(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        Case data = new(shape, outputFactor: 2, scale: 1.5f, guided: shape[1]);
        SamplerCase ddpm = SamplerCase.Ddpm;
        data.Check(bench, ddpm);
        SamplerPrediction p = ddpm.Prediction;
        data.MustReject(bench, ddpm, ddpm with { Prediction = p with { MinLogVariance = p.MaxLogVariance, MaxLogVariance = p.MinLogVariance } });
        data.MustReject(bench, ddpm, (ddpm with { Prediction = p with { LearnedVariance = false } }).WithFirst(u => u with { Noise = 0.11f }));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Several_states_are_updated_as_accurately_as_by_naive_fp32(string set, int[] shape)
    {
        using var bench = new Workbench(set);
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

    [Fact]
    public void Every_update_reads_the_states_as_they_were()
    {
        using var bench = new Workbench(nameof(InstructionSet.Portable));
        Tensor x = bench.Put([2], 1, 1, 1, 1), u = bench.Put([3], 1, 1, 1, 1), h1 = bench.Put([5], 1, 1, 1, 1);
        bench.Device.SamplerUpdate(
            bench.Put([0], 1, 1, 1, 1),
            default,
            0,
            default,
            new SamplerTensors(x, u, h1),
            default,
            [new(SamplerState.X) { U = 1 }, new(SamplerState.U) { X = 1, H1 = 1 }, new(SamplerState.H1) { X = 1, U = 10, H1 = 100 }]);
        Assert.Equal([3, 7, 532], new[] { bench.Get(x)[0], bench.Get(u)[0], bench.Get(h1)[0] });
    }

    [Fact]
    public void The_guidance_scale_is_read_when_a_recording_is_replayed()
    {
        using var bench = new Workbench(nameof(InstructionSet.Portable));
        Tensor output = bench.Put([3, 1], 2, 1, 1, 1), scale = bench.Put([1], 1), x = bench.Put([0], 1, 1, 1, 1), guided = bench.Take(2, 1, 1, 1);
        using OpSequence recording = bench.Device.Capture(() => bench.Device.SamplerUpdate(output, scale, 1, default, new(x), default, [], guided));
        bench.Device.Upload(scale, [5f]);
        recording.Run();
        Assert.Equal([11, 11], bench.Get(guided));
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

        public void Check(Workbench bench, SamplerCase evaluation)
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

        public void MustReject(Workbench bench, SamplerCase evaluation, SamplerCase faulty, int? guided = null) =>
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

        private (Dictionary<string, float[]> Targets, float[] Guided) Run(Workbench bench, SamplerCase evaluation, int guidedChannels)
        {
            Tensor Put(SamplerState state) => bench.Put(_states[SamplerForms.Name(state)], _shape);
            SamplerTensors states = new(
                Put(SamplerState.X), Put(SamplerState.U), Put(SamplerState.H1), Put(SamplerState.H2), Put(SamplerState.H3), bench.Take(_shape));
            Tensor guided = bench.Take(_outputShape), scale = _scale is float s ? bench.Put([s], 1) : default;
            bench.Device.SamplerUpdate(
                bench.Put(_output, _outputShape), scale, guidedChannels, evaluation.Prediction, states, bench.Put(_noise, _shape), evaluation.Updates, guided);
            return (evaluation.Updates.ToDictionary(u => SamplerForms.Name(u.Target), u => bench.Get(states[u.Target])), bench.Get(guided));
        }
    }
}
