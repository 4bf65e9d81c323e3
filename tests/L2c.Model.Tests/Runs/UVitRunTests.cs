using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Randomness;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Model.Tests.Training;
using L2c.Testing;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Runs;

/// <summary>Planned runs of a network with long skips, which carry the stream past branches that are not computed.</summary>
public sealed class UVitRunTests
{
    private const float Scale = 1.4f;
    private static readonly int[] _labels = [1, 3];

    public static TheoryData<string> Variants => [.. RandomUVit.Variants.Keys];

    public static TheoryData<string, Guidance> Schedules =>
        [.. from rule in (string[])
            [
                "none", "all", "interval:3", "random:0.5:1", "top:2", "deepcache:1-2", "drop:top:2", "drop:all", "taylor:3:2", "fora:3",
                "taylor-lite:3:2", "both:all", "both:taylor:3:2",
            ]
            from guidance in (Guidance[])[Guidance.Published, Guidance.None]
            select (rule, guidance)];

    [Theory]
    [MemberData(nameof(Variants))]
    public void An_evaluation_is_what_the_formulas_give_in_double_precision(string variant)
    {
        UVitArchitecture a = RandomUVit.Variants[variant];
        using var device = new CpuDevice(2);
        using Network model = RandomUVit.Load(a, device);
        var network = new DoubleUVit(a, TrainingFixture.Parameters(a));
        (Arena arena, (Tensor Image, Tensor Output, NetworkMemory Memory) pass) = Arena.Carve(device, "forward", carved => (
            carved.Take(DType.F32, 2, a.InChannels, a.InputSize, a.InputSize),
            carved.Take(DType.F32, 2, a.OutChannels, a.InputSize, a.InputSize),
            model.Take(carved, new NetworkNeeds(2) { TimePerRow = true })));
        using Arena owned = arena;
        float[] image = TrainingFixture.Normal(1, pass.Image.Shape.Count), times = [17, 500.5f], output = new float[pass.Output.Shape.Count];
        pass.Memory.UploadConstants(device);
        device.Upload(pass.Image, image);
        device.Upload(pass.Memory.Labels, [2, 0]);
        pass.Memory.SetTimes(device, times);
        model.Prepare(pass.Memory, 0);
        model.Forward(pass.Image, pass.Memory, EvaluationPlan.Full(pass.Memory, a.Branches), pass.Output);
        device.Download(pass.Output, output);
        int length = image.Length / 2;
        double[] expected = [.. network.Forward(image.AsSpan(0, length), times[0], 2), .. network.Forward(image.AsSpan(length), times[1], 0)];
        double bound = 1e-5 * expected.Max(Math.Abs);
        Assert.All(expected.Zip(output), pair => Assert.Equal(pair.First, pair.Second, bound));
    }

    [Theory]
    [MemberData(nameof(Schedules))]
    public void The_plan_reuses_what_copying_by_hand_reuses_and_a_switch_changes_rounding_only(string rule, Guidance guidance)
    {
        using var device = new CpuDevice(2);
        using Network model = RandomUVit.Load(RandomUVit.Small, device);
        SamplerTable sampler = SamplerCatalog.Create(model.Info, "6");
        CacheSchedule schedule = Schedule(rule, sampler);
        float[] expected = NaiveReuse.Sample(model, sampler, schedule, _labels, guidance, Scale, new CounterNoiseSource(3));
        foreach (PlanSwitches switches in (PlanSwitches[])
            [
                PlanSwitches.All,
                new() { ModulationsAhead = false },
                new() { KeepOnlyReused = false },
                new() { SkipUnused = false },
                new() { FuseSkips = false },
                new() { Replay = false },
            ])
        {
            SamplingOptions options = new() { ClipDenoised = true, Guidance = guidance, Switches = switches };
            using SamplingRun run = SamplingRun.Plan(model, sampler, schedule, _labels.Length, options);
            float[] first = Sample(run);
            Assert.Equal(first, Sample(run));
            Assert.InRange(Difference(expected, first), 0, 1e-5);
        }
    }

    /// <summary>Without gates both readings are the same sum, so only rounding changes, and half of the memory is kept.</summary>
    [Theory]
    [InlineData("all")]
    [InlineData("interval:3")]
    [InlineData("taylor:3:2")]
    [InlineData("random:0.7:1")]
    public void One_kept_sum_of_a_block_is_what_two_kept_outputs_are(string rule)
    {
        using var device = new CpuDevice(2);
        using Network model = RandomUVit.Load(RandomUVit.Small, device);
        SamplerTable sampler = SamplerCatalog.Create(model.Info, "6");
        (float[] apart, long apartBytes) = Of(rule);
        (float[] joined, long joinedBytes) = Of("both:" + rule);
        Assert.InRange(Difference(apart, joined), double.Epsilon, 1e-5);
        Assert.True(rule.StartsWith("random", StringComparison.Ordinal) ? joinedBytes < apartBytes : 2 * joinedBytes == apartBytes);

        (float[], long) Of(string text)
        {
            using SamplingRun run = SamplingRun.Plan(
                model, sampler, Schedule(text, sampler), _labels.Length, new SamplingOptions { ClipDenoised = true });
            return (Sample(run), run.CacheBytes);
        }
    }

