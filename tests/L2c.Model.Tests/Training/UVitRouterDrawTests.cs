using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Training;

/// <summary>Draws that begin with a step of two evaluations, and the backward pass through long skips.</summary>
public sealed class UVitRouterDrawTests
{
    private const int Batch = 2;
    private static readonly int[] _labels = [2, 0];

    public static MatrixTheoryData<string, bool> Variants => new([.. RandomUVit.Variants.Keys], [false, true]);

    [Theory]
    [MemberData(nameof(Variants))]
    public void Loss_and_gradient_are_those_of_the_formulas_in_double_precision(string variant, bool recompute)
    {
        UVitArchitecture a = RandomUVit.Variants[variant];
        using var fixture = new Fixture(a, recompute);
        float[] weights = [.. Enumerable.Range(0, a.Branches).Select(branch => 0.05f + (0.9f * branch / a.Branches))];
        double loss = fixture.Run(1, weights);

        double[] w = Array.ConvertAll(weights, v => (double)v);
        Func<double> expected = LossInDouble(fixture, 1, w);
        Assert.Equal(expected(), loss, 2e-5 * loss);
        double[] gradient = [.. Enumerable.Range(0, w.Length).Select(i => TrainingFixture.Difference(w, i, expected))];
        double bound = 5e-5 * gradient.Max(Math.Abs);
        Assert.All(gradient.Zip(fixture.Gradient), pair => Assert.Equal(pair.First, pair.Second, bound));

        // Planted: the gradients of two branches in each other's place.
        Assert.Contains(gradient.Zip(fixture.Gradient.Reverse()), pair => Math.Abs(pair.First - pair.Second) > bound);
    }

    [Fact]
    public void Recomputation_changes_no_bit()
    {
        using var kept = new Fixture(RandomUVit.Small, false);
        using var recomputed = new Fixture(RandomUVit.Small, true);
        float[] weights = [.. Enumerable.Range(0, RandomUVit.Small.Branches).Select(branch => branch / 10f)];
        Assert.Equal(kept.Run(0, weights), recomputed.Run(0, weights));
        Assert.Equal(kept.Gradient, recomputed.Gradient);
        Assert.All(kept.Gradient, g => Assert.NotEqual(0, g));
    }

    [Fact]
    public void A_student_that_computes_everything_is_the_teacher()
    {
        using var fixture = new Fixture(RandomUVit.Small, false);
        float[] ones = [.. Enumerable.Repeat(1f, RandomUVit.Small.Branches)];
        Assert.Equal(0, fixture.Run(1, ones));
        ones[3] = 0.5f;
        Assert.NotEqual(0, fixture.Run(1, ones));
    }

    [Fact]
    public void Draws_begin_a_solver_step_earlier_and_compare_at_rounded_times()
    {
        NetworkInfo network = NetworkFamilies.Describe(RandomUVit.Small);
        SamplerTable sampler = SamplerCatalog.Create(network, "20");
        DrawTable table = new(sampler, network.Process);
        Assert.Equal((9, 2), (table.Count, table.Lead));
        for (int draw = 0; draw < table.Count; draw++)
        {
            Assert.Equal((2 * draw, draw + 1), (table.Begin(draw), table.RouterRow(draw)));
        }

        // The sixth step begins at 0.5005, between two timesteps; 501 is its router's and the noise's.
        Assert.Equal(501, table.Times(4)[2]);
        Assert.InRange(table.Times(5)[0], 500.49f, 500.51f);
        float[] noised = [1, 0], expected = new float[2];
        table.AddNoise(5, [1, 0], [0, 1], noised);
        network.Process.AddNoise(500, [1, 0], [0, 1], expected);
        Assert.Equal(expected, noised);
    }

    [Fact]
    public void Over_a_forecast_draws_begin_with_the_step_of_its_oldest_output()
    {
        using var device = new CpuDevice(1);
        using Network model = RandomUVit.Load(RandomUVit.Small, device, WeightUse.RouterTraining);
        SamplerTable sampler = SamplerCatalog.Create(model.Info, "6");
        int branches = RandomUVit.Small.Branches;
        using RouterDraw step = RouterDraw.Plan(model, sampler, Batch, new(), forecast: Forecast(_ => true));
        Assert.Equal((2, 4), (step.Table.LeadOf(0), step.Table.LeadOf(1)));
        Assert.Equal((0, 0), (step.Table.Begin(0), step.Table.Begin(1)));

        // The second draw compares at evaluation 4: what it is led by, a run computes from the start.
        float[] noised = TrainingFixture.Normal(7, step.StateShape.Count);
        float[] student = new float[step.OutputShape.Count], expected = new float[student.Length];
        step.Run(1, noised, _labels, new float[branches], new double[branches]);
        step.ReadStudent(student);
        var options = new SamplingOptions { Guidance = Guidance.None, KeepPredictions = true };
        using SamplingRun run = SamplingRun.Plan(model, sampler, Forecast(e => e == 4), Batch, options);
        run.Run(_labels, 1, new GivenNoise(noised), evaluations: 5);
        run.ReadGuidedOutput(expected);
        double size = expected.Max(MathF.Abs);
        Assert.All(expected.Zip(student), pair => Assert.Equal(pair.First, pair.Second, 2e-5 * size));
        step.ReadTeacher(student);
        Assert.Contains(expected.Zip(student), pair => Math.Abs(pair.First - pair.Second) > 2e-4 * size);

        CacheSchedule Forecast(Func<int, bool> forecasts) => CacheSchedule.Reusing(
            sampler.Roles, branches, (e, _) => forecasts(e), forecast: (e, _) => e == 4 ? [new CacheTerm(3, 1.5f), new CacheTerm(1, -0.5f)] : null);
    }

