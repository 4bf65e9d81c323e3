using System.Diagnostics;
using L2c.Kernels;
using L2c.Model;
using L2c.Model.Networks;
using L2c.Model.Samplers;
using L2c.Model.Training;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>Trains Learning-to-Cache routers for a frozen network, one or several that differ in lambda.</summary>
public static class RouterTraining
{
    /// <summary>Trains one router until the last step; cancelled, until the end of the step in progress, after which a state is written.</summary>
    /// <param name="model">The frozen network.</param>
    /// <param name="choice">Where to compute.</param>
    /// <param name="request">What to train, on what, for how long.</param>
    /// <param name="progress">Told of every step.</param>
    /// <param name="cancel">Looked at between steps.</param>
    /// <exception cref="RequestException">Settings do not fit each other, the network, the data, or the state to continue from.</exception>
    /// <exception cref="MalformedFileException">A file that the request names is damaged.</exception>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    /// <exception cref="DivergedException">The training diverged.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before the first step.</exception>
    /// <exception cref="IOException">The folder holds another run or is in use, or a file cannot be read or written.</exception>
    public static RouterTrainingResult Run(
        OpenedModel model,
        DeviceChoice choice,
        RouterTrainingRequest request,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancel = default) => request.Lambdas is { Count: > 1 }
            ? throw new RequestException("several lambdas make a router each; give one, or train them side by side")
            : Train(model, choice, request, progress, cancel)[0];

    /// <summary>Trains a router for each lambda, side by side: draws, refresh and teacher are computed once for all. Each router, and what its folder
    /// <c>l1-LAMBDA</c> holds, is what its lambda alone would give, bit for bit.</summary>
    /// <remarks>It costs the device no memory beyond that of one router's training.</remarks>
    /// <inheritdoc cref="Run"/>
    public static RouterSweepResult Sweep(
        OpenedModel model,
        DeviceChoice choice,
        RouterTrainingRequest request,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancel = default) => new(request.Folder, Train(model, choice, request, progress, cancel));

    /// <inheritdoc cref="Run"/>
    public static Task<RouterTrainingResult> RunAsync(
        OpenedModel model,
        DeviceChoice choice,
        RouterTrainingRequest request,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancel = default) => Background.Run(() => Run(model, choice, request, progress, cancel), cancel);

    /// <inheritdoc cref="Sweep"/>
    public static Task<RouterSweepResult> SweepAsync(
        OpenedModel model,
        DeviceChoice choice,
        RouterTrainingRequest request,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancel = default) => Background.Run(() => Sweep(model, choice, request, progress, cancel), cancel);

    private static RouterTrainingResult[] Train(
        OpenedModel model, DeviceChoice choice, RouterTrainingRequest request, IProgress<TrainingProgress>? progress, CancellationToken cancel)
    {
        long began = Stopwatch.GetTimestamp();
        TransformerArchitecture architecture = model.Architecture;
        (RouterTrainingOptions options, int maxSteps) = request.Resolve(model, choice.Threads);
        TrainingSchedule schedule = request.Schedule(maxSteps);
        RouterLogits? initial = request.Init is null ? null : LoadRouter(request.Init);
        ITrainingData? data = request.ImageFree
            ? null
            : TrainingDataText.Open(
                request.Data,
                new DataNeeds(
                    architecture.InChannels,
                    architecture.InputSize,
                    architecture.NumClasses == 0 ? null : architecture.NumClasses,
                    NetworkFamilies.Describe(architecture).LatentScale),
                request.Seed,
                cancel);
        using IDisposable? closing = data as IDisposable;
        SampleJob? samples = SampleGrids.Plan(request, request.Steps, architecture, choice);
        using Device device = TrainingStart.Open(choice, TrainingDemand.OfRouter(architecture, options, request.ImageFree, samples), progress);
        using var folders = RouterFolders.Open(request, options.Lambdas, line => progress?.Report(TrainingProgress.Of(line)));
        using LoadedModel loaded = model.Load(device, WeightUse.RouterTraining);
        TrainingSettings settings = new()
        {
            { "--ckpt", $"{TrainedNetwork.Describe(architecture)}, weights {loaded.WeightHash}" },
            { "--data", data?.Name ?? "image-free" },
            { "--device", TrainingStart.Describe(choice, loaded.Facts) },
        };
        using RouterTrainer trainer = TrainingStart.Fitting(
            () => new RouterTrainer(loaded.Network, data, options, initial, settings), request.Init is null ? null : $"--init {request.Init}");
        RouterTrainingRequest[] requests = [.. request.Each()];
        SamplerTable sampler = SamplerCatalog.Create(loaded.Network.Info, options.Steps);
        FolderRun[] runs = [.. trainer.Routers.Select((router, i) =>
        {
            RunFolder folder = folders.All[i];
            TrainingStart.Restore(folder, router);
            var grids = SampleGrids.OfRouter(folder, requests[i], samples, router, options, loaded);
            return new FolderRun(router, folder, grids, () => RouterFiles.Write(folder, router, options, sampler, architecture.Name));
        })];
        int begin = runs[0].StepsDone;
        string images = $"{options.Draws} x {options.Batch} images{(data is null ? ", made by the network itself" : $" of {request.Data}")}";
        string routers = runs.Length == 1
            ? "a router"
            : $"{runs.Length} routers, lambda {string.Join(", ", options.Lambdas.Select(RouterFolders.NameOf))},";
        progress?.Report(TrainingProgress.Opening($"{routers} for {options.Steps} sampling steps of {architecture.Name}", begin, maxSteps, images));
        TrainingTime time = new(began, Stopwatch.GetTimestamp());
        folders.RemoveSavedResult();
        bool finished = TrainingLoop.Run(trainer.Advance, runs, schedule, progress, cancel);
        return [.. trainer.Routers.Select((router, i) => new RouterTrainingResult(
            folders.All[i], requests[i], model, loaded.Facts, trainer, router, options, finished, begin, time))];
    }

    private static RouterLogits LoadRouter(string path)
    {
        using TensorFile file = TensorFiles.Open(path);
        return RouterLogits.Load(file);
    }
}