    [Fact]
    public void A_segment_that_cuts_a_long_skip_is_refused()
    {
        using var device = new CpuDevice(1);
        using Network model = NetworkFamilies.OnPaper(RandomUVit.Small, device);
        SamplerTable sampler = SamplerCatalog.Create(model.Info, "6");
        ArgumentException fault = Assert.Throws<ArgumentException>(
            () => SamplingRun.Plan(model, sampler, Schedule("delta-dit:2:2:3", sampler), 1, new SamplingOptions()));
        Assert.Contains("cuts the long skip of small from block 0 to block 4; keep it inside one block", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 1, "random:0.5:1")]
    [InlineData(3, 5, "random:0.5:1")]
    [InlineData(3, 5, "taylor-lite:3:1")]
    [InlineData(3, 5, "both:all")]
    public void An_image_is_the_same_alone_in_a_batch_and_on_any_number_of_threads(int threads, int batch, string rule)
    {
        float[] alone = First(1, 1, rule), here = First(threads, batch, rule);
        Assert.Equal(alone, here);

        static float[] First(int threads, int batch, string rule)
        {
            using var device = new CpuDevice(threads);
            UVitArchitecture a = RandomUVit.Small with { FinalConv = true, MlpTimeEmbed = true };
            using Network model = RandomUVit.Load(a, device);
            SamplerTable sampler = SamplerCatalog.Create(model.Info, "6");
            using SamplingRun run = SamplingRun.Plan(model, sampler, Schedule(rule, sampler, a), batch, new SamplingOptions());
            int[] labels = [.. Enumerable.Range(0, batch).Select(i => i % 5)];
            return Sample(run, labels)[..(a.InChannels * a.InputSize * a.InputSize)];
        }
    }

    [Theory]
    [InlineData("random:0.5:1", Guidance.Published)]
    [InlineData("all", Guidance.None)]
    [InlineData("taylor-lite:3:1", Guidance.Published)]
    [InlineData("both:all", Guidance.None)]
    public void A_run_allocates_nothing(string rule, Guidance guidance)
    {
        using var device = new CpuDevice(2);
        using Network model = RandomUVit.Load(RandomUVit.Small, device);
        SamplerTable sampler = SamplerCatalog.Create(model.Info, "6");
        using SamplingRun run = SamplingRun.Plan(model, sampler, Schedule(rule, sampler), 2, new SamplingOptions { Guidance = guidance });
        var noise = new CounterNoiseSource(3);
        TeamAllocations.AssertNone(device, () => run.Run(_labels, Scale, noise));
    }

    [Theory]
    [InlineData("ddim")]
    [InlineData("ddpm")]
    [InlineData("dpm-solver++:2m")]
    public void Other_samplers_run_it_too(string name)
    {
        using var device = new CpuDevice(2);
        using Network model = RandomUVit.Load(RandomUVit.Small, device);
        SamplerTable sampler = SamplerCatalog.Create(model.Info, "6", name);
        CacheSchedule schedule = CacheSchedule.Full(sampler.Evaluations.Count, model.Architecture.Branches);
        using SamplingRun run = SamplingRun.Plan(model, sampler, schedule, 2, new SamplingOptions { ClipDenoised = true });
        float[] expected = NaiveReuse.Sample(model, sampler, schedule, _labels, Guidance.Published, Scale, new CounterNoiseSource(3));
        Assert.All(Sample(run).Zip(expected), pair => Assert.Equal(pair.Second, pair.First, 1e-5f));
    }

    [Theory]
    [InlineData(CudaPrecision.F32)]
    [InlineData(CudaPrecision.BF16)]
    public void On_CUDA_a_run_is_one_graph_and_its_replay_equals_eager_bit_for_bit(CudaPrecision precision)
    {
        UVitArchitecture a = RandomUVit.Small with { HiddenSize = 32, Depth = 2, FinalConv = true };
        using var cuda = new CudaUnderTest(precision);
        using Network model = RandomUVit.Load(a, cuda.Device);
        SamplerTable sampler = SamplerCatalog.Create(model.Info, "4");
        float[] eager = Planned(one: false, replay: false);
        Assert.All(eager, value => Assert.True(float.IsFinite(value)));
        Assert.Equal(eager, Planned(one: true, replay: true));

        float[] Planned(bool one, bool replay)
        {
            SamplingOptions options = new() { ClipDenoised = true, OneSequence = one, Switches = new PlanSwitches { Replay = replay } };
            using SamplingRun run = SamplingRun.Plan(model, sampler, Schedule("random:0.5:1", sampler, a), _labels.Length, options);
            cuda.Emulator?.ClearLog();
            float[] state = Sample(run);
            if (one)
            {
                Assert.Equal(1, cuda.Emulator?.GraphLaunches ?? 1);
            }

            return state;
        }
    }

    private static CacheSchedule Schedule(string rule, SamplerTable sampler, UVitArchitecture? architecture = null) =>
        ScheduleRule.Parse(rule, sampler.Roles, (architecture ?? RandomUVit.Small).Branches);

    private static float[] Sample(SamplingRun run, int[]? labels = null)
    {
        run.Run(labels ?? _labels, Scale, new CounterNoiseSource(3));
        float[] state = new float[run.StateShape.Count];
        run.ReadState(state);
        return state;
    }

    /// <summary>Largest difference relative to the largest value.</summary>
    private static double Difference(float[] expected, float[] actual)
    {
        double difference = expected.Zip(actual, (x, y) => (double)MathF.Abs(x - y)).Max() / expected.Max(MathF.Abs);
        return double.IsFinite(difference) ? difference : double.PositiveInfinity;
    }
}
