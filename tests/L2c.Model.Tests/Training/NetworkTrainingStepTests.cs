using L2c.Kernels;
using L2c.Model.Samplers;
using L2c.Model.Training;
using L2c.Testing;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Training;

public sealed class NetworkTrainingStepTests
{
    private const int Batch = 3;

    private static readonly int[] _labels = [2, 0, 2], _timesteps = [0, 431, 999];

    public static TheoryData<bool> Recompute => TrainingFixture.Recompute;

    /// <summary>Everything that is trained, and that is every tensor of the layout but one.</summary>
    public static TheoryData<string> Trained =>
        [.. DitLayout.Tensors(TrainingFixture.Tiny).Select(t => t.Name).Where(name => name != "pos_embed")];

    [Theory]
    [MemberData(nameof(Trained))]
    public void Gradient_is_the_difference_quotient_in_double_precision(string name)
    {
        DitArchitecture a = TrainingFixture.Tiny;
        using var fixture = new Fixture(a, false);
        fixture.Run(1);
        Dictionary<string, double[]> parameters = TrainingFixture.Parameters(a);
        Func<double> loss = LinearisedLoss(fixture, new DoubleDit(a, parameters));
        double[] values = parameters[name];
        float[] gradient = fixture.Read(ParameterState.Gradient, name, values.Length);
        double bound = 2e-5 * gradient.Max(Math.Abs);
        int[] extremes = [Array.IndexOf(gradient, gradient.Max()), Array.IndexOf(gradient, gradient.Min())];
        int[] entries = [.. RandomData.Integers(name.Length, 12, values.Length), .. extremes];
        foreach (int at in entries.Distinct())
        {
            double expected = TrainingFixture.Difference(values, at, loss);
            Assert.True(Math.Abs(expected - gradient[at]) <= bound, $"{name}[{at}]: {gradient[at]}, expected {expected}, bound {bound:0.0e+00}");
        }

        // The largest element is well above the bound, so that a gradient of zeros or one without its sign is rejected.
        Assert.True(bound > 0 && gradient.Max(Math.Abs) > 1e-6, $"{name}: the gradient is all but zero");
    }

    [Theory]
    [InlineData("final_layer.linear.weight")]
    [InlineData("blocks.0.attn.qkv.weight")]
    public void With_min_SNR_weights_the_gradient_is_that_of_the_weighted_loss(string name)
    {
        DitArchitecture a = TrainingFixture.Tiny;
        using var fixture = new Fixture(a, false, minSnrGamma: 5);
        using var published = new Fixture(a, false);
        fixture.Run(1);
        published.Run(1);
        Assert.Equal(published.Losses, fixture.Losses); // what is told has no weights
        Dictionary<string, double[]> parameters = TrainingFixture.Parameters(a);
        DoubleDit network = new(a, parameters);
        Func<double> loss = LinearisedLoss(fixture, network, gamma: 5);
        double[] values = parameters[name];
        float[] gradient = fixture.Read(ParameterState.Gradient, name, values.Length);
        double bound = 2e-5 * gradient.Max(Math.Abs);
        int[] entries = [.. RandomData.Integers(name.Length, 12, values.Length).Distinct()];
        Assert.All(entries, at => Assert.Equal(TrainingFixture.Difference(values, at, loss), gradient[at], bound));

        // Planted: the published loss.
        Func<double> other = LinearisedLoss(published, network);
        Assert.Contains(entries, at => Math.Abs(TrainingFixture.Difference(values, at, other) - gradient[at]) > 5 * bound);
    }

    [Theory]
    [InlineData(0.25)]
    [InlineData(4)]
    public void The_moments_are_those_of_the_clipped_gradient(double share)
    {
        using var free = new Fixture(RandomDit.Small, false);
        free.Run(1);
        float[] gradient = free.Read(ParameterState.Gradient);
        double norm = Math.Sqrt(gradient.Sum(g => (double)g * g)), most = share * norm, scale = Math.Min(1, most / (norm + 1e-6));
        using var clipped = new Fixture(RandomDit.Small, false, mostNorm: most);
        clipped.Run(1);
        Assert.Equal(norm, clipped.Step.ReadGradientNorm(), 1e-5 * norm);
        Assert.Equal(gradient, clipped.Read(ParameterState.Gradient)); // which stays as it is
        float[] first = clipped.Read(ParameterState.FirstMoment), second = clipped.Read(ParameterState.SecondMoment);
        double largest = gradient.Max(Math.Abs);
        for (int i = 0; i < gradient.Length; i++)
        {
            double g = scale * gradient[i];
            Assert.Equal(0.1 * g, first[i], 1e-6 * largest * scale);
            Assert.Equal(0.001 * g * g, second[i], 1e-8 * largest * largest * scale * scale);
        }

        // A bound that is not reached changes no bit; one that is does.
        Assert.Equal(share > 1, free.Read(ParameterState.FirstMoment).SequenceEqual(first));
        Assert.Contains("plan the step with a bound", Assert.Throws<InvalidOperationException>(() => free.Step.ReadGradientNorm()).Message);
    }

