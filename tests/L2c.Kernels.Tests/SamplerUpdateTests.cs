using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class SamplerUpdateTests
{
    // Steps as a 20-step grid has them in its middle.
    private static readonly SamplerCoefficients _ddim = new() { XToX0 = 1.6f, EpsToX0 = 1.25f, MeanX0 = 0.72f, MeanEps = 0.69f };
    private static readonly SamplerCoefficients _eta = _ddim with { MeanEps = 0.6f, Sigma = 0.3f, UsesNoise = true, ClipX0 = true };
    private static readonly SamplerCoefficients _ddpm = new()
    {
        XToX0 = 1.6f,
        EpsToX0 = 1.25f,
        MeanX0 = 0.05f,
        MeanX = 0.94f,
        LearnedVariance = true,
        MinLogVariance = -4.5f,
        MaxLogVariance = -4.1f,
        UsesNoise = true,
    };

    // N, C, H, W: smallest; DiT latents; primes.
    private static readonly int[][] _shapes = [[1, 1, 1, 1], [2, 4, 32, 32], [3, 5, 7, 11]];

    public static MatrixTheoryData<string, int[]> Cases => new(Workbench.Sets, _shapes);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Guided_ddim_is_as_accurate_as_naive_fp32(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        Case data = new(shape, outputFactor: 1, scale: 4, guided: Math.Min(3, shape[1]));
        data.Check(bench, _ddim);
        data.MustReject(bench, _ddim, _ddim with { XToX0 = _ddim.EpsToX0, EpsToX0 = _ddim.XToX0 });
        data.MustReject(bench, _ddim, _ddim with { MeanX0 = _ddim.MeanEps, MeanEps = _ddim.MeanX0 });
        if (shape[1] > 3)
        {
            data.MustReject(bench, _ddim, _ddim, guided: 4);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Clipped_ddim_with_noise_is_as_accurate_as_naive_fp32(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        Case data = new(shape, outputFactor: 2, scale: null, guided: 0);
        data.Check(bench, _eta);
        data.MustReject(bench, _eta, _eta with { UsesNoise = false });
        if (data.ClipsSomething)
        {
            data.MustReject(bench, _eta, _eta with { ClipX0 = false });
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Ddpm_with_learned_variance_is_as_accurate_as_naive_fp32(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        Case data = new(shape, outputFactor: 2, scale: 1.5f, guided: shape[1]);
        data.Check(bench, _ddpm);
        data.MustReject(bench, _ddpm, _ddpm with { MinLogVariance = _ddpm.MaxLogVariance, MaxLogVariance = _ddpm.MinLogVariance });
        data.MustReject(bench, _ddpm, _ddpm with { LearnedVariance = false, Sigma = 0.11f });
    }

    [Fact]
    public void The_guidance_scale_is_read_when_a_recording_is_replayed()
    {
        using var bench = new Workbench(nameof(InstructionSet.Portable));
        Tensor output = bench.Put([3, 1], 2, 1, 1, 1), scale = bench.Put([1], 1), x = bench.Put([0], 1, 1, 1, 1), guided = bench.Take(2, 1, 1, 1);
        using OpSequence recording = bench.Device.Capture(() => bench.Device.SamplerUpdate(output, scale, 1, _ddim, default, x, default, guided));
        bench.Device.Upload(scale, [5f]);
        recording.Run();
        Assert.Equal([11, 11], bench.Get(guided));
    }

    [Fact]
    public void Wrong_shapes_are_refused_by_name()
    {
        using var bench = new Workbench(nameof(InstructionSet.Portable));
        Tensor x = bench.Take(2, 4, 3, 3), output = bench.Take(2, 4, 3, 3), scale = bench.Take(1);
        Refused("SamplerUpdate: output [2, 4, 3, 3] does not match x [2, 4, 3, 3] (B is N, or 2N", () => bench.Device.SamplerUpdate(output, scale, 3, _ddim, default, x));
        Refused("SamplerUpdate: output [2, 4, 3, 3] has no variance channels", () => bench.Device.SamplerUpdate(output, default, 0, _ddpm, x, x));
        Refused("SamplerUpdate: 5 guided channels of 4", () => bench.Device.SamplerUpdate(output, default, 5, _ddim, default, x));
        Refused("SamplerUpdate: noise [] does not match x", () => bench.Device.SamplerUpdate(output, default, 0, _eta, default, x));
        Refused("SamplerUpdate: output [2, 4, 3, 4] does not match x", () => bench.Device.SamplerUpdate(bench.Take(2, 4, 3, 4), default, 0, _ddim, default, x));

        static void Refused(string start, Action call) => Assert.StartsWith(start, Assert.Throws<ArgumentException>(call).Message, StringComparison.Ordinal);
    }

    private sealed class Case
    {
        private readonly int[] _shape;
        private readonly int[] _outputShape;
        private readonly float? _scale;
        private readonly int _guided;
        private readonly float[] _output;
        private readonly float[] _noise;
        private readonly float[] _x;

        public Case(int[] shape, int outputFactor, float? scale, int guided)
        {
            (_shape, _scale, _guided) = (shape, scale, guided);
            _outputShape = [(scale is null ? 1 : 2) * shape[0], outputFactor * shape[1], shape[2], shape[3]];
            _output = RandomData.Normal(seed: 111, _outputShape.Aggregate((a, b) => a * b));
            _noise = RandomData.Normal(seed: 112, shape.Aggregate((a, b) => a * b));
            _x = RandomData.Normal(seed: 113, _noise.Length);
        }

        public bool ClipsSomething => Exact<double>(_eta with { ClipX0 = false }).X0.Any(v => Math.Abs(v) > 1.1);

        public void Check(Workbench bench, SamplerCoefficients step)
        {
            (double[] x, double[] x0, double[] guided) = Exact<double>(step);
            (float[] naiveX, float[] naiveX0, float[] naiveGuided) = Exact<float>(step);
            (float[] actualX, float[] actualX0, float[] actualGuided) = Run(bench, step, _guided);
            Tolerance.TimesNaive(2).Check(actualX, x, naiveX);
            Tolerance.TimesNaive(2).Check(actualX0, x0, naiveX0);
            Tolerance.TimesNaive(2).Check(actualGuided, guided, naiveGuided);
        }

        public void MustReject(Workbench bench, SamplerCoefficients step, SamplerCoefficients faulty, int? guided = null) =>
            Tolerance.TimesNaive(2).MustReject(Run(bench, faulty, guided ?? _guided).X, Exact<double>(step).X, Exact<float>(step).X);

        private (T[] X, T[] X0, T[] Guided) Exact<T>(SamplerCoefficients s)
            where T : System.Numerics.IFloatingPointIeee754<T>
        {
            var step = new ReferenceStep(
                s.XToX0, s.EpsToX0, s.MeanX0, s.MeanEps, s.MeanX, s.Sigma, s.LearnedVariance ? (s.MinLogVariance, s.MaxLogVariance) : null, s.ClipX0);
            return Reference.SamplerUpdate<T>(_output, _scale, _guided, step, s.UsesNoise ? _noise : null, _x, _shape[0], _shape[1]);
        }

        private (float[] X, float[] X0, float[] Guided) Run(Workbench bench, SamplerCoefficients step, int guidedChannels)
        {
            Tensor x = bench.Put(_x, _shape), x0 = bench.Take(_shape), guided = bench.Take(_outputShape);
            Tensor scale = _scale is float s ? bench.Put([s], 1) : default;
            bench.Device.SamplerUpdate(bench.Put(_output, _outputShape), scale, guidedChannels, step, step.UsesNoise ? bench.Put(_noise, _shape) : default, x, x0, guided);
            return (bench.Get(x), bench.Get(x0), bench.Get(guided));
        }
    }
}
