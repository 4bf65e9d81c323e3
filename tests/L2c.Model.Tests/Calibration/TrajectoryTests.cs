using L2c.Kernels;
using L2c.Model.Calibration;
using L2c.Model.Networks;
using L2c.Model.Randomness;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Testing;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Calibration;

/// <summary>What a trajectory shows is what a planned run computes.</summary>
public sealed class TrajectoryTests
{
    private const int Steps = 4;
    private const float Scale = 1.5f;
    private static readonly int[] _labels = [1, 3];

    public static TheoryData<string, string, Guidance> Runs => new()
    {
        { "dit", SamplerCatalog.Ddim, Guidance.Published },
        { "dit", SamplerCatalog.DpmSolver2S, Guidance.None },
        { "uvit", SamplerCatalog.Ddim, Guidance.Published },
    };

    [Theory]
    [MemberData(nameof(Runs))]
    public void Outputs_and_samples_are_those_of_a_planned_run(string family, string samplerName, Guidance guidance)
    {
        using var device = new CpuDevice(2);
        using Network network = Load(family, device);
        SamplerTable sampler = SamplerCatalog.Create(network.Info, $"{Steps}", samplerName);
        var options = new SamplingOptions { Guidance = guidance, ClipDenoised = true };
        var expected = new Dictionary<(int, int), float[]>();
        using SamplingRun run = SamplingRun.Plan(network, sampler, _labels.Length, options with { KeepPredictions = true });
        var seen = new Dictionary<(int, int), int>();
        List<float[]> guided = [], states = [];
        run.Run(_labels, Scale, new CounterNoiseSource(3), AfterEvaluation, AfterOp);

        var shown = new Shown();
        using Trajectory trajectory = Trajectory.Plan(network, sampler, _labels.Length, options);
        trajectory.Run(_labels, Scale, new CounterNoiseSource(3), shown);
        Assert.Equal(expected.Count, shown.Outputs.Count);
        Assert.Equal(sampler.Evaluations.Count * network.Architecture.Branches, shown.Outputs.Count);
        Assert.All(expected, pair => Assert.Equal(pair.Value, shown.Outputs[pair.Key]));
        Assert.Equal(guided, shown.Guided);
        float[] samples = new float[trajectory.StateShape.Count];
        trajectory.ReadState(samples);
        Assert.Equal(states[^1], samples);

        // With one state the network reads what the step before has left.
        if (!sampler.Holds(SamplerState.U))
        {
            Assert.Equal(states[..^1], shown.Inputs[1..]);
        }

        void AfterEvaluation(int evaluation)
        {
            guided.Add(new float[OutputLength()]);
            run.ReadGuidedOutput(guided[^1]);
            states.Add(new float[run.StateShape.Count]);
            run.ReadState(states[^1]);
        }

        int OutputLength() =>
            guidance.Rows(_labels.Length) * network.Architecture.OutChannels * network.Architecture.InputSize * network.Architecture.InputSize;

        void AfterOp(in OpInfo op, long start, long end)
        {
            (int, int) place = (op.Scope.Evaluation, op.Scope.Branch);
            if (op.Name == nameof(Device.Linear) && op.Scope.Branch >= 0 && (seen[place] = seen.GetValueOrDefault(place) + 1) == 2)
            {
                Tensor output = run.BranchTerms(op.Scope.Evaluation, op.Scope.Branch)[0].Source;
                device.Download(output, expected[place] = new float[output.Shape.Count]);
            }
        }
    }

    [Fact]
    public void Streams_differ_by_the_gated_outputs_and_the_first_norm_is_that_of_the_stream_before()
    {
        using var device = new CpuDevice(2);
        DitArchitecture a = RandomDit.Small with { Depth = 1 };
        using Network network = RandomDit.Load(a, device);
        var shown = new Shown();
        using Trajectory trajectory = Trajectory.Plan(network, Ddim.Table(Steps), _labels.Length, new SamplingOptions());
        trajectory.Run(_labels, Scale, new CounterNoiseSource(3), shown);
        for (int e = 0; e < Steps; e++)
        {
            (float[] before, float[] after, float[] normed) = (shown.Before[e], shown.After[e], shown.Normed[e]);
            double[] plain = Normalised(before, a.HiddenSize);
            for (int row = 0; row < trajectory.Rows; row++)
            {
                for (int c = 0; c < a.HiddenSize; c++)
                {
                    // Gates, shifts and scales are the same for all tokens of a row.
                    double[] added = Tokens(row, c, i => (double)after[i] - before[i]);
                    double[][] outputs = [.. Enumerable.Range(0, 2).Select(b => Tokens(row, c, i => shown.Outputs[(e, b)][i]))];
                    double[] other = Tokens(row, c, i => after[i]); // whose rounding the difference has
                    Assert.InRange(Unexplained(added, outputs) / other.Max(Math.Abs), 0, 1e-5);
                    double[] ones = [.. Enumerable.Repeat(1.0, a.Tokens)];
                    Assert.InRange(Unexplained(Tokens(row, c, i => normed[i]), [Tokens(row, c, i => plain[i]), ones]), 0, 1e-5);

                    // The measure tells another stream.
                    Assert.True(Unexplained(other, outputs) / other.Max(Math.Abs) > 1e-3);
                }
            }
        }

        double[] Tokens(int row, int channel, Func<int, double> at) =>
            [.. Enumerable.Range(0, a.Tokens).Select(t => at((((row * a.Tokens) + t) * a.HiddenSize) + channel))];
    }

