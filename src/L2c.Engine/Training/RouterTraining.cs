using System.Diagnostics;
using L2c.Kernels;
using L2c.Model;
using L2c.Model.Networks;
using L2c.Model.Training;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>Trains Learning-to-Cache routers for a frozen network.</summary>
public static class RouterTraining
{
    /// <summary>Trains until the last step; cancelled, until the end of the step in progress, after which a state is written.</summary>
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
        CancellationToken cancel = default)
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
        using var folder = RunFolder.Open(
            request.Folder, request.ResultNames, request.Resume, request.Anew, line => progress?.Report(TrainingProgress.Of(line)));
        using LoadedModel loaded = model.Load(device, WeightUse.RouterTraining);
        TrainingSettings settings = new()
        {
            { "--ckpt", $"{TrainedNetwork.Describe(architecture)}, weights {loaded.WeightHash}" },
            { "--data", data?.Name ?? "image-free" },
            { "--device", TrainingStart.Describe(choice, loaded.Facts) },
        };
        using RouterTrainer trainer = TrainingStart.Fitting(
            () => new RouterTrainer(loaded.Network, data, options, initial, settings), request.Init is null ? null : $"--init {request.Init}");
        TrainingStart.Restore(folder, trainer);
        int begin = trainer.StepsDone;
        string images = $"{options.Draws} x {options.Batch} images{(data is null ? ", made by the network itself" : $" of {request.Data}")}";
        progress?.Report(TrainingProgress.Opening($"a router for {options.Steps} sampling steps of {architecture.Name}", begin, maxSteps, images));
        TrainingTime time = new(began, Stopwatch.GetTimestamp());
        var grids = SampleGrids.OfRouter(folder, request, samples, trainer, options.Threshold, loaded);
        bool finished = TrainingLoop.Run(
            trainer, schedule, folder, grids, () => RouterFiles.Write(folder, trainer, options.Threshold), progress, cancel);
        return new RouterTrainingResult(folder, request, model, loaded.Facts, trainer, options, finished, begin, time);
    }

    /// <inheritdoc cref="Run"/>
    public static Task<RouterTrainingResult> RunAsync(
        OpenedModel model,
        DeviceChoice choice,
        RouterTrainingRequest request,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancel = default) => Background.Run(() => Run(model, choice, request, progress, cancel), cancel);

    private static RouterLogits LoadRouter(string path)
    {
        using TensorFile file = TensorFiles.Open(path);
        return RouterLogits.Load(file);
    }
}
