using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Networks.Dit;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Training;

public sealed partial class RouterDrawTests
{
    private const int Batch = 3;

    private static readonly NoiseSchedule _grid = NoiseSchedule.Linear.Respace(Respacing.Select(4));
    private static readonly SamplerTable _sampler = Ddim.Table(_grid);
    private static readonly NoiseSchedule _six = NoiseSchedule.Linear.Respace(Respacing.Select(6));
    private static readonly int[] _labels = [2, 0, 3];

    public static TheoryData<bool> Recompute => TrainingFixture.Recompute;

    public static MatrixTheoryData<RouterLoss, int> Losses => new([RouterLoss.Output, RouterLoss.NextState], [0, 1]);

    [Theory]
    [MemberData(nameof(Losses))]
    public void Loss_and_gradient_are_those_of_the_formulas_in_double_precision(RouterLoss kind, int t)
    {
        using var fixture = new Fixture(TrainingFixture.Tiny, recompute: t == 1, loss: kind);
        float[] weights = [0.3f, 0.9f, 0.05f, 0.6f];
        double loss = fixture.Run(t, weights);

        double[] w = Array.ConvertAll(weights, v => (double)v);
        Func<double> expected = LossInDouble(fixture.Noised, kind, t, w);
        Assert.Equal(expected(), loss, 1e-5 * loss);
        Assert.Equal(loss, fixture.Step.ImageLosses.ToArray().Average(), 1e-12);
        double[] gradient = [.. Enumerable.Range(0, w.Length).Select(i => TrainingFixture.Difference(w, i, expected))];
        double bound = 2e-5 * gradient.Max(Math.Abs);
        Assert.All(gradient.Zip(fixture.Gradient), pair => Assert.Equal(pair.First, pair.Second, bound));

        // Planted: the other loss.
        RouterLoss other = kind == RouterLoss.Output ? RouterLoss.NextState : RouterLoss.Output;
        Assert.NotInRange(LossInDouble(fixture.Noised, other, t, w)(), 0.9 * loss, 1.1 * loss);

        // Planted: the gradients of two branches in each other's place.
        Assert.Contains(gradient.Zip(fixture.Gradient.Reverse()), pair => Math.Abs(pair.First - pair.Second) > bound);
    }

    [Fact]
    public void A_sum_per_image_is_the_mean_times_the_elements_of_an_image()
    {
        using var mean = new Fixture(TrainingFixture.Tiny, false);
        using var sum = new Fixture(TrainingFixture.Tiny, false, reduction: LossReduction.SumPerImage);
        float[] weights = [0.3f, 0.9f, 0.05f, 0.6f];
        double elements = mean.Step.OutputShape.Count / Batch, loss = mean.Run(1, weights);
        Assert.Equal(elements * loss, sum.Run(1, weights), 1e-12 * elements * loss);
        Assert.All(mean.Gradient.Zip(sum.Gradient), pair => Assert.Equal(elements * pair.First, pair.Second, 1e-12 * Math.Abs(pair.Second)));
    }

    [Fact]
    public void Recomputation_changes_no_bit()
    {
        using var kept = new Fixture(RandomDit.Small, false);
        using var recomputed = new Fixture(RandomDit.Small, true);
        float[] weights = [0.1f, 0.9f, 0.5f, 0.3f, 0.7f, 1];
        Assert.Equal(kept.Run(0, weights), recomputed.Run(0, weights));
        Assert.Equal(kept.Gradient, recomputed.Gradient);
        Assert.Equal(kept.Student, recomputed.Student);
        Assert.All(kept.Gradient, g => Assert.NotEqual(0, g));
    }

    [Theory]
    [MemberData(nameof(Recompute))]
    public void Student_that_computes_everything_is_the_teacher(bool recompute)
    {
        using var fixture = new Fixture(RandomDit.Small, recompute);
        Assert.Equal(0, fixture.Run(1, [1, 1, 1, 1, 1, 1]));
        Assert.Equal(fixture.Teacher, fixture.Student);
        Assert.All(fixture.Gradient, g => Assert.Equal(0, g));
        Assert.NotEqual(0, fixture.Run(1, [1, 1, 1, 0.5f, 1, 1]));
    }

