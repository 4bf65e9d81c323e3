using L2c.Emulation;
using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks.Dit;
using L2c.Model.Randomness;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Testing;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Runs;

/// <summary>Planned runs on the CUDA engine: one graph, what is in it, and that it computes what eager ops compute.</summary>
public sealed class CudaRunTests
{
    private const int Steps = 4;
    private const string Rule = "random:0.5:3", Forecast = "taylor:3:1", Segments = "delta-dit:3:2:2";
    private static readonly int[] _labels = [1, 3];

    // Heads of 16: the tensor-core form of the attention.
    private static readonly DitArchitecture _architecture = RandomDit.Small with { HiddenSize = 32, Heads = 2 };

    public static MatrixTheoryData<CudaPrecision, string> Runs => new(Enum.GetValues<CudaPrecision>(), [Rule, Forecast, Segments]);

    [Theory]
    [MemberData(nameof(Runs))]
    public void A_replay_equals_eager_bit_for_bit_whether_of_one_graph_or_of_one_per_evaluation(CudaPrecision precision, string rule)
    {
        using var cuda = new CudaUnderTest(precision);
        using DitModel model = RandomDit.Load(_architecture, cuda.Device);
        SamplerTable sampler = Ddpm.Table(Steps, learnedVariance: true);
        float[] eager = Sample(Options(one: false, replay: false));
        Assert.All(eager, value => Assert.True(float.IsFinite(value)));
        Assert.Equal(eager, Sample(Options(one: false, replay: true)));
        Assert.Equal(eager, Sample(Options(one: true, replay: true)));

        float[] Sample(SamplingOptions options)
        {
            using SamplingRun run = SamplingRun.Plan(model, sampler, Schedule(rule), _labels.Length, options);
            cuda.Emulator?.ClearLog();
            float[] first = Run(run), second = Run(run);
            Assert.Equal(first, second);
            if (options.OneSequence && cuda.Emulator is { } emulator)
            {
                Assert.Equal(2, emulator.GraphLaunches);
            }

            return first;
        }
    }

    [Fact]
    public void A_table_with_several_states_runs_as_on_the_CPU()
    {
        SamplerTable sampler = RandomDit.Sampler(SamplerCatalog.DpmSolver2S, Steps);
        using var cuda = new CudaUnderTest(CudaPrecision.F32);
        using var cpu = new CpuDevice(2);
        float[] expected = Sample(cpu), actual = Sample(cuda.Device);
        Assert.InRange(expected.Zip(actual, (x, y) => MathF.Abs(x - y)).Max() / expected.Max(MathF.Abs), 0, 1e-4f);

        float[] Sample(Device device)
        {
            using DitModel model = RandomDit.Load(_architecture, device);
            using SamplingRun run = SamplingRun.Plan(model, sampler, _labels.Length, new SamplingOptions { ClipDenoised = true, OneSequence = true });
            return Run(run);
        }
    }

    /// <summary>Deltas are subtracted in place: the slot holds the stream before the segment, then its delta.</summary>
    [Theory]
    [InlineData(CudaPrecision.F32, 1e-4f)]
    [InlineData(CudaPrecision.BF16, 0.1f)]
    public void Segments_are_kept_and_replaced_as_on_the_CPU(CudaPrecision precision, float bound)
    {
        using var cuda = new CudaUnderTest(precision);
        using var cpu = new CpuDevice(2);
        float[] expected = Sample(cpu, Segments), actual = Sample(cuda.Device, Segments);
        Assert.InRange(Difference(expected, actual), 0, bound);
        if (precision == CudaPrecision.F32)
        {
            Assert.True(Difference(Sample(cpu, "interval:3"), actual) > 10 * bound);
        }

        static float Difference(float[] x, float[] y) => x.Zip(y, (a, b) => MathF.Abs(a - b)).Max() / x.Max(MathF.Abs);

        static float[] Sample(Device device, string rule)
        {
            using DitModel model = RandomDit.Load(_architecture, device);
            SamplerTable sampler = Ddim.Table(Steps);
            using SamplingRun run = SamplingRun.Plan(
                model, sampler, Schedule(rule), _labels.Length, new SamplingOptions { ClipDenoised = true, OneSequence = true });
            return Run(run);
        }
    }

