using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Networks.Dit;
using L2c.Model.Randomness;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Model.Tests.Caching;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Runs;

/// <remarks>x0 is clamped: without, a random network's state grows so large at the first steps that the patches outweigh all branches.</remarks>
public sealed class PlannedRunTests : IDisposable
{
    private const int Steps = 6;
    private const float Scale = 1.5f;
    private static readonly int[] _labels = [1, 3];

    private readonly CpuDevice _device = new(2);
    private readonly DitModel _model;

    public PlannedRunTests() => _model = RandomDit.Load(RandomDit.Small, _device);

    public static TheoryData<string, Guidance> Schedules =>
        [.. from rule in (string[])
            [
                "none", "all", "interval:3", "random:0.5:1", "top:1", "deepcache:0-1", "drop:top:1", "taylor:3:2", "fora:3", "delta-dit:3:2:3",
                "taylor-lite:3:2", "both:taylor:3:2",
            ]
            from guidance in (Guidance[])[Guidance.Published, Guidance.None]
            select (rule, guidance)];

    [Theory]
    [InlineData("none")]
    [InlineData("interval:1")]
    [InlineData("top:0")]
    [InlineData("taylor:1:2")]
    [InlineData("fora:1")]
    [InlineData("delta-dit:1:2:3")]
    [InlineData("taylor-lite:1:2")]
    public void A_schedule_that_computes_everything_equals_the_uncached_run_bit_for_bit(string rule)
    {
        using SamplingRun uncached = SamplingRun.Plan(_model, Ddim.Table(Steps), _labels.Length, new SamplingOptions { ClipDenoised = true });
        Assert.Equal(Sample(uncached), Sample(rule));
    }

    [Theory]
    [MemberData(nameof(Schedules))]
    public void A_switch_changes_the_result_by_rounding_only_and_runs_of_a_plan_are_bit_identical(string rule, Guidance guidance)
    {
        using SamplingRun run = Plan(rule, guidance, PlanSwitches.All);
        float[] expected = Sample(run);
        Assert.Equal(expected, Sample(run));
        (string Name, PlanSwitches Switches)[] variants =
        [
            (nameof(PlanSwitches.ModulationsAhead), new PlanSwitches { ModulationsAhead = false }),
            (nameof(PlanSwitches.KeepOnlyReused), new PlanSwitches { KeepOnlyReused = false }),
            (nameof(PlanSwitches.SkipUnused), new PlanSwitches { SkipUnused = false }),
            (nameof(PlanSwitches.FuseSkips), new PlanSwitches { FuseSkips = false }),
            (nameof(PlanSwitches.Replay), new PlanSwitches { Replay = false }),
        ];
        foreach ((string name, PlanSwitches switches) in variants)
        {
            double difference = Difference(expected, Sample(rule, guidance, switches));
            Assert.True(difference <= (name == nameof(PlanSwitches.Replay) ? 0 : 1e-5), $"{name} off: {difference}");
        }

        Assert.Equal(expected, Sample(rule, guidance, new PlanSwitches { ModulationLimitBytes = 1 }));
    }

    [Theory]
    [MemberData(nameof(Schedules))]
    public void The_plan_reuses_what_copying_by_hand_reuses(string rule, Guidance guidance)
    {
        float[] planned = Sample(rule, guidance);
        Assert.InRange(Difference(Naive(rule, guidance, Ddim.Table(Steps)), planned), 0, 1e-5);

        using SamplingRun noisy = SamplingRun.Plan(
            _model, Ddpm.Table(Steps, learnedVariance: true), Schedule(rule), _labels.Length, new SamplingOptions { ClipDenoised = true, Guidance = guidance });
        Assert.InRange(Difference(Naive(rule, guidance, Ddpm.Table(Steps, learnedVariance: true)), Sample(noisy)), 0, 1e-5);
    }