    [Fact]
    public void On_CUDA_the_same_is_shown()
    {
        using var cuda = new CudaUnderTest(CudaPrecision.F32);
        using var cpu = new CpuDevice(2);
        (Shown expected, Shown actual) = (Show(cpu), Show(cuda.Device));
        foreach ((Func<Shown, float[]> what, int i) in
            from what in (Func<Shown, List<float[]>>[])[s => s.Inputs, s => s.Before, s => s.Normed, s => s.After, s => s.Guided]
            from i in Enumerable.Range(0, 2)
            select ((Func<Shown, float[]>)(s => what(s)[i]), i))
        {
            Assert.InRange(Distance(what(expected), what(actual)), 0, 1e-4);
        }

        Assert.Equal(expected.Outputs.Keys.Order(), actual.Outputs.Keys.Order());
        Assert.All(expected.Outputs, pair => Assert.InRange(Distance(pair.Value, actual.Outputs[pair.Key]), 0, 1e-4));

        Shown Show(Device device)
        {
            using Network network = RandomDit.Load(RandomDit.Small with { HiddenSize = 32, Depth = 1 }, device);
            using Trajectory trajectory = Trajectory.Plan(network, Ddim.Table(2), _labels.Length, new SamplingOptions { ClipDenoised = true });
            var shown = new Shown();
            trajectory.Run(_labels, Scale, new CounterNoiseSource(3), shown);
            return shown;
        }

        static double Distance(float[] x, float[] y) => x.Zip(y, (one, other) => Math.Abs(one - other)).Max() / x.Max(Math.Abs);
    }

    [Fact]
    public void A_second_batch_is_shown_like_the_first_and_a_cancelled_one_ends_between_evaluations()
    {
        using var device = new CpuDevice(2);
        using Network network = RandomDit.Load(RandomDit.Small, device);
        using Trajectory trajectory = Trajectory.Plan(network, Ddim.Table(Steps), 1, new SamplingOptions());
        Shown first = Run(1, 7), other = Run(2, 8), again = Run(1, 7);
        Assert.Equal(first.Guided, again.Guided);
        Assert.NotEqual(first.Guided, other.Guided);

        using var stop = new CancellationTokenSource();
        var stopped = new Shown();
        List<int> ended = [];
        Assert.Throws<OperationCanceledException>(() => trajectory.Run([1], Scale, new CounterNoiseSource(7), stopped, Stop, stop.Token));
        Assert.Single(stopped.Guided);
        Assert.Equal([0], ended);

        void Stop(int evaluation)
        {
            ended.Add(evaluation);
            stop.Cancel();
        }

        Shown Run(int label, ulong seed)
        {
            var shown = new Shown();
            trajectory.Run([label], Scale, new CounterNoiseSource(seed), shown);
            return shown;
        }
    }