    [Fact]
    public void A_predicted_draw_allocates_what_was_predicted()
    {
        using var device = new CpuDevice(1);
        SamplerTable sampler = SamplerCatalog.Create(NetworkFamilies.Describe(RandomUVit.Small), "6");
        var forecast = CacheSchedule.Reusing(
            sampler.Roles, RandomUVit.Small.Branches, (_, _) => true, forecast: (e, _) => e == 4 ? [new CacheTerm(3), new CacheTerm(1)] : null);
        using Network model = RandomUVit.Load(RandomUVit.Small, device, WeightUse.RouterTraining);
        foreach (CacheSchedule? given in new[] { null, forecast })
        {
            TrainingMemory predicted = RouterDraw.Predict(RandomUVit.Small, device, sampler, 3, new(), given);
            using RouterDraw step = RouterDraw.Plan(model, sampler, 3, new(), forecast: given);
            Assert.Equal(device.AllocatedBytes, predicted.TotalBytes);
            Assert.Equal(step.Memory.Parts, predicted.Parts);
        }
    }

    [Fact]
    public void Weights_are_not_trained()
    {
        using var device = new CpuDevice(1);
        Assert.Throws<ArgumentException>(() => NetworkTrainingStep.Predict(RandomUVit.Small, device, 1, new()));
        ArgumentException refused = Assert.Throws<ArgumentException>(
            () => NetworkFamilies.Of(RandomUVit.Small).Initialization(RandomUVit.Small, 0));
        Assert.Contains("weights of a U-ViT are not trained", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>The data loss as a function of the weights: the solver's step, teacher and student as loops in double precision.</summary>
    private static Func<double> LossInDouble(Fixture fixture, int t, double[] w)
    {
        (DrawTable table, UVitArchitecture a) = (fixture.Step.Table, fixture.Architecture);
        var network = new DoubleUVit(a, TrainingFixture.Parameters(a));
        int image = fixture.Noised.Length / Batch;
        float[] times = table.Times(t);
        var draws = Enumerable.Range(0, Batch).Select(b =>
        {
            float[] x = fixture.Noised[(b * image)..((b + 1) * image)];
            var states = new Dictionary<SamplerState, double[]> { [SamplerState.X] = Array.ConvertAll(x, v => (double)v) };
            for (int lead = 0; lead < table.Lead; lead++)
            {
                SamplerEvaluation row = table.Sampler.Evaluations[table.Begin(t) + lead];
                double[] input = states[row.Prediction.Input];
                double[] eps = network.Forward(Array.ConvertAll(input, v => (float)v), times[lead], _labels[b]);
                Dictionary<SamplerState, double[]> next = new(states);
                foreach (LinearUpdate update in row.Updates)
                {
                    next[update.Target] = [.. Enumerable.Range(0, image).Select(i =>
                        (update.X0 * ((row.Prediction.InputToX0 * input[i]) - (row.Prediction.EpsToX0 * eps[i]))) + (update.Eps * eps[i])
                        + SamplerTensors.Readable.ToArray().Where(state => update.WeightOf(state) != 0).Sum(state => update.WeightOf(state) * states[state][i]))];
                }

                states = next;
            }

            float[] moved = Array.ConvertAll(states[SamplerState.X], v => (float)v);
            return (Next: moved, Cached: network.Branches.ToArray(), Teacher: network.Forward(moved, times[^1], _labels[b]));
        }).ToArray();
        return () => draws.Select((draw, b) => network
            .Forward(draw.Next, times[^1], _labels[b], branch => (w[branch], draw.Cached[branch]))
            .Zip(draw.Teacher, (student, teacher) => (student - teacher) * (student - teacher)).Sum()).Average();
    }

    /// <summary>A planned step with an input, and what a run of it left.</summary>
    private sealed class Fixture : IDisposable
    {
        private readonly CpuDevice _device = new(2);
        private readonly Network _model;

        public Fixture(UVitArchitecture architecture, bool recompute)
        {
            Architecture = architecture;
            _model = RandomUVit.Load(architecture, _device, WeightUse.RouterTraining);
            Step = RouterDraw.Plan(
                _model, SamplerCatalog.Create(_model.Info, "6"), Batch, TrainingFixture.Options(recompute), reduction: LossReduction.SumPerImage);
            Noised = TrainingFixture.Normal(7, Step.StateShape.Count);
            Gradient = new double[Step.Branches];
        }

        public UVitArchitecture Architecture { get; }

        public RouterDraw Step { get; }

        public float[] Noised { get; }

        public double[] Gradient { get; }

        public double Run(int t, float[] weights) => Step.Run(t, Noised, _labels, weights, Gradient);

        public void Dispose()
        {
            Step.Dispose();
            _model.Dispose();
            _device.Dispose();
        }
    }
}