    /// <summary>Tables with a midpoint and kept predictions, whose evaluations read other states than x.</summary>
    [Fact]
    public void The_states_of_any_table_are_kept_from_evaluation_to_evaluation()
    {
        foreach (SamplerTable sampler in (SamplerTable[])
            [
                RandomDit.Sampler("dpm-solver++:3m", Steps),
                RandomDit.Sampler("dpm-solver++:2s", Steps),
                RandomDit.Sampler("dpm-solver:3", Steps),
            ])
        {
            CacheSchedule schedule = ScheduleRule.Parse("all", sampler.Roles, 2 * RandomDit.Small.Depth);
            float[] naive = NaiveReuse.Sample(
                _model, sampler, schedule, _labels, Guidance.Published, Scale, new CounterNoiseSource(3));
            float[][] planned = [.. ((bool[])[false, true]).Select(one =>
            {
                SamplingOptions options = new() { ClipDenoised = true, OneSequence = one, KeepPredictions = true };
                using SamplingRun run = SamplingRun.Plan(_model, sampler, schedule, _labels.Length, options);
                return Sample(run);
            })];
            Assert.InRange(Difference(naive, planned[0]), 0, 1e-5);
            Assert.Equal(planned[0], planned[1]);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(Steps)]
    public void A_run_of_one_sequence_equals_one_by_evaluations_bit_for_bit_noise_of_steps_included(int steps)
    {
        SamplerTable sampler = Ddpm.Table(steps, learnedVariance: true);
        float[][] states = [.. from one in (bool[])[false, true]
                               from replay in (bool[])[false, true]
                               select Run(one, replay)];
        Assert.All(states, state => Assert.Equal(states[0], state));

        float[] Run(bool one, bool replay)
        {
            var options = new SamplingOptions { ClipDenoised = true, OneSequence = one, Switches = new PlanSwitches { Replay = replay } };
            using SamplingRun run = SamplingRun.Plan(_model, sampler, _labels.Length, options);
            Assert.Equal(!replay ? 0 : one ? 1 : steps, run.Sequences);
            return Sample(run);
        }
    }

    [Fact]
    public void A_run_of_one_sequence_refuses_to_be_watched_between_evaluations()
    {
        using SamplingRun run = SamplingRun.Plan(_model, Ddim.Table(Steps), _labels.Length, new SamplingOptions { OneSequence = true });
        Assert.Throws<ArgumentException>(() => run.Run(_labels, Scale, new CounterNoiseSource(3), afterEvaluation: _ => { }));
    }

    /// <summary>Whatever takes over whose slot: masks, forecasts and segments, in networks with long skips, too.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Sharing_slots_changes_no_bit(bool isUVit)
    {
        const int trials = 40;
        TransformerArchitecture a = isUVit ? RandomUVit.Small : RandomDit.Small;
        using Network network = NetworkFamilies.Load(a, RandomDit.Reader(a), _device);
        var random = new Random(17);
        int segments = 0, shared = 0;
        for (int trial = 0; trial < trials;)
        {
            CacheSchedule schedule = CacheSlotsTests.Any(random, Steps, a.Branches);
            if (Record.Exception(() => schedule.RequireSegmentsFit(network.Info)) is not null)
            {
                continue;
            }

            float[][] states = [.. ((bool[])[true, false]).Select(shares =>
            {
                SamplingOptions options = new()
                {
                    ClipDenoised = true,
                    Guidance = Guidance.None,
                    Switches = new PlanSwitches { KeepOnlyReused = shares },
                };
                using SamplingRun run = SamplingRun.Plan(network, Ddim.Table(Steps), schedule, _labels.Length, options);
                shared += shares ? run.Slots.KeptOutputs + run.Slots.KeptDeltas - run.Slots.Count : 0;
                segments += shares ? run.Slots.KeptDeltas : 0;
                return Sample(run);
            })];
            Assert.Equal(states[1], states[0]);
            Assert.True(states[0].All(float.IsFinite));
            trial++;
        }

        Assert.True(segments > trials / 4 && shared > trials, "the schedules were too simple to show anything");
    }

    [Fact]
    public void Reuse_is_not_recomputation_and_an_output_of_another_evaluation_is_noticed()
    {
        const double noticed = 1e-4; // ten times what rounding may do
        Assert.InRange(Difference(Sample("none"), Sample("all")), noticed, 10);
        Assert.InRange(Difference(Sample("top:1"), Sample("drop:top:1")), noticed, 10);
        float[] stale = Naive("interval:2", Guidance.Published, Ddim.Table(Steps), keepsFirst: true);
        Assert.InRange(Difference(stale, Sample("interval:2")), noticed, 10);

        // A segment has the gates of then, a reused branch those of now.
        Assert.InRange(Difference(Sample("interval:2"), Sample("both:interval:2")), noticed, 10);
        Assert.InRange(Difference(Sample("delta-dit:2:1:6"), Sample("delta-dit:2:1:0")), noticed, 10);
    }

    [Fact]
    public void A_schedule_of_another_network_or_step_count_is_refused_with_both_counts()
    {
        Assert.Contains("5 evaluations, but the sampler makes 6", Refusal(CacheSchedule.Full(5, 6)), StringComparison.Ordinal);
        Assert.Contains("8 branches (4 blocks), but the network has 6 (3 blocks)", Refusal(CacheSchedule.Full(6, 8)), StringComparison.Ordinal);

        string Refusal(CacheSchedule schedule) => Assert.Throws<ArgumentException>(() =>
            SamplingRun.Plan(_model, Ddim.Table(Steps), schedule, 1, new SamplingOptions())).Message;
    }

    [Theory]
    [MemberData(nameof(Schedules))]
    public void Cache_memory_is_the_peak_of_live_outputs(string rule, Guidance guidance)
    {
        using SamplingRun run = Plan(rule, guidance, PlanSwitches.All);
        int rows = guidance.Rows(_labels.Length);
        Assert.Equal((long)LiveOutputs.Peak(Schedule(rule)) * rows * RandomDit.Small.Tokens * RandomDit.Small.HiddenSize * sizeof(float), run.CacheBytes);
    }

    public void Dispose()
    {
        _model.Dispose();
        _device.Dispose();
    }

    private static CacheSchedule Schedule(string rule) => ScheduleRule.Parse(rule, PublishedRoles.OnePerStep(Steps), 2 * RandomDit.Small.Depth);

    private SamplingRun Plan(string rule, Guidance guidance, PlanSwitches switches) => SamplingRun.Plan(
        _model, Ddim.Table(Steps), Schedule(rule), _labels.Length, new SamplingOptions { ClipDenoised = true, Guidance = guidance, Switches = switches });

    private float[] Sample(string rule, Guidance guidance = Guidance.Published, PlanSwitches? switches = null)
    {
        using SamplingRun run = Plan(rule, guidance, switches ?? PlanSwitches.All);
        return Sample(run);
    }

    private static float[] Sample(SamplingRun run)
    {
        run.Run(_labels, Scale, new CounterNoiseSource(3));
        float[] state = new float[run.StateShape.Count];
        run.ReadState(state);
        return state;
    }

    private float[] Naive(string rule, Guidance guidance, SamplerTable sampler, bool keepsFirst = false) =>
        NaiveReuse.Sample(_model, sampler, Schedule(rule), _labels, guidance, Scale, new CounterNoiseSource(3), keepsFirst: keepsFirst);

    /// <summary>Largest difference relative to the largest value.</summary>
    private static double Difference(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double difference = expected.Zip(actual, (x, y) => (double)MathF.Abs(x - y)).Max() / expected.Max(MathF.Abs);
        return double.IsFinite(difference) ? difference : double.PositiveInfinity;
    }
}
