using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Training;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Training;

/// <summary>A router trainer on a small network of its own.</summary>
internal sealed class RouterRun : IDisposable
{
    private readonly CpuDevice _device;
    private readonly Network _model;

    public RouterRun(
        RouterTrainingOptions options, int threads = 1, bool imageFree = false, RouterLogits? initial = null, TransformerArchitecture? architecture = null)
    {
        architecture ??= RandomDit.Small;
        _device = new CpuDevice(threads);
        _model = NetworkFamilies.Load(architecture, RandomDit.Reader(architecture), _device, WeightUse.RouterTraining);
        ITrainingData? data = imageFree ? null : new NoiseItems(architecture);
        Trainer = new RouterTrainer(_model, data, options with { Threads = threads }, initial, new TrainingSettings { { "--device", "test" } });
    }

    public static RouterTrainingOptions Options { get; } = new()
    {
        Steps = "10",
        Lambdas = [1e-3],
        LearningRate = 0.05,
        Threshold = 0.5,
        Draws = 2,
        Batch = 2,
        Seed = 5,
    };

    /// <summary>A forecast of everything that the router may leave out, by the refresh before and the one before that.</summary>
    /// <param name="weight">Of the first.</param>
    public static CacheSchedule Forecast(float weight) => CacheSchedule.Reusing(
        [.. Enumerable.Range(0, 10).Select(e => e % 2 == 0 ? EvaluationRole.Refresh : EvaluationRole.Cache)],
        RandomDit.Small.Branches,
        (_, _) => true,
        forecast: (e, _) => e < 3 || e % 2 == 0 ? null : [new CacheTerm(e - 1, weight), new CacheTerm(e - 3, 1 - weight)]);

    public RouterTrainer Trainer { get; }

    /// <summary>The router, the first one of several.</summary>
    public RouterLearner Learner => Trainer.Routers[0];

    public Network Model => _model;

    public RouterRun Advance(int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            Trainer.Advance();
        }

        return this;
    }

    public RouterRun Restore(string path)
    {
        using TensorFile file = TensorFiles.Open(path);
        Learner.Restore(file);
        return this;
    }

    /// <summary>The state as a file's bytes.</summary>
    public byte[] State(string path)
    {
        Learner.Save(path);
        return File.ReadAllBytes(path);
    }

    public void Dispose()
    {
        Trainer.Dispose();
        _model.Dispose();
        _device.Dispose();
    }
}