    [Theory]
    [InlineData(TrajectoryStages.None, 0, 0)]
    [InlineData(TrajectoryStages.Input, 1, 0)]
    [InlineData(TrajectoryStages.StreamBefore, 1, 0)]
    [InlineData(TrajectoryStages.FirstNormed, 1, 0)]
    [InlineData(TrajectoryStages.Branches, 0, 1)]
    [InlineData(TrajectoryStages.StreamAfter, 1, 0)]
    [InlineData(TrajectoryStages.Output, 1, 0)]
    [InlineData(TrajectoryStages.Input | TrajectoryStages.FirstNormed | TrajectoryStages.Output, 3, 0)]
    [InlineData(TrajectoryStages.All, 5, 1)]
    public void What_a_reader_does_not_ask_for_is_not_downloaded(TrajectoryStages stages, int perEvaluation, int perBranch)
    {
        using var device = new CountingDevice();
        using Network network = RandomDit.Load(RandomDit.Small, device);
        using Trajectory trajectory = Trajectory.Plan(network, Ddim.Table(Steps), 1, new SamplingOptions());
        var shown = new Shown { Stages = stages };
        int ended = 0, before = device.Downloads;
        trajectory.Run([1], Scale, new CounterNoiseSource(7), shown, _ => ended++);
        Assert.Equal(Steps * (perEvaluation + (perBranch * network.Architecture.Branches)), device.Downloads - before);
        Assert.Equal(Steps, ended);
        Assert.Equal(Told(TrajectoryStages.Input), shown.Inputs.Count);
        Assert.Equal(Told(TrajectoryStages.StreamBefore), shown.Before.Count);
        Assert.Equal(Told(TrajectoryStages.FirstNormed), shown.Normed.Count);
        Assert.Equal(Told(TrajectoryStages.Branches) * network.Architecture.Branches, shown.Outputs.Count);
        Assert.Equal(Told(TrajectoryStages.StreamAfter), shown.After.Count);
        Assert.Equal(Told(TrajectoryStages.Output), shown.Guided.Count);

        int Told(TrajectoryStages stage) => stages.HasFlag(stage) ? Steps : 0;
    }

    private static Network Load(string family, Device device) =>
        family == "dit" ? RandomDit.Load(RandomDit.Small, device) : RandomUVit.Load(RandomUVit.Small, device);

    private static double[] Normalised(float[] stream, int channels)
    {
        double[] result = new double[stream.Length];
        for (int first = 0; first < stream.Length; first += channels)
        {
            double[] x = [.. stream.Skip(first).Take(channels).Select(value => (double)value)];
            double mean = x.Average(), variance = x.Average(value => (value - mean) * (value - mean));
            for (int c = 0; c < channels; c++)
            {
                result[first + c] = (x[c] - mean) / Math.Sqrt(variance + 1e-6);
            }
        }

        return result;
    }

    /// <summary>The largest part of values that no weighted sum of two others makes.</summary>
    private static double Unexplained(double[] values, double[][] two)
    {
        double aa = Dot(two[0], two[0]), ab = Dot(two[0], two[1]), bb = Dot(two[1], two[1]), av = Dot(two[0], values), bv = Dot(two[1], values);
        double determinant = (aa * bb) - (ab * ab), a = ((av * bb) - (bv * ab)) / determinant, b = ((bv * aa) - (av * ab)) / determinant;
        return values.Select((value, i) => Math.Abs(value - (a * two[0][i]) - (b * two[1][i]))).Max();

        static double Dot(double[] x, double[] y) => x.Zip(y, (one, other) => one * other).Sum();
    }

    private sealed class CountingDevice() : CpuDevice(2)
    {
        public int Downloads { get; private set; }

        public override void Download(Tensor source, Span<float> destination)
        {
            Downloads++;
            base.Download(source, destination);
        }
    }

    private sealed class Shown : ITrajectoryReader
    {
        public TrajectoryStages Stages { get; init; } = TrajectoryStages.All;

        public List<float[]> Inputs { get; } = [];

        public List<float[]> Before { get; } = [];

        public List<float[]> Normed { get; } = [];

        public List<float[]> After { get; } = [];

        public List<float[]> Guided { get; } = [];

        public Dictionary<(int Evaluation, int Branch), float[]> Outputs { get; } = [];

        public void Input(int evaluation, ReadOnlySpan<float> x) => Add(Inputs, evaluation, x);

        public void StreamBefore(int evaluation, ReadOnlySpan<float> stream) => Add(Before, evaluation, stream);

        public void FirstNormed(int evaluation, ReadOnlySpan<float> normed) => Add(Normed, evaluation, normed);

        public void Branch(int evaluation, int branch, ReadOnlySpan<float> output) => Outputs.Add((evaluation, branch), output.ToArray());

        public void StreamAfter(int evaluation, ReadOnlySpan<float> stream) => Add(After, evaluation, stream);

        public void Output(int evaluation, ReadOnlySpan<float> guided) => Add(Guided, evaluation, guided);

        private static void Add(List<float[]> list, int evaluation, ReadOnlySpan<float> values)
        {
            Assert.Equal(list.Count, evaluation);
            list.Add(values.ToArray());
        }
    }
}
