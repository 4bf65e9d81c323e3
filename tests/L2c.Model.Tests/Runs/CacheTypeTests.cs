using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Randomness;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Model.Tests.Caching;
using L2c.Testing;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Runs;

/// <summary>Runs whose kept outputs and deltas are in bfloat16.</summary>
public sealed class CacheTypeTests : IDisposable
{
    private const int Steps = 6;
    private const float Scale = 1.5f;
    private static readonly int[] _labels = [1, 3];

    private readonly CpuDevice _device = new(2);

    public static TheoryData<string, bool> Rules => new(
        from rule in (string[])
            ["interval:3", "top:1", "taylor:3:2", "fora:3", "delta-dit:3:2:3", "taylor-lite:3:2", "both:taylor:3:2", "both:interval:2"]
        from isUVit in (bool[])[false, true]
        where !isUVit || rule is not ("delta-dit:3:2:3" or "top:1") // cuts long skips; hardly moves the small network's state
        select new TheoryDataRow<string, bool>(rule, isUVit));

    /// <summary>Another order of additions puts a few values on the other side of a tie: the least part of what rounding does to the state.</summary>
    [Theory]
    [MemberData(nameof(Rules))]
    public void The_plan_is_reuse_by_hand_of_rounded_copies_and_not_of_values_cut_off(string rule, bool isUVit)
    {
        using Network network = Load(isUVit);
        CacheSchedule schedule = Schedule(rule, network);
        float[] planned = Sample(network, schedule, DType.BF16), full = Sample(network, schedule, null);
        double rounding = RelativeL2(full, planned), bound = 0.2 * rounding;
        Assert.InRange(rounding, 1e-5, 0.01);
        Assert.InRange(RelativeL2(Naive(network, schedule, value => Reference.BFloat16(value)), planned), 0, bound);
        Assert.InRange(RelativeL2(Naive(network, schedule, value => Reference.BFloat16(value, MidpointRounding.ToZero)), planned), 2 * bound, 1);
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Slots_take_half_the_memory_of_as_many(string rule, bool isUVit)
    {
        using Network network = Load(isUVit);
        CacheSchedule schedule = Schedule(rule, network);
        using SamplingRun full = Plan(network, schedule, null), half = Plan(network, schedule, DType.BF16);
        TransformerArchitecture a = network.Architecture;
        Assert.Equal((long)LiveOutputs.Peak(schedule) * 2 * _labels.Length * a.Tokens * a.HiddenSize * 2, half.CacheBytes);
        Assert.Equal(full.CacheBytes, 2 * half.CacheBytes);
        Assert.Equal(half.Slots.KeptOutputs + half.Slots.KeptDeltas, half.Ops.Count(op => op.Name == nameof(Device.Convert)));
        Assert.Contains(", in bf16: ", half.Describe(), StringComparison.Ordinal);
    }

    /// <summary>Overlapping segments and segments that follow each other, in any order, beside kept branches.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Memory_in_which_deltas_are_computed_is_shared_without_harm(bool isUVit)
    {
        using Network network = Load(isUVit);
        Random random = new(23);
        int deltas = 0;
        for (int trial = 0; trial < 20;)
        {
            CacheSchedule schedule = CacheSlotsTests.Any(random, Steps, network.Architecture.Branches);
            if (Record.Exception(() => schedule.RequireSegmentsFit(network.Info)) is not null)
            {
                continue;
            }

            float[] rounded = Sample(network, schedule, DType.BF16), full = Sample(network, schedule, null);
            Assert.InRange(RelativeL2(full, rounded), 0, 0.05);
            deltas += CacheSlots.Plan(schedule).KeptDeltas;
            trial++;
        }

        Assert.True(deltas > 5, "the schedules were too simple to show anything");
    }

    [Fact]
    public void The_type_that_is_stored_changes_nothing_and_another_is_refused()
    {
        using Network network = Load(isUVit: false);
        CacheSchedule schedule = Schedule("interval:2", network);
        Assert.Equal(Sample(network, schedule, null), Sample(network, schedule, DType.F32));
        string message = Assert.Throws<ArgumentException>(() => Plan(network, schedule, DType.F16)).Message;
        Assert.Contains("F32 are not kept in F16", message, StringComparison.Ordinal);
    }

    public void Dispose() => _device.Dispose();

    private static CacheSchedule Schedule(string rule, Network network) =>
        ScheduleRule.Parse(rule, PublishedRoles.OnePerStep(Steps), network.Architecture.Branches);

    private static SamplingRun Plan(Network network, CacheSchedule schedule, DType? type) => SamplingRun.Plan(
        network, Ddim.Table(Steps), schedule, _labels.Length, new SamplingOptions { ClipDenoised = true, CacheType = type });

    private static float[] Sample(Network network, CacheSchedule schedule, DType? type)
    {
        using SamplingRun run = Plan(network, schedule, type);
        run.Run(_labels, Scale, new CounterNoiseSource(3));
        float[] state = new float[run.StateShape.Count];
        run.ReadState(state);
        return state;
    }

    private static float[] Naive(Network network, CacheSchedule schedule, Converter<float, float> keep) => NaiveReuse.Sample(
        network, Ddim.Table(Steps), schedule, _labels, Guidance.Published, Scale, new CounterNoiseSource(3), keep);

    private static double RelativeL2(float[] expected, float[] actual) => Math.Sqrt(
        expected.Zip(actual, (x, y) => Math.Pow(x - (double)y, 2)).Sum() / expected.Sum(x => (double)x * x));

    private Network Load(bool isUVit)
    {
        TransformerArchitecture a = isUVit ? RandomUVit.Small : RandomDit.Small;
        return NetworkFamilies.Load(a, RandomDit.Reader(a), _device);
    }
}
