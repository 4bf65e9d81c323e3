using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Planning;
using L2c.Model.Randomness;
using L2c.Model.Runs;
using L2c.Model.Samplers;

namespace L2c.Model.Tests.Planning;

/// <summary>Measured errors against whole runs that make the same decision.</summary>
public sealed class DecisionProbeTests
{
    private const int Evaluations = 5;
    private const float Scale = 2;
    private static readonly int[] _labels = [1, 3];

    public static TheoryData<string, bool> Networks => new()
    {
        { "ddim", false },
        { "ddim", true },
        { "ddpm", false },
        { "dpm-solver++:2m", true },
    };

    [Theory]
    [MemberData(nameof(Networks))]
    public void Where_every_branch_of_one_evaluation_is_reused_the_error_is_that_of_the_run(string name, bool longSkips)
    {
        using CpuDevice device = new(2);
        using Network network = Load(device, longSkips);
        SamplerTable sampler = SamplerCatalog.Create(network.Info, $"{Evaluations}", name);
        DecisionErrors errors = Measure(network, sampler, out _);
        int[] all = [.. Enumerable.Range(0, network.Architecture.Branches)];
        for (int e = 1; e < Evaluations; e++)
        {
            double expected = SquaredError(network, sampler, (evaluation, _) => evaluation == e);
            Assert.True(expected > 0);
            Assert.Equal(expected, errors.Of(e, all, Predictor.Reuse, [e - 1]), 1e-4 * expected);
        }
    }

    [Fact]
    public void Of_a_single_branch_in_the_last_evaluation_too_and_from_any_earlier_one_about()
    {
        using CpuDevice device = new(2);
        using Network network = Load(device, longSkips: false);
        SamplerTable sampler = SamplerCatalog.Create(network.Info, $"{Evaluations}", "ddim");
        DecisionErrors errors = Measure(network, sampler, out _);
        const int last = Evaluations - 1;
        for (int b = 0; b < network.Architecture.Branches; b++)
        {
            // DDIM ends at the x0 that is predicted.
            int only = b;
            double expected = SquaredError(network, sampler, (evaluation, branch) => (evaluation, branch) == (last, only));
            Assert.Equal(expected, errors.Of(last, [b], Predictor.Reuse, [last - 1]), 1e-3 * expected);

            // The further away, the greater: this evaluation differs most from the first.
            double near = errors.Of(last, [b], Predictor.Reuse, [last - 1]), far = errors.Of(last, [b], Predictor.Reuse, [0]);
            Assert.True(far > near, $"branch {b}: {near} and {far}");
        }
    }

    [Fact]
    public void It_takes_as_many_evaluations_as_it_says()
    {
        using CpuDevice device = new(2);
        using Network network = Load(device, longSkips: false);
        SamplerTable sampler = SamplerCatalog.Create(network.Info, $"{Evaluations}", "ddim");
        _ = Measure(network, sampler, out int evaluations);
        Assert.Equal(evaluations, DecisionProbe.EvaluationsPerRun(Evaluations, network.Architecture.Branches));

        // Two blocks: four branches, attentions, MLPs, each block and both; four evaluations each, 5 of the run, 3 + 2 + 1 after those without a
        // branch.
        Assert.Equal((4 * 9) + 5 + 6, evaluations);
    }

    [Fact]
    public void Batches_add_up_and_what_was_cancelled_ends()
    {
        using CpuDevice device = new(2);
        using Network network = Load(device, longSkips: false);
        SamplerTable sampler = SamplerCatalog.Create(network.Info, $"{Evaluations}", "ddim");
        using DecisionProbe one = DecisionProbe.Plan(network, sampler, 1, new SamplingOptions());
        using DecisionProbe two = DecisionProbe.Plan(network, sampler, 2, new SamplingOptions());
        one.Run(_labels.AsSpan(0, 1), Scale, new CounterNoiseSource(7));
        one.Run(_labels.AsSpan(1, 1), Scale, new CounterNoiseSource(7, firstImage: 1));
        two.Run(_labels, Scale, new CounterNoiseSource(7));
        DecisionErrors apart = one.Errors(), together = two.Errors();
        for (int e = 1; e < Evaluations; e++)
        {
            double expected = together.Of(e, [0], Predictor.Reuse, [0]);
            Assert.Equal(expected, apart.Of(e, [0], Predictor.Reuse, [0]), 1e-3 * expected);
        }

        using CancellationTokenSource cancel = new();
        int evaluations = 0;
        Assert.Throws<OperationCanceledException>(() => two.Run(_labels, Scale, new CounterNoiseSource(7), Stop, cancel.Token));
        Assert.Equal(3, evaluations);

        void Stop()
        {
            if (++evaluations == 3)
            {
                cancel.Cancel();
            }
        }
    }

    private static Network Load(Device device, bool longSkips) =>
        longSkips ? RandomUVit.Load(RandomUVit.Small, device) : RandomDit.Load(RandomDit.Small with { Depth = 2 }, device);

    private static DecisionErrors Measure(Network network, SamplerTable sampler, out int evaluations)
    {
        int count = 0;
        using DecisionProbe probe = DecisionProbe.Plan(network, sampler, _labels.Length, new SamplingOptions());
        probe.Run(_labels, Scale, new CounterNoiseSource(7), () => count++);
        evaluations = count;
        return probe.Errors();
    }

    private static double SquaredError(Network network, SamplerTable sampler, Func<int, int, bool> reuses)
    {
        float[] full = Sample((_, _) => false), cached = Sample(reuses);
        return full.Zip(cached).Sum(pair => Math.Pow((double)pair.First - pair.Second, 2)) / full.Sum(value => (double)value * value);

        float[] Sample(Func<int, int, bool> skips)
        {
            EvaluationRole[] roles = [EvaluationRole.Refresh, .. Enumerable.Repeat(EvaluationRole.Cache, sampler.Evaluations.Count - 1)];
            CacheSchedule schedule = CacheSchedule.Reusing(roles, network.Architecture.Branches, skips);
            using SamplingRun run = SamplingRun.Plan(network, sampler, schedule, _labels.Length, new SamplingOptions());
            run.Run(_labels, Scale, new CounterNoiseSource(7));
            float[] x = new float[run.StateShape.Count];
            run.ReadState(x);
            return x;
        }
    }
}