    [Fact]
    public void Labels_that_do_not_occur_have_no_gradient()
    {
        using var fixture = new Fixture(TrainingFixture.Tiny, false);
        fixture.Run(1);
        int c = TrainingFixture.Tiny.HiddenSize;
        float[] table = fixture.Read(ParameterState.Gradient, "y_embedder.embedding_table.weight", TrainingFixture.Tiny.LabelRows * c);
        for (int row = 0; row < TrainingFixture.Tiny.LabelRows; row++)
        {
            Assert.Equal(_labels.Contains(row), table.AsSpan(row * c, c).ContainsAnyExcept(0));
        }
    }

    [Fact]
    public void Recomputation_changes_no_bit()
    {
        using var kept = new Fixture(RandomDit.Small, false);
        using var recomputed = new Fixture(RandomDit.Small, true);
        for (int step = 1; step <= 3; step++)
        {
            Assert.Equal(kept.Run(step), recomputed.Run(step));
        }

        foreach (ParameterState state in Enum.GetValues<ParameterState>())
        {
            float[] values = kept.Read(state);
            Assert.Equal(values, recomputed.Read(state));
            Assert.Contains(values, v => v != 0);
        }
    }

    [Theory]
    [MemberData(nameof(Recompute))]
    public void Training_resumes_bit_for_bit_from_the_states_that_were_read(bool recompute)
    {
        using var undisturbed = new Fixture(RandomDit.Small, recompute);
        using var interrupted = new Fixture(RandomDit.Small, recompute);
        using var resumed = new Fixture(RandomDit.Small, recompute);
        for (int step = 1; step <= 4; step++)
        {
            undisturbed.Run(step);
        }

        interrupted.Run(1);
        interrupted.Run(2);
        foreach (ParameterState state in Enum.GetValues<ParameterState>())
        {
            resumed.Step.WriteState(state, interrupted.Read(state));
        }

        resumed.Run(3);
        resumed.Run(4);
        Assert.All(Enum.GetValues<ParameterState>(), state => Assert.Equal(undisturbed.Read(state), resumed.Read(state)));
    }

    [Fact]
    public void Saved_tensors_are_the_network_that_was_trained()
    {
        using var fixture = new Fixture(RandomDit.Small, false);
        fixture.Run(1);
        fixture.Run(2);
        using var device = new CpuDevice(2);
        using var again = NetworkTrainingStep.Plan(
            RandomDit.Small, (name, values) => fixture.Step.ReadTensor(ParameterState.Weights, name, values), device, Batch, new());
        Assert.Equal(fixture.Read(ParameterState.Weights), Fixture.Read(again, ParameterState.Weights));

        float[] losses = new float[2 * Batch];
        again.Run(fixture.X0, fixture.Noise, _labels, _timesteps, new OptimizerStep(1, 0), losses);
        Assert.Equal(fixture.Run(3), losses);
    }

    [Fact]
    public void One_step_is_the_papers_AdamW_and_moving_average()
    {
        using var fixture = new Fixture(RandomDit.Small, false);
        float[] before = fixture.Read(ParameterState.Weights);
        Assert.Equal(before, fixture.Read(ParameterState.Average));
        var optimizer = new OptimizerStep(1, 0.01, 0.9) { WeightDecay = 0.1 };
        fixture.Run(optimizer);
        float[] gradient = fixture.Read(ParameterState.Gradient), after = fixture.Read(ParameterState.Weights);
        float[] average = fixture.Read(ParameterState.Average);
        for (int i = 0; i < before.Length; i++)
        {
            // After the first step both corrected moments are the gradient's.
            double expected = (before[i] * (1 - 0.001)) - (0.01 * gradient[i] / (Math.Abs(gradient[i]) + 1e-8));
            Assert.Equal(expected, after[i], 1e-5);
            Assert.Equal((0.9 * before[i]) + (0.1 * after[i]), average[i], 1e-6);
        }
    }

    [Fact]
    public void The_loss_on_the_same_data_falls()
    {
        using var fixture = new Fixture(RandomDit.Small, false);
        float[] losses = [.. Enumerable.Range(1, 20).Select(step => fixture.Run(step, 3e-3).Where((_, i) => i % 2 == 0).Average())];
        Assert.True(losses[^1] < 0.7 * losses[0], $"from {losses[0]} to {losses[^1]}");
    }

