using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Model.Randomness;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Model.Tests.Training;
using L2c.Model.Training;
using L2c.Model.Training.Data;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Runs;

/// <summary>What has been disposed of says so: its memory is gone, and a read there would end the process.</summary>
public sealed class DisposalTests
{
    private static readonly CounterNoiseSource _noise = new(seed: 0);

    [Theory]
    [InlineData("run")]
    [InlineData("network")]
    [InlineData("device")]
    public void A_sampling_run_does_not_outlive_its_memory(string disposed)
    {
        CpuDevice device = new(1);
        Network model = RandomDit.Load(RandomDit.Small, device);
        SamplingRun run = SamplingRun.Plan(model, Ddim.Table(3), 2, new SamplingOptions { KeepPredictions = true });
        float[] state = new float[run.StateShape.Count];
        run.Run([1, 2], 1.5f, _noise);
        run.ReadState(state);
        IDisposable victim = disposed switch { "run" => run, "network" => model, _ => device };
        victim.Dispose();
        Assert.Throws<ObjectDisposedException>(() => run.Run([1, 2], 1.5f, _noise));
        if (disposed != "network")
        {
            Assert.Throws<ObjectDisposedException>(() => run.ReadState(state));
            Assert.Throws<ObjectDisposedException>(() => run.ReadPredictedX0(state));
            Assert.Throws<ObjectDisposedException>(() => run.ReadGuidedOutput(state));
        }

        run.Dispose();
        model.Dispose();
        device.Dispose();
    }

    [Theory]
    [InlineData("run", true)]
    [InlineData("network", true)]
    [InlineData("network", false)]
    public void What_is_disposed_of_between_evaluations_ends_the_run(string disposed, bool replay)
    {
        using CpuDevice device = new(1);
        using Network model = RandomDit.Load(RandomDit.Small, device);
        using SamplingRun run = SamplingRun.Plan(
            model, Ddim.Table(3), 1, new SamplingOptions { Switches = PlanSwitches.All with { Replay = replay } });
        IDisposable victim = disposed == "run" ? run : model;
        List<int> done = [];
        Assert.Throws<ObjectDisposedException>(() => run.Run([1], 1.5f, _noise, Dispose));
        Assert.Equal([0], done);

        void Dispose(int evaluation)
        {
            done.Add(evaluation);
            victim.Dispose();
        }
    }

    [Fact]
    public void Without_replay_too()
    {
        using CpuDevice device = new(1);
        using Network model = RandomDit.Load(RandomDit.Small, device);
        SamplingOptions eager = new() { Switches = PlanSwitches.All with { Replay = false } };
        SamplingRun run = SamplingRun.Plan(model, Ddim.Table(3), 1, eager);
        run.Dispose();
        Assert.Throws<ObjectDisposedException>(() => run.Run([1], 1.5f, _noise));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Guidance_that_is_not_finite_is_refused(float scale)
    {
        using CpuDevice device = new(1);
        using Network model = RandomDit.Load(RandomDit.Small, device);
        using SamplingRun run = SamplingRun.Plan(model, Ddim.Table(3), 1, new SamplingOptions());
        Assert.Contains("guidance scale", Assert.Throws<ArgumentException>(() => run.Run([1], scale, _noise)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_router_step_does_not_outlive_its_memory(bool network)
    {
        using CpuDevice device = new(1);
        Network model = RandomDit.Load(TrainingFixture.Tiny, device, WeightUse.RouterTraining);
        RouterDraw step = RouterDraw.Plan(model, Ddim.Table(4), 1, new TrainingPlanOptions());
        float[] state = new float[step.StateShape.Count], weights = new float[step.Branches];
        double[] gradient = new double[step.Branches];
        step.Run(0, state, [1], weights, gradient);
        (network ? (IDisposable)model : step).Dispose();
        Assert.Throws<ObjectDisposedException>(() => step.Run(0, state, [1], weights, gradient));
        Assert.Throws<ObjectDisposedException>(() => step.ReadNext(state));
        step.Dispose();
        model.Dispose();
    }

    [Fact]
    public void A_training_step_does_not_outlive_its_memory()
    {
        using CpuDevice device = new(1);
        NetworkTrainingStep step = NetworkTrainingStep.Plan(
            TrainingFixture.Tiny, RandomDit.Reader(TrainingFixture.Tiny), device, 1, new TrainingPlanOptions());
        float[] state = new float[step.StateLength], image = new float[step.StateShape.Count];
        step.Dispose();
        Assert.Throws<ObjectDisposedException>(() => step.Run(image, image, [1], [5], new OptimizerStep(1, 0), new float[2]));
        Assert.Throws<ObjectDisposedException>(() => step.ReadState(ParameterState.Weights, state));
        Assert.Throws<ObjectDisposedException>(() => step.WriteState(ParameterState.Weights, state));
        Assert.Throws<ObjectDisposedException>(() => step.ReadTensor(ParameterState.Weights, "pos_embed", new float[1]));
    }

    [Fact]
    public void Trainers_do_not_outlive_their_steps()
    {
        using CpuDevice device = new(1);
        using Network frozen = RandomDit.Load(TrainingFixture.Tiny, device, WeightUse.RouterTraining);
        RouterTrainingOptions options = new() { Steps = "4", Lambdas = [1e-6], LearningRate = 1e-3, Threshold = 0.1, Draws = 1, Batch = 1 };
        RouterTrainer router = new(frozen, null, options, null, []);
        router.Advance();
        router.Dispose();
        Assert.Throws<ObjectDisposedException>(router.Advance);
        DitArchitecture small = TrainingFixture.Tiny with { InputSize = 32, PatchSize = 8, NumClasses = 10 };
        NetworkTrainer trainer = new(
            small, RandomDit.Reader(small), null, new ShapesData(ShapesEdition.Second, 0), device, new NetworkTrainingOptions { Batch = 1 }, []);
        trainer.Advance();
        trainer.Dispose();
        Assert.Throws<ObjectDisposedException>(trainer.Advance);
        Assert.Throws<ObjectDisposedException>(() => trainer.WriteModel("never-written", overwrite: false));
    }

    [Fact]
    public void A_network_without_weights_enqueues_nothing()
    {
        using CpuDevice device = new(1);
        Network model = RandomDit.Load(RandomDit.Small, device);
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => SamplingRun.Plan(model, Ddim.Table(3), 1, new SamplingOptions()));
    }
}
