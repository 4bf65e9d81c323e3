using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class HybridLossTests
{
    // Timesteps 0, 1, 500 and 999 of 1000 linear betas, 1e-4 to 2e-2.
    private static readonly ReferenceTimestep[] _timesteps = [.. new[] { 0, 1, 500, 999 }.Select(Timestep)];

    // B, C, H, W: smallest; DiT's latents; awkward.
    private static readonly int[][] _shapes = [[1, 1, 1, 1], [4, 4, 32, 32], [4, 3, 5, 7]];

    // Its tensors are fp32 in every precision.
    private static readonly int[][] _shapesOfCuda = [[1, 1, 1, 1], [4, 4, 8, 8], [4, 3, 5, 7]];

    private static readonly string[] _singles = [.. DeviceCases.Cpu, nameof(CudaPrecision.F32)];

    public static TheoryData<string, int[]> Cases =>
        [.. DeviceCases.Of(DeviceCases.Cpu, _shapes), .. DeviceCases.Of(DeviceCases.Stored, _shapesOfCuda)];

    public static TheoryData<string> Singles => [.. DeviceCases.Of(_singles)];

    // x0 at both ends and in the middle, eps near the data and far beyond it, where the mass is cut.
    public static TheoryData<string, float, float> Ends => [.. DeviceCases.Of(_singles, [-1, 0.25f, 1], [0, 3f, -300])];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Losses_and_gradient_are_as_accurate_as_naive_fp32(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        for (int first = 0; first < _timesteps.Length; first += shape[0])
        {
            Case data = new(shape, _timesteps[first..(first + shape[0])]);
            (double[] exactLosses, double[] exact) = data.Expected<double>();
            (float[] naiveLosses, float[] naive) = data.Expected<float>();
            (float[] losses, float[] gradient) = data.Run(bench);
            for (int image = 0; image < shape[0]; image++)
            {
                // Halves of one image apart: their sizes differ by orders of magnitude.
                int size = gradient.Length / shape[0] / 2;
                foreach (Range half in (Range[])[(2 * image * size)..((2 * image + 1) * size), ((2 * image + 1) * size)..((2 * image + 2) * size)])
                {
                    Tolerance.TimesNaive(2).Check(gradient[half], exact[half], naive[half]);
                    if (size > 1)
                    {
                        // Planted fault. Of one value late in the schedule the naive computation has lost more digits than that.
                        Tolerance.TimesNaive(2).MustReject(Array.ConvertAll(gradient[half], v => v * 1.001f), exact[half], naive[half]);
                    }
                }

                foreach (Range loss in (Range[])[(2 * image)..(2 * image + 1), (2 * image + 1)..(2 * image + 2)])
                {
                    Tolerance.TimesNaive(2).Check(losses[loss], exactLosses[loss], naiveLosses[loss]);
                }
            }

            // Planted fault: no weight of the error.
            (float[] sameLosses, float[] unweighted) = data.Run(bench, [.. data.Timesteps.Select(step => step with { ErrorWeight = 1 })]);
            Assert.Equal(losses, sameLosses);
            if (data.Timesteps.Any(step => step.ErrorWeight < 1))
            {
                Tolerance.TimesNaive(2).MustReject(unweighted, exact, naive);
            }

            // Planted fault: the next timestep's tables.
            ReferenceTimestep[] next = [.. data.Timesteps.Select((_, i) => _timesteps[(first + i + 1) % _timesteps.Length])];
            (float[] wrongLosses, float[] wrong) = data.Run(bench, next);
            Tolerance.TimesNaive(2).MustReject(wrongLosses, exactLosses, naiveLosses);
            Tolerance.TimesNaive(2).MustReject(OfVariance(wrong), OfVariance(exact), OfVariance(naive));

            T[] OfVariance<T>(T[] gradient) => [.. gradient.Where((_, i) => i / (gradient.Length / shape[0] / 2) % 2 == 1)];
        }
    }

    [Theory]
    [MemberData(nameof(Singles))]
    public void The_gradient_may_overwrite_the_output(string device)
    {
        using Bench bench = Bench.Open(device);
        Case data = new(_shapes[2], _timesteps);
        (float[] losses, float[] gradient) = data.Run(bench);
        (float[] again, float[] inPlace) = data.Run(bench, inPlace: true);
        Assert.Equal(losses, again);
        Assert.Equal(gradient, inPlace);
    }

    [Theory]
    [MemberData(nameof(Singles))]
    public void Equal_distributions_give_0(string device)
    {
        using Bench bench = Bench.Open(device);

        // x_t = 0 and eps = -x0 / EpsToX0, a power of two, so that the predicted x0 is exact; v = -1 is the true variance.
        ReferenceTimestep step = _timesteps[2] with { EpsToX0 = 4 };
        Tensor noise = bench.PutState([0.5f, -1], 1, 1, 1, 2), x0 = bench.PutState([-2, 4], 1, 1, 1, 2), xt = bench.PutState([0, 0], 1, 1, 1, 2);
        Tensor output = bench.PutState([0.5f, -1, -1, -1], 1, 2, 1, 2), losses = bench.TakeState(1, 2);
        bench.Device.HybridLoss(output, noise, x0, xt, bench.PutState(Table([step]), 1, (int)HybridLossColumn.Count), output, losses);
        Assert.Equal([0, 0], bench.Get(losses));
        Assert.Equal([0, 0, 0, 0], bench.Get(output));
    }

    [Theory]
    [MemberData(nameof(Ends))]
    public void The_ends_of_the_scale_are_open(string device, float x0, float eps)
    {
        using Bench bench = Bench.Open(device);
        ReferenceTimestep[] first = [Timestep(0)];
        float[] output = [eps, 0.1f];
        float xt = x0 / first[0].XToX0;
        (double[] exactLosses, double[] exact) = Reference.HybridLoss<double>(output, [0], [x0], [xt], first);
        (float[] naiveLosses, float[] naive) = Reference.HybridLoss<float>(output, [0], [x0], [xt], first);
        Tensor losses = bench.TakeState(1, 2), gradient = bench.PutState(output, 1, 2, 1, 1);
        Tensor table = bench.PutState(Table(first), 1, (int)HybridLossColumn.Count);
        bench.Device.HybridLoss(gradient, One(0), One(x0), One(xt), table, gradient, losses);
        Tolerance.TimesNaive(2).Check(bench.Get(losses), exactLosses, naiveLosses);
        Tolerance.TimesNaive(2).Check([bench.Get(gradient)[1]], [exact[1]], [naive[1]]);

        Tensor One(float value) => bench.PutState([value], 1, 1, 1, 1);
    }

    [Theory]
    [InlineData(-1f, 0.0)]
    [InlineData(1f, 0.0)]
    [InlineData(0.5019608f, 0.0)]
    [InlineData(0.5019608f, 0.03)]
    [InlineData(0.5019608f, -0.03)]
    [InlineData(0.5019608f, 0.055)]
    [InlineData(0.5019608f, 0.5)]
    [InlineData(-1f, 0.5)]
    [InlineData(1f, -0.5)]
    public void Grid_likelihood_equals_the_published_form(float x, double away)
    {
        foreach (double logVariance in (double[])[-9.8, -9.2, -6, 0, 3])
        {
            (double nats, double slope) = Reference.NegativeLogLikelihood(x, x + away, logVariance);
            Assert.Equal(nats, GridLikelihood.NegativeLog(x, x + away, logVariance, out double actual), 1e-5);
            Assert.Equal(slope, actual, 1e-4 * Math.Max(1, Math.Abs(slope)));
        }
    }

    [Fact]
    public void Grid_likelihood_keeps_its_digits_in_the_tails()
    {
        // Around its cut the mass is the difference of two numbers near 1 or near 0: by a mirror image both must give the same.
        double above = GridLikelihood.NegativeLog(0.25f, 0.25 - 0.045, -9.8, out double slopeAbove);
        double below = GridLikelihood.NegativeLog(-0.25f, -0.25 + 0.045, -9.8, out double slopeBelow);
        Assert.InRange(above, 15, 27.6);
        Assert.Equal(above, below, 1e-12);
        Assert.Equal(slopeAbove, slopeBelow, 1e-10);
    }

    private static ReferenceTimestep Timestep(int t)
    {
        double[] betas = [.. Enumerable.Range(0, 1000).Select(i => 1e-4 + (2e-2 - 1e-4) * i / 999)];
        double Product(int steps) => betas.Take(steps).Aggregate(1.0, (product, beta) => product * (1 - beta));
        double bar = Product(t + 1), before = Product(t), posterior = betas[1] * (1 - Product(1)) / (1 - Product(2));
        posterior = t == 0 ? posterior : betas[t] * (1 - before) / (1 - bar);
        return new(
            (float)Math.Sqrt(1 / bar),
            (float)Math.Sqrt(1 / bar - 1),
            (float)(betas[t] * Math.Sqrt(before) / (1 - bar)),
            (float)((1 - before) * Math.Sqrt(1 - betas[t]) / (1 - bar)),
            (float)Math.Log(posterior),
            (float)Math.Log(betas[t]),
            t == 0,
            ErrorWeight: 1 / (1 + (t / 300f)));
    }

    private static float[] Table(ReferenceTimestep[] timesteps) =>
        [.. timesteps.SelectMany(s => (float[])[s.XToX0, s.EpsToX0, s.MeanX0, s.MeanX, s.MinLogVariance, s.MaxLogVariance, s.IsFirst ? 1 : 0, s.ErrorWeight])];

    private sealed class Case
    {
        private readonly int[] _shape, _outputShape;
        private readonly float[] _output, _noise, _x0, _xt;

        public Case(int[] shape, ReferenceTimestep[] timesteps)
        {
            int count = shape[0] * shape[1] * shape[2] * shape[3], size = count / shape[0];
            (_shape, _outputShape, Timesteps) = (shape, [shape[0], 2 * shape[1], shape[2], shape[3]], timesteps);
            _x0 = Array.ConvertAll(RandomData.Integers(seed: 201, count, 256), v => v / 127.5f - 1);
            _noise = RandomData.Normal(seed: 202, count);
            float[] error = RandomData.Normal(seed: 203, count, deviation: 0.5), v = RandomData.Normal(seed: 204, count);
            (_xt, _output) = (new float[count], new float[2 * count]);
            for (int i = 0; i < count; i++)
            {
                int image = i / size, at = 2 * image * size + i % size;
                _xt[i] = (_x0[i] + timesteps[image].EpsToX0 * _noise[i]) / timesteps[image].XToX0;
                (_output[at], _output[at + size]) = (_noise[i] + error[i], v[i]);
            }
        }

        public ReferenceTimestep[] Timesteps { get; }

        public (T[] Losses, T[] DOutput) Expected<T>()
            where T : System.Numerics.IFloatingPointIeee754<T> => Reference.HybridLoss<T>(_output, _noise, _x0, _xt, Timesteps);

        public (float[] Losses, float[] DOutput) Run(Bench bench, ReferenceTimestep[]? timesteps = null, bool inPlace = false)
        {
            Tensor output = bench.PutState(_output, _outputShape), gradient = inPlace ? output : bench.TakeState(_outputShape);
            Tensor losses = bench.TakeState(_shape[0], 2);
            Tensor table = bench.PutState(Table(timesteps ?? Timesteps), _shape[0], (int)HybridLossColumn.Count);
            Tensor noise = bench.PutState(_noise, _shape), x0 = bench.PutState(_x0, _shape), xt = bench.PutState(_xt, _shape);
            bench.Device.HybridLoss(output, noise, x0, xt, table, gradient, losses);
            return (bench.Get(losses), bench.Get(gradient));
        }
    }
}
