using System.Globalization;
using L2c.Model.Training;
using L2c.Testing;
using L2c.Weights.Layouts;

namespace L2c.Engine.Tests;

public sealed class TrainingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task A_cancelled_run_saves_its_step_and_the_same_request_goes_on()
    {
        using CancellationTokenSource source = new();
        Steps steps = new() { Then = step => CancelAfter(source, step) };
        NetworkTrainingRequest request = new()
        {
            Options = new NetworkTrainingOptions { Batch = 2 },
            Hints = LayoutHints.None with { Model = "2x16x2/8" },
            Folder = _folder.File("run"),
            MaxSteps = 5,
            Resume = TrainingRequest.Latest,
        };
        NetworkTrainingResult first = await NetworkTraining.RunAsync(DeviceChoice.Cpu, request, steps, source.Token);
        Assert.False(first.IsFinished);
        Assert.Equal(2, first.StepsDone);
        Assert.Contains("no checkpoint yet", steps.All[0].Remark, StringComparison.Ordinal);
        NetworkTrainingResult rest = NetworkTraining.Run(DeviceChoice.Cpu, request);
        Assert.True(rest.IsFinished);
        Assert.Equal((5, 3), (rest.StepsDone, rest.StepsNow));
        using LoadedModel trained = LoadedModel.Open(_folder.File("run/model.safetensors"), DeviceChoice.Cpu);
        Assert.Equal("2x16x2/8 32 pixel space", trained.Architecture.Name);

        static void CancelAfter(CancellationTokenSource source, TrainingProgress step)
        {
            if (step.Step == 2)
            {
                source.Cancel();
            }
        }
    }

    [Fact]
    public void A_run_counts_in_whole_steps()
    {
        NetworkTrainingRequest request = new() { Folder = _folder.File("none"), Init = "missing" };
        Assert.Contains("--ckpt-every 0", Refusal(request with { StateEvery = 0 }), StringComparison.Ordinal);
        Assert.Contains("--log-every -1", Refusal(request with { LogEvery = -1 }), StringComparison.Ordinal);
        Assert.Contains("--max-steps 0", Refusal(request with { MaxSteps = 0 }), StringComparison.Ordinal);
        using OpenedModel opened = OpenedModel.Open(TinyModel.Write(_folder.File("m.safetensors"), TinyModel.Pixels));
        RouterTrainingRequest router = new() { Steps = "4", Folder = _folder.File("none"), Init = "missing", LogEvery = 0 };
        Assert.Contains(
            "--log-every 0",
            Assert.Throws<RequestException>(() => RouterTraining.Run(opened, DeviceChoice.Cpu, router)).Message,
            StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.File("none")));

        static string Refusal(NetworkTrainingRequest request) =>
            Assert.Throws<RequestException>(() => NetworkTraining.Run(DeviceChoice.Cpu, request)).Message;
    }

    [Fact]
    public async Task A_router_is_trained_and_sampled_with_by_two_requests()
    {
        string checkpoint = TinyModel.Write(_folder.File("m.safetensors"), TinyModel.Pixels);
        RouterTrainingRequest request = new()
        {
            Steps = "4",
            ImageFree = true,
            Draws = 1,
            Batch = 1,
            MaxSteps = 3,
            Folder = _folder.File("run"),
        };
        using OpenedModel opened = OpenedModel.Open(checkpoint);
        RouterTrainingResult result = await RouterTraining.RunAsync(opened, DeviceChoice.Cpu, request);
        Assert.Equal((true, 3, 4), (result.IsFinished, result.StepsDone, result.Steps));
        Assert.All(result.Files, file => Assert.True(Path.Exists(file), file));
        using LoadedModel model = opened.Load(DeviceChoice.Cpu);
        SampleRequest sample = new() { Steps = "4", Count = 1, Cache = new CacheRequest { Router = result.Files[0], Threshold = 1 } };
        Assert.Equal(8, model.Sample(sample).Cost!.ReusedBranches);
    }

    [Fact]
    public async Task Routers_of_several_lambdas_are_trained_by_one_request()
    {
        string checkpoint = TinyModel.Write(_folder.File("m.safetensors"), TinyModel.Pixels);
        RouterTrainingRequest request = new()
        {
            Steps = "4",
            Lambdas = [1e-6, 0.5],
            ImageFree = true,
            Draws = 1,
            Batch = 1,
            MaxSteps = 3,
            Folder = _folder.File("run"),
        };
        using OpenedModel opened = OpenedModel.Open(checkpoint);
        Steps steps = new();
        RouterSweepResult result = await RouterTraining.SweepAsync(opened, DeviceChoice.Cpu, request, steps);
        Assert.Equal((true, 3, 4, 2), (result.IsFinished, result.StepsDone, result.Steps, result.Routers.Count));
        Assert.Equal([_folder.File("run/l1-1e-6"), _folder.File("run/l1-5e-1")], result.Routers.Select(router => router.Folder));
        Assert.Equal(request.Outputs, result.Files);
        Assert.All(result.Files, file => Assert.True(Path.Exists(file), file));
        Assert.All(steps.All.Where(step => step.Remark is null), step => Assert.Equal(10, step.Metrics.Count)); // five of each
        Assert.Equal([1e-6, 0.5], result.Routers.Select(router => router.Lambda!.Value));
        Assert.Contains(
            "train them side by side",
            Assert.Throws<RequestException>(() => RouterTraining.Run(opened, DeviceChoice.Cpu, request)).Message,
            StringComparison.Ordinal);

        // One lambda is a run of its own, in the folder itself.
        RouterTrainingRequest one = request with { Lambdas = [0.5], Folder = _folder.File("one") };
        RouterTrainingResult alone = RouterTraining.Run(opened, DeviceChoice.Cpu, one);
        Assert.Equal(File.ReadAllBytes(alone.RouterPath), File.ReadAllBytes(result.Routers[1].RouterPath));
    }

    [Fact]
    public void The_demo_models_router_is_trained_in_few_steps_and_every_other_as_published()
    {
        using OpenedModel demo = OpenedModel.Open(), published = OpenedModel.Random("DiT-XL/2"), large = OpenedModel.Random("DiT-L/2");
        using OpenedModel other = OpenedModel.Open(TinyModel.Write(_folder.File("m.safetensors"), TinyModel.Pixels));
        RouterTrainingRequest request = new();
        Assert.Equal((500, 4e-2, 5e-6, 0.1, 8, 4), Resolved(request, demo));
        Assert.Equal((20_000, 1e-3, 5e-6, 0.1, 8, 8), Resolved(request, published));
        Assert.Equal((40_000, 1e-3, 1e-6, 0.1, 8, 8), Resolved(request with { Steps = "50" }, published));
        Assert.Equal((20_000, 1e-2, 5e-6, 0.1, 8, 8), Resolved(request, large));
        Assert.Equal((20_000, 1e-3, 5e-6, 0.1, 8, 8), Resolved(request, other));
        Assert.Equal(
            (7, 1e-3, 1e-4, 0.2, 3, 2),
            Resolved(request with { MaxSteps = 7, LearningRate = 1e-3, Lambdas = [1e-4], Threshold = 0.2, Draws = 3, Batch = 2 }, demo));

        static (int, double, double, double, int, int) Resolved(RouterTrainingRequest request, OpenedModel model)
        {
            (RouterTrainingOptions options, int steps) = request.Resolve(model, threads: 1);
            return (steps, options.LearningRate, options.Lambdas.Single(), options.Threshold, options.Draws, options.Batch);
        }
    }

    [Fact]
    public void A_fifth_of_the_demo_models_training_finds_branches_that_are_better_reused_than_others()
    {
        // A fifth of the steps, of a quarter of the images: at the published rate no score falls so far.
        using OpenedModel opened = OpenedModel.Open();
        RouterTrainingRequest request = new() { MaxSteps = 100, Batch = 1, Folder = _folder.File("router") };
        RouterTrainingResult trained = RouterTraining.Run(opened, DeviceChoice.Cpu, request);
        RouterTrainingResult slow = RouterTraining.Run(
            opened, DeviceChoice.Cpu, request with { MaxSteps = 20, LearningRate = 1e-3, Folder = _folder.File("slow") });
        Assert.InRange(slow.ReusedShare, 0, 0.02);
        Assert.InRange(trained.ReusedShare, 0.05, 0.3);

        using LoadedModel model = opened.Load(DeviceChoice.Cpu);
        float[] full = Sample(new CacheRequest());
        string random = string.Create(CultureInfo.InvariantCulture, $"random:{trained.ReusedShare}:0");
        double learned = Error(new CacheRequest { Router = trained.Files[0] }), drawn = Error(new CacheRequest { Rule = random });
        Assert.True(learned < 0.5 * drawn, $"{100 * trained.ReusedShare} % reused: error {learned} by the router, {drawn} by {random}");

        float[] Sample(CacheRequest cache) => model.Sample(new SampleRequest { Count = 10, Cache = cache }).Samples;

        double Error(CacheRequest cache) => Math.Sqrt(
            Sample(cache).Zip(full, (value, exact) => Math.Pow(value - exact, 2)).Sum() / full.Sum(exact => Math.Pow(exact, 2)));
    }

    public void Dispose() => _folder.Dispose();

    private sealed class Steps : IProgress<TrainingProgress>
    {
        public List<TrainingProgress> All { get; } = [];

        public Action<TrainingProgress>? Then { get; init; }

        public void Report(TrainingProgress value)
        {
            All.Add(value);
            Then?.Invoke(value);
        }
    }
}
