using System.Diagnostics;
using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Model.Training;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>Trains class-conditional networks, from scratch or from a checkpoint.</summary>
public static class NetworkTraining
{
    /// <summary>Trains until the last step; cancelled, until the end of the step in progress, after which a state is written.</summary>
    /// <param name="choice">Where to compute.</param>
    /// <param name="request">What to train, on what, for how long.</param>
    /// <param name="progress">Told of every step.</param>
    /// <param name="cancel">Looked at between steps, and while the data are listed, when nothing is written yet.</param>
    /// <exception cref="RequestException">Settings do not fit each other, the data, or the state to continue from.</exception>
    /// <exception cref="MalformedFileException">A file that the request names is damaged.</exception>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    /// <exception cref="DivergedException">The training diverged.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before the first step.</exception>
    /// <exception cref="IOException">The folder holds another run or is in use, or a file cannot be read or written.</exception>
    public static NetworkTrainingResult Run(
        DeviceChoice choice, NetworkTrainingRequest request, IProgress<TrainingProgress>? progress = null, CancellationToken cancel = default)
    {
        long began = Stopwatch.GetTimestamp();
        TrainingSchedule schedule = request.Schedule(NetworkTrainingRequest.DefaultSteps);
        NetworkTrainingOptions options = request.Decided(choice.Threads, schedule);
        using TrainedNetwork? given = request.Init is null ? null : FromCheckpoint(request, request.Init);
        ITrainingData data = TrainingDataText.Open(request.Data, Needs(given?.Architecture, request), request.Options.Seed, cancel);
        using IDisposable? closing = data as IDisposable;
        using TrainedNetwork network = given ?? FromScratch(request, data);
        SampleJob? samples = SampleGrids.Plan(request, DemoModel.Steps, network.Architecture, choice);
        using Device device = TrainingStart.Open(choice, TrainingDemand.OfNetwork(network.Architecture, options, samples), progress);
        using var folder = RunFolder.Open(
            request.Folder, request.ResultNames, request.Resume, request.Anew, line => progress?.Report(TrainingProgress.Of(line)));
        var facts = RunFacts.Of(network.Architecture.Name, device);
        TrainingSettings settings = new()
        {
            { "--model", TrainedNetwork.Describe(network.Architecture) },
            { "--data", data.Name },
            { "--device", TrainingStart.Describe(choice, facts) },
        };
        using NetworkTrainer trainer = TrainingStart.Fitting(() => new NetworkTrainer(
            network.Architecture, network.Weights, network.Average, data, device, options, settings));
        TrainingStart.Restore(folder, trainer);
        int begin = trainer.StepsDone;
        string images = $"{request.Options.Batch} image{(request.Options.Batch == 1 ? "" : "s")} of {request.Data}";
        progress?.Report(TrainingProgress.Opening(network.Architecture.Name, begin, schedule.MaxSteps, images));
        TrainingTime time = new(began, Stopwatch.GetTimestamp());
        string result = folder.File(NetworkTrainingRequest.ResultName);
        var grids = SampleGrids.OfNetwork(folder, request, samples, trainer, network.Architecture, device);
        FolderRun run = new(trainer, folder, grids, () => trainer.WriteModel(result, overwrite: true));
        bool finished = TrainingLoop.Run(trainer.Advance, [run], schedule, progress, cancel);
        return new NetworkTrainingResult(folder, request, facts, trainer, finished, begin, time);
    }

    /// <inheritdoc cref="Run"/>
    public static Task<NetworkTrainingResult> RunAsync(
        DeviceChoice choice, NetworkTrainingRequest request, IProgress<TrainingProgress>? progress = null, CancellationToken cancel = default) =>
        Background.Run(() => Run(choice, request, progress, cancel), cancel);

    private static DataNeeds Needs(TransformerArchitecture? given, NetworkTrainingRequest request) => given is null
        ? new DataNeeds(null, request.ImageSize, request.Classes)
        : new DataNeeds(given.InChannels, given.InputSize, given.NumClasses, NetworkFamilies.Describe(given).LatentScale);

    private static TrainedNetwork FromCheckpoint(NetworkTrainingRequest request, string path) => request is { ImageSize: null, Classes: null }
        ? TrainedNetwork.FromCheckpoint(path, request.Hints)
        : throw new RequestException("--image-size and --classes apply to a network trained from scratch; omit them with --init");

    private static TrainedNetwork FromScratch(NetworkTrainingRequest request, ITrainingData data) =>
        request.Hints with { Model = null } == LayoutHints.None
            ? TrainedNetwork.FromScratch(request.Hints.Model ?? NetworkTrainingRequest.DefaultModel, data, request.Classes, request.Options.Seed)
            : throw new RequestException("--use, --heads and --num-classes apply to a checkpoint; give --init FILE, or omit them");
}