    [Fact]
    public void Student_that_reuses_everything_is_a_fully_cached_evaluation()
    {
        SamplerTable two = Ddim.Table(2);
        using var fixture = new Fixture(RandomDit.Small, false, two);
        fixture.Run(0, new float[6]);

        // Of two evaluations the second reuses whatever a threshold above every score leaves uncomputed.
        CacheSchedule schedule = ScheduleRule.Parse("interval:2", PublishedRoles.OnePerStep(2), 6);
        var options = new SamplingOptions { Guidance = Guidance.None, KeepPredictions = true };
        using SamplingRun run = SamplingRun.Plan(fixture.Model, two, schedule, Batch, options);
        run.Run(_labels, 1, new GivenNoise(fixture.Noised));
        float[] cached = new float[fixture.Step.OutputShape.Count];
        run.ReadGuidedOutput(cached);
        Assert.Equal(cached, fixture.Student);
        Assert.NotEqual(fixture.Teacher, fixture.Student);
    }

    [Fact]
    public void Images_of_a_batch_are_what_they_are_alone()
    {
        using var fixture = new Fixture(RandomDit.Small, false);
        float[] weights = [0.1f, 0.9f, 0.5f, 0.3f, 0.7f, 0.6f];
        fixture.Run(1, weights);
        using RouterDraw alone = RouterDraw.Plan(fixture.Model, _sampler, 1, new TrainingPlanOptions());
        int length = fixture.Noised.Length / Batch;
        double[] gradient = new double[6], sum = new double[6];
        for (int image = 0; image < Batch; image++)
        {
            double loss = alone.Run(1, fixture.Noised.AsSpan(image * length, length), _labels.AsSpan(image, 1), weights, gradient);
            Assert.Equal(fixture.Step.ImageLosses[image], loss);
            sum = [.. sum.Zip(gradient, (s, g) => s + (g / Batch))];
        }

        Assert.All(sum.Zip(fixture.Gradient), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * sum.Max(Math.Abs)));
    }

    [Fact]
    public void Observed_ops_are_the_recorded_ones_and_give_the_same()
    {
        using var fixture = new Fixture(RandomDit.Small, true);
        float[] weights = [0.1f, 0.9f, 0.5f, 0.3f, 0.7f, 0.6f];
        double loss = fixture.Run(1, weights);
        List<OpInfo> seen = [];
        double[] gradient = new double[6];
        Assert.Equal(loss, fixture.Step.Run(1, fixture.Noised, _labels, weights, gradient, (in OpInfo op, long _, long _) => seen.Add(op)));
        Assert.Equal(fixture.Gradient, gradient);
        Assert.Equal(fixture.Step.Ops, seen);
    }

    [Fact]
    public void What_cannot_be_planned_or_run_is_refused()
    {
        using var device = new CpuDevice(1);
        using DitModel inference = RandomDit.Load(RandomDit.Small, device);
        Assert.Contains("WeightUse.RouterTraining", Assert.Throws<ArgumentException>(() => RouterDraw.Plan(inference, _sampler, 1, new())).Message);
        using var fixture = new Fixture(RandomDit.Small, false);
        SamplerTable one = Ddim.Table(NoiseSchedule.Linear.Respace([0])), noisy = Ddim.Table(_grid, 1);
        Assert.Contains("reuses in none", Assert.Throws<ArgumentException>(() => RouterDraw.Plan(fixture.Model, one, 1, new())).Message);
        Assert.Contains("draws no noise", Assert.Throws<ArgumentException>(() => RouterDraw.Plan(fixture.Model, noisy, 1, new())).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => RouterDraw.Plan(fixture.Model, _sampler, 0, new()));
        float[] weights = new float[6];
        double[] gradient = new double[6];
        Assert.Throws<ArgumentOutOfRangeException>(() => fixture.Step.Run(2, fixture.Noised, _labels, weights, gradient));
        Assert.Throws<ArgumentException>(() => fixture.Step.Run(0, fixture.Noised, [0, 1, 6], weights, gradient));
        Assert.Throws<ArgumentException>(() => fixture.Step.Run(0, fixture.Noised, [0, 1], weights, gradient));
        Assert.Throws<ArgumentException>(() => fixture.Step.Run(0, fixture.Noised, _labels, weights, new double[5]));
        Assert.Throws<ArgumentException>(() => fixture.Step.Run(0, fixture.Noised, _labels, new float[5], gradient));
        Assert.Throws<ArgumentException>(() => fixture.Step.Run(0, new float[7], _labels, weights, gradient));
    }

    // By branch, how many evaluations before lies what is weighed, and the weight: other ones for every evaluation and branch.
    private static Func<int, (int Back, float Weight)[]> TermsOf(int evaluation) => branch => evaluation == 1
        ? [(1, 0.75f + (0.125f * branch))]
        : [(1, 1.5f + (0.25f * branch) - (0.0625f * evaluation)), (3, -0.5f - (0.125f * branch))];

    /// <summary>The data loss as a function of the weights: refresh, DDIM step, teacher and student as loops in double precision.</summary>
    private static Func<double> LossInDouble(float[] noised, RouterLoss kind, int t, double[] w)
    {
        DitArchitecture a = TrainingFixture.Tiny;
        var network = new DoubleDit(a, TrainingFixture.Parameters(a));
        int image = noised.Length / Batch;
        double bar = _grid.AlphasCumprod[(2 * t) + 1], barNext = _grid.AlphasCumprodPrev[(2 * t) + 1];
        double at = _grid.AlphasCumprod[2 * t], behind = _grid.AlphasCumprodPrev[2 * t];
        bool next = kind == RouterLoss.NextState;
        double weight = next ? Math.Pow(Math.Sqrt(1 - behind) - (Math.Sqrt(behind / at) * Math.Sqrt(1 - at)), 2) : 1;
        var draws = Enumerable.Range(0, Batch).Select(b =>
        {
            float[] x = noised[(b * image)..((b + 1) * image)];
            double[] eps = network.Forward(x, _grid.TimestepMap[(2 * t) + 1], _labels[b]);
            double[][] cached = [.. network.Branches];
            float[] moved = [.. x.Select((v, i) =>
                (float)((Math.Sqrt(barNext / bar) * (v - (Math.Sqrt(1 - bar) * eps[i]))) + (Math.Sqrt(1 - barNext) * eps[i])))];
            return (Next: moved, Cached: cached, Teacher: network.Forward(moved, _grid.TimestepMap[2 * t], _labels[b]));
        }).ToArray();
        return () => draws.Select((draw, b) => network
            .Forward(draw.Next, _grid.TimestepMap[2 * t], _labels[b], branch => (w[branch], draw.Cached[branch]))
            .Zip(draw.Teacher, (student, teacher) => weight * (student - teacher) * (student - teacher))
            .Take(next ? image : draw.Teacher.Length).Average()).Average();
    }

    /// <summary>A planned step with an input, and what a run of it left.</summary>
    private sealed class Fixture : IDisposable
    {
        private readonly CpuDevice _device = new(2);

        public Fixture(
            DitArchitecture architecture,
            bool recompute,
            SamplerTable? sampler = null,
            RouterLoss loss = RouterLoss.Output,
            LossReduction reduction = LossReduction.Mean,
            CacheSchedule? forecast = null)
        {
            Model = RandomDit.Load(architecture, _device, WeightUse.RouterTraining);
            Step = RouterDraw.Plan(Model, sampler ?? _sampler, Batch, TrainingFixture.Options(recompute), loss, reduction, forecast);
            Noised = TrainingFixture.Normal(7, Step.StateShape.Count);
            Gradient = new double[Step.Branches];
        }

        public DitModel Model { get; }

        public RouterDraw Step { get; }

        public float[] Noised { get; }

        public double[] Gradient { get; }

        public float[] Student => Read(Step.ReadStudent);

        public float[] Teacher => Read(Step.ReadTeacher);

        public double Run(int t, float[] weights) => Step.Run(t, Noised, _labels, weights, Gradient);

        public void Dispose()
        {
            Step.Dispose();
            Model.Dispose();
            _device.Dispose();
        }

        private float[] Read(Action<Span<float>> read)
        {
            float[] values = new float[Step.OutputShape.Count];
            read(values);
            return values;
        }
    }
}