    [Fact]
    public void A_graph_of_a_cached_evaluation_has_no_launch_of_a_reused_branch_and_a_computed_block_takes_at_most_eight()
    {
        Assert.SkipWhen(CudaUnderTest.IsReal, "only the emulator tells what is in a graph");
        using var cuda = new CudaUnderTest(CudaPrecision.BF16);
        EmulatedDriver emulator = cuda.Emulator!;
        using DitModel model = RandomDit.Load(_architecture, cuda.Device);
        int captures = emulator.Captures.Count;
        using SamplingRun run = SamplingRun.Plan(model, Ddim.Table(Steps), Schedule(), _labels.Length, Options(one: false, replay: true));
        IReadOnlyList<DeviceWork>[] graphs = [.. emulator.Captures.Skip(captures)];
        Assert.Equal(Steps, graphs.Length);

        // Launches of every op, counted while the same ops run one by one.
        List<(OpScope Scope, DeviceWork Work)> launches = [];
        emulator.ClearLog();
        run.Run(_labels, 1.5f, new CounterNoiseSource(3), observer: (in OpInfo op, long _, long _) =>
        {
            OpScope scope = op.Scope;
            launches.AddRange(Launches(emulator.Log).Select(work => (scope, work)));
            emulator.ClearLog();
        });

        for (int e = 0; e < Steps; e++)
        {
            Assert.DoesNotContain(launches, l => l.Scope.Evaluation == e && l.Scope.Branch >= 0 && !run.Schedule.Computes(e, l.Scope.Branch));
            int ahead = e == 0 ? launches.Count(l => l.Scope.Evaluation < 0) : 0;
            DeviceWork[] expected = [.. launches.Where(l => l.Scope.Evaluation == e).Select(l => l.Work)];
            DeviceWork[] recorded = [.. Launches(graphs[e]).Skip(ahead)];
            Assert.Equal(expected.Select(Describe), recorded.Select(Describe));

            int computed = Enumerable.Range(0, run.Schedule.Branches).Count(b => run.Schedule.Computes(e, b));
            Assert.Equal((2 * computed) + 2, recorded.OfType<MatmulLaunch>().Count()); // and the patch embedding and the final layer
            for (int block = 0; block < _architecture.Depth; block++)
            {
                int inBlock = launches.Count(l => l.Scope.Evaluation == e && l.Scope.Branch / 2 == block && l.Scope.Branch >= 0);
                Assert.InRange(inBlock, 0, 8);
                Assert.Equal(run.Schedule.Computes(e, 2 * block) && run.Schedule.Computes(e, (2 * block) + 1), inBlock > 4);
            }
        }

        Assert.Contains(Enumerable.Range(0, Steps), e => Enumerable.Range(0, run.Schedule.Branches).Any(b => !run.Schedule.Computes(e, b)));
    }

    [Theory]
    [InlineData(Rule)]
    [InlineData(Forecast)]
    public void After_planning_a_run_allocates_no_device_memory_and_frees_it_all_in_the_end(string rule)
    {
        Assert.SkipWhen(CudaUnderTest.IsReal, "only the emulator counts every byte");
        using var cuda = new CudaUnderTest(CudaPrecision.F16);
        long atStart = cuda.Emulator!.AllocatedBytes;
        using (DitModel model = RandomDit.Load(_architecture, cuda.Device))
        {
            using SamplingRun run = SamplingRun.Plan(model, Ddim.Table(Steps), Schedule(rule), _labels.Length, Options(one: true, replay: true));
            long planned = cuda.Emulator.AllocatedBytes;
            Assert.Equal(model.WeightBytes + run.RunBytes, planned - atStart);
            Run(run);
            Assert.Equal(planned, cuda.Emulator.AllocatedBytes);
        }

        Assert.Equal(atStart, cuda.Emulator.AllocatedBytes);
    }

    private static IEnumerable<DeviceWork> Launches(IEnumerable<DeviceWork> work) => work.Where(w => w is KernelLaunch or MatmulLaunch);

    private static string Describe(DeviceWork work) => work switch
    {
        KernelLaunch kernel => $"{kernel.Kernel} {kernel.Size}",
        MatmulLaunch matmul => $"matmul {matmul.M} {matmul.N} {matmul.K} {matmul.Epilogue}",
        _ => work.GetType().Name,
    };

    private static CacheSchedule Schedule(string rule = Rule) => ScheduleRule.Parse(rule, PublishedRoles.OnePerStep(Steps), 2 * _architecture.Depth);

    private static SamplingOptions Options(bool one, bool replay) =>
        new() { ClipDenoised = true, OneSequence = one, Switches = new PlanSwitches { Replay = replay } };

    private static float[] Run(SamplingRun run)
    {
        run.Run(_labels, 1.5f, new CounterNoiseSource(3));
        float[] state = new float[run.StateShape.Count];
        run.ReadState(state);
        return state;
    }
}