    [Fact]
    public void What_cannot_be_planned_or_run_is_refused()
    {
        using var device = new CpuDevice(1);
        DitArchitecture fixedVariance = RandomDit.Small with { LearnSigma = false };
        Assert.Contains("variance", Assert.Throws<ArgumentException>(
            () => NetworkTrainingStep.Plan(fixedVariance, RandomDit.Reader(fixedVariance), device, 1, new())).Message);
        using var halves = new Golden.NaiveDevice(DType.BF16);
        Assert.Contains("fp32", Assert.Throws<ArgumentException>(() => NetworkTrainingStep.Predict(RandomDit.Small, halves, 1, new())).Message);
        using var fixture = new Fixture(RandomDit.Small, false);
        float[] losses = new float[2 * Batch];
        var first = new OptimizerStep(1, 0);
        Assert.Throws<ArgumentException>(() => fixture.Step.Run(fixture.X0, fixture.Noise, [0, 1, 6], _timesteps, first, losses));
        Assert.Throws<ArgumentException>(() => fixture.Step.Run(fixture.X0, fixture.Noise, _labels, [0, 1, 1000], first, losses));
        Assert.Throws<ArgumentException>(() => fixture.Step.Run(fixture.X0, fixture.Noise, _labels, [0, 1], first, losses));
        Assert.Throws<ArgumentException>(() => fixture.Step.Run(fixture.X0.AsSpan(1), fixture.Noise, _labels, _timesteps, first, losses));
        Assert.Throws<ArgumentException>(() => fixture.Step.Run(fixture.X0, fixture.Noise.AsSpan(1), _labels, _timesteps, first, losses));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => fixture.Step.Run(fixture.X0, fixture.Noise, _labels, _timesteps, new OptimizerStep(0, 0), losses));
    }

    /// <summary>The loss linearised in the output: sum of output and its gradient, which the loss's own formulas give at the unchanged
    /// parameters.</summary>
    private static Func<double> LinearisedLoss(Fixture fixture, DoubleDit network, double? gamma = null)
    {
        int image = fixture.X0.Length / Batch;
        NoiseSchedule process = fixture.Step.Process;
        float[] noised = new float[fixture.X0.Length];
        for (int row = 0; row < Batch; row++)
        {
            Range at = (row * image)..((row + 1) * image);
            process.AddNoise(_timesteps[row], fixture.X0.AsSpan()[at], fixture.Noise.AsSpan()[at], noised.AsSpan()[at]);
        }

        float[] output = Array.ConvertAll(Output(), v => (float)v);
        ReferenceTimestep[] table = [.. _timesteps.Select(t => new ReferenceTimestep(
            (float)process.SqrtRecipAlphasCumprod[t],
            (float)process.SqrtRecipm1AlphasCumprod[t],
            (float)process.PosteriorMeanCoef1[t],
            (float)process.PosteriorMeanCoef2[t],
            (float)process.PosteriorLogVarianceClipped[t],
            (float)Math.Log(process.Betas[t]),
            t == 0,
            gamma is { } most ? (float)Math.Min(1, most * (1 - process.AlphasCumprod[t]) / process.AlphasCumprod[t]) : 1))];
        (double[] losses, double[] dOutput) = Reference.HybridLoss<double>(output, fixture.Noise, fixture.X0, noised, table);
        Assert.All(losses.Zip(fixture.Losses), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * losses.Max()));
        return () => Output().Zip(dOutput, (o, d) => o * d).Sum();

        double[] Output() =>
            [.. Enumerable.Range(0, Batch).SelectMany(row => network.Forward(noised.AsSpan(row * image, image), _timesteps[row], _labels[row]))];
    }

    /// <summary>A planned step with data.</summary>
    private sealed class Fixture : IDisposable
    {
        private readonly CpuDevice _device = new(2);

        public Fixture(DitArchitecture architecture, bool recompute, double? mostNorm = null, double? minSnrGamma = null)
        {
            Step = NetworkTrainingStep.Plan(
                architecture, RandomDit.Reader(architecture), _device, Batch, TrainingFixture.Options(recompute), mostNorm, minSnrGamma);
            X0 = Array.ConvertAll(TrainingFixture.Normal(3, Step.StateShape.Count), v => Math.Clamp(v / 2, -1, 1));
            Noise = TrainingFixture.Normal(5, Step.StateShape.Count);
        }

        public NetworkTrainingStep Step { get; }

        public float[] X0 { get; }

        public float[] Noise { get; }

        public float[] Losses { get; } = new float[2 * Batch];

        /// <summary>One step on the data; the losses.</summary>
        public float[] Run(int step, double learningRate = 1e-3) => Run(new OptimizerStep(step, learningRate, 0.9));

        public float[] Run(in OptimizerStep optimizer)
        {
            Step.Run(X0, Noise, _labels, _timesteps, optimizer, Losses);
            return [.. Losses];
        }

        public float[] Read(ParameterState state) => Read(Step, state);

        public float[] Read(ParameterState state, string name, int length)
        {
            float[] values = new float[length];
            Step.ReadTensor(state, name, values);
            return values;
        }

        public static float[] Read(NetworkTrainingStep step, ParameterState state)
        {
            float[] values = new float[step.StateLength];
            step.ReadState(state, values);
            return values;
        }

        public void Dispose()
        {
            Step.Dispose();
            _device.Dispose();
        }
    }
}
