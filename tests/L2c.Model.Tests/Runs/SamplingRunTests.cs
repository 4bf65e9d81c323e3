using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Model.Networks.Dit;
using L2c.Model.Randomness;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Model.Tests.Golden;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Runs;

public sealed class SamplingRunTests
{
    private const ulong Seed = 3;
    private static readonly int[] _labels = [0, 1, 2, 3, 4, 0, 1, 2];

    public static TheoryData<string> Samplers => ["ddim eta 0.7", .. SamplerCatalog.Names];

    [Theory]
    [MemberData(nameof(Samplers))]
    public void An_image_is_the_same_alone_in_a_batch_and_on_any_number_of_threads(string sampler)
    {
        float[] batch = Sample(RandomDit.Small, sampler, _labels, 0, threads: 2);
        int image = batch.Length / _labels.Length;
        Assert.Equal(batch, Sample(RandomDit.Small, sampler, _labels, 0, threads: 1));
        Assert.Equal(batch, Sample(RandomDit.Small, sampler, _labels, 0, threads: 3));
        for (int i = 0; i < _labels.Length; i++)
        {
            float[] alone = Sample(RandomDit.Small, sampler, [_labels[i]], i, threads: 2);
            Assert.Equal(batch[(i * image)..((i + 1) * image)], alone);
        }

        Assert.All(batch, value => Assert.True(float.IsFinite(value)));
        Assert.NotEqual(batch[..image], batch[(5 * image)..(6 * image)]); // same label, other noise
    }

    [Fact]
    public void A_second_run_of_a_plan_gives_the_same_bits_and_another_label_or_scale_does_not()
    {
        using var device = new CpuDevice(2);
        using DitModel model = RandomDit.Load(RandomDit.Small, device);
        using SamplingRun run = SamplingRun.Plan(model, Ddim.Table(5), 2, new SamplingOptions());
        float[] first = Run([1, 2], 1.5f), again = Run([1, 2], 1.5f), otherLabel = Run([1, 3], 1.5f), otherScale = Run([1, 2], 2f);
        Assert.Equal(first, again);
        Assert.Equal(first[..144], otherLabel[..144]);
        Assert.NotEqual(first[144..], otherLabel[144..]);
        Assert.NotEqual(first, otherScale);

        float[] Run(int[] labels, float scale)
        {
            run.Run(labels, scale, new CounterNoiseSource(Seed));
            return Read(run);
        }
    }

    [Theory]
    [InlineData(2.0, true, true)]
    [InlineData(4.0, false, true)]
    [InlineData(4.0, true, false)]
    [InlineData(1.5, false, false)]
    public void Any_configuration_samples(double mlpRatio, bool learnSigma, bool hasNull)
    {
        DitArchitecture architecture = RandomDit.Small with { MlpRatio = mlpRatio, LearnSigma = learnSigma, HasNullClass = hasNull };
        foreach (string sampler in Samplers.Select(row => row.Data))
        {
            Assert.All(Sample(architecture, sampler, [1], 0, 1, hasNull ? Guidance.AllChannels : Guidance.None), v => Assert.True(float.IsFinite(v)));
        }
    }

    [Fact]
    public void Scale_one_is_the_conditional_prediction_and_channels_differ_between_guidance_rules()
    {
        float[] plain = Sample(RandomDit.Small, "ddim", [1], 0, 1, Guidance.None);
        float[] one = Sample(RandomDit.Small, "ddim", [1], 0, 1, Guidance.AllChannels, 1);
        Assert.Equal(plain.Length, one.Length);
        Assert.True(Distance(plain, one) <= 1e-4 * plain.Max(MathF.Abs)); // u + 1 (e - u) rounds
        float[] three = Sample(RandomDit.Small, "ddim", [1], 0, 1, Guidance.Published, 4);
        float[] all = Sample(RandomDit.Small, "ddim", [1], 0, 1, Guidance.AllChannels, 4);
        Assert.True(Distance(three, all) > 1e-2 * plain.Max(MathF.Abs));
    }

    [Fact]
    public void After_each_evaluation_the_state_can_be_read_and_the_last_is_the_result()
    {
        using var device = new CpuDevice(1);
        using DitModel model = RandomDit.Load(RandomDit.Small, device);
        using SamplingRun run = SamplingRun.Plan(model, Ddim.Table(4), 1, new SamplingOptions { KeepPredictions = true });
        List<float[]> states = [];
        run.Run([0], 1.5f, new CounterNoiseSource(Seed), e =>
        {
            Assert.Equal(states.Count, e);
            states.Add(Read(run));
        });
        Assert.Equal(4, states.Count);
        Assert.Equal(Read(run), states[^1]);
        float[] x0 = new float[states[0].Length];
        run.ReadPredictedX0(x0);
        Assert.True(Distance(x0, states[^1]) <= 1e-5 * x0.Max(MathF.Abs)); // alphaBar before the first timestep is 1
    }

    [Fact]
    public void Clipping_bounds_the_prediction()
    {
        using var device = new CpuDevice(1);
        using DitModel model = RandomDit.Load(RandomDit.Small, device);
        using SamplingRun run = SamplingRun.Plan(model, Ddim.Table(4), 1, new SamplingOptions { ClipDenoised = true });
        run.Run([0], 4f, new CounterNoiseSource(Seed));
        Assert.InRange(Read(run).Max(MathF.Abs), 0.5f, 1.0001f);
    }

    [Fact]
    public void Mistakes_are_named()
    {
        using var device = new CpuDevice(1);
        using DitModel model = RandomDit.Load(RandomDit.Small, device);
        using DitModel unguided = RandomDit.Load(RandomDit.Small with { HasNullClass = false, LearnSigma = false }, device);
        using SamplingRun run = SamplingRun.Plan(model, Ddim.Table(2), 2, new SamplingOptions());
        var noise = new CounterNoiseSource(Seed);
        Assert.Contains("1 labels for 2 images", Assert.Throws<ArgumentException>(() => run.Run([0], 1, noise)).Message, StringComparison.Ordinal);
        Assert.Contains("label 6 is outside 0..5", Assert.Throws<ArgumentException>(() => run.Run([0, 6], 1, noise)).Message, StringComparison.Ordinal);
        Assert.Contains("no null class", Assert.Throws<ArgumentException>(() => SamplingRun.Plan(unguided, Ddim.Table(2), 1, new SamplingOptions())).Message, StringComparison.Ordinal);
        Assert.Contains("does not predict a variance", Assert.Throws<ArgumentException>(() =>
            SamplingRun.Plan(unguided, Ddpm.Table(2, learnedVariance: true), 1, new SamplingOptions { Guidance = Guidance.None })).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => run.ReadPredictedX0(new float[288]));
        Assert.Throws<OperationCanceledException>(() => run.Run([0, 1], 1, noise, cancel: new CancellationToken(true)));
    }

    [Fact]
    public void Cancelling_ends_a_run_before_its_next_evaluation()
    {
        using var device = new CpuDevice(1);
        using Network model = RandomDit.Load(RandomDit.Small, device);
        using SamplingRun run = SamplingRun.Plan(model, Ddim.Table(4), 1, new SamplingOptions());
        using CancellationTokenSource source = new();
        List<int> done = [];
        Assert.Throws<OperationCanceledException>(() => run.Run(
            [0],
            1,
            new CounterNoiseSource(Seed),
            evaluation =>
            {
                done.Add(evaluation);
                if (evaluation == 1)
                {
                    source.Cancel();
                }
            },
            cancel: source.Token));
        Assert.Equal([0, 1], done);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_run_that_does_not_replay_refuses_an_observer(bool one)
    {
        using var device = new CpuDevice(1);
        using DitModel model = RandomDit.Load(RandomDit.Small, device);
        SamplingOptions options = new() { OneSequence = one, Switches = new PlanSwitches { Replay = false } };
        using SamplingRun run = SamplingRun.Plan(model, Ddim.Table(2), 1, options);
        ArgumentException refusal = Assert.Throws<ArgumentException>(
            () => run.Run([0], 1, new CounterNoiseSource(Seed), observer: (in OpInfo _, long _, long _) => { }));
        Assert.Contains("no recorded ops to observe", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_recording_that_fails_frees_the_earlier_ones()
    {
        using FailingDevice device = new(failAt: 2);
        using DitModel model = RandomDit.Load(RandomDit.Small, device);
        Assert.Throws<IOException>(() => SamplingRun.Plan(model, Ddim.Table(4), 1, new SamplingOptions()));
        Assert.Equal((2, 2), (device.Captured, device.Freed));
    }

    private static float[] Sample(
        DitArchitecture architecture, string sampler, int[] labels, int firstImage, int threads, Guidance guidance = Guidance.Published, float scale = 1.5f)
    {
        using var device = new CpuDevice(threads);
        using DitModel model = RandomDit.Load(architecture, device);
        SamplerTable steps = sampler == "ddim eta 0.7" ? Ddim.Table(4, 0.7) : RandomDit.Sampler(sampler, 4, architecture);
        using SamplingRun run = SamplingRun.Plan(model, steps, labels.Length, new SamplingOptions { Guidance = guidance });
        run.Run(labels, scale, new CounterNoiseSource(Seed, firstImage));
        return Read(run);
    }

    private static float[] Read(SamplingRun run)
    {
        float[] state = new float[run.StateShape.Count];
        run.ReadState(state);
        return state;
    }

    private static float Distance(float[] a, float[] b) => a.Zip(b, (x, y) => MathF.Abs(x - y)).Max();

    /// <summary>A device whose recordings are counted, and one of which fails.</summary>
    private sealed class FailingDevice(int failAt) : NaiveDevice(DType.F32)
    {
        public int Captured { get; private set; }

        public int Freed { get; private set; }

        public override OpSequence Capture(Action enqueue)
        {
            if (Captured == failAt)
            {
                throw new IOException("the recording failed");
            }

            Captured++;
            return new Counted(this);
        }

        private sealed class Counted(FailingDevice device) : OpSequence
        {
            public override IReadOnlyList<OpInfo> Ops => [];

            public override void Run() => throw new NotSupportedException();

            public override void Run(OpObserver observer) => throw new NotSupportedException();

            protected override void Dispose(bool disposing) => device.Freed++;
        }
    }
}
