using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using L2c.Cli.Data;
using L2c.Cli.Devices;
using L2c.Cli.Output;
using L2c.Cli.Training;
using L2c.Kernels;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c.Cli.Commands;

/// <summary><c>l2c train</c>: a class-conditional DiT, from scratch or from a checkpoint.</summary>
internal sealed class TrainCommand(CudaAccess cuda)
{
    private const string DefaultModel = "8x128x2/4", ResultName = "model.safetensors", DefaultData = "shapes2";
    private const int DefaultSteps = 20_000;

    private static readonly NetworkTrainingOptions _defaults = new();

    private readonly CheckpointOptions _checkpoint = new(
        $"Published model, as DiT-S/2, or depth x hidden width x heads / patch, as 12x192x3/2 [default: {DefaultModel}]");
    private readonly Option<string?> _init = Words.Text(
        "--init", "FILE", "Checkpoint whose weights and average to begin with [default: as published for DiT]");
    private readonly Option<int?> _imageSize = Words.Whole(
        "--image-size", 1, "Side of the items in pixels or latent cells, where the data leave it open", most: 4096);
    private readonly Option<int?> _classes = Words.Whole("--classes", 1, "Classes; default the data's", most: 1_000_000);
    private readonly Option<int?> _batch = Words.Whole("--batch", 1, $"Images per step [default: {_defaults.Batch}]", most: 65536);
    private readonly Option<double?> _learningRate = Words.NonNegative("--lr", $"Learning rate of AdamW [default: {_defaults.LearningRate}]");
    private readonly Option<double?> _weightDecay = Words.NonNegative("--weight-decay", "Decay of AdamW [default: 0]");
    private readonly Option<double?> _average = Words.Fraction(
        "--ema", $"Decay of the moving average of the weights [default: {_defaults.AverageDecay}]");
    private readonly Option<bool> _warmUp = Words.Switch(
        "--ema-warm-up", "Begin with a smaller decay: the least of --ema and (1 + k) / (10 + k) at step k");
    private readonly TrainingOptions _training = new(
        cuda, "runs/model", DefaultData, $"{DefaultSteps}", CudaPrecision.TF32, CudaPrecision.F16, CudaPrecision.BF16);

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CudaAccess cuda)
    {
        TrainCommand self = new(cuda);
        Command command = new("train", "Trains a DiT; without options a small one on the built-in pictures.");
        self._checkpoint.AddTo(command);
        foreach (Option option in (Option[])[
            self._init, self._imageSize, self._classes, self._batch, self._learningRate, self._weightDecay, self._average, self._warmUp])
        {
            command.Add(option);
        }

        self._training.AddTo(command);
        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        long began = Stopwatch.GetTimestamp();
        DeviceChoice choice = _training.Decide(parsed);
        TrainingSchedule schedule = _training.Schedule(parsed, DefaultSteps);
        NetworkTrainingOptions options = Read(parsed, choice);
        string? init = parsed.GetValue(_init);
        using TrainedNetwork? given = init is null ? null : FromCheckpoint(parsed, init);
        ITrainingData data = _training.OpenData(
            parsed, given is null ? new DataNeeds(null, parsed.GetValue(_imageSize), parsed.GetValue(_classes)) : Needs(given.Architecture));
        using IDisposable? closing = data as IDisposable;
        using TrainedNetwork network = given ?? FromScratch(parsed, data, options.Seed);
        using RunFolder folder = _training.OpenFolder(parsed, [ResultName], init is null ? [] : [init], terminal);

        using Device device = choice.Open(terminal);
        TrainingSettings settings = new()
        {
            { "--model", TrainedNetwork.Describe(network.Architecture) },
            { "--data", data.Name },
            { "--device", RunStart.Describe(choice, device) },
        };
        using NetworkTrainer trainer = RunStart.Fitting(
            () => new NetworkTrainer(network.Architecture, network.Weights, network.Average, data, device, options, settings));
        RunStart.Restore(folder, trainer);
        int begin = trainer.StepsDone;
        TrainingTime time = new(began, Stopwatch.GetTimestamp());
        TrainingProgress progress = _training.Progress(parsed, schedule, () => Describe(trainer.Figures), terminal);
        string result = folder.File(ResultName);
        bool finished = TrainingLoop.Run(trainer, schedule, folder, () => trainer.WriteModel(result, overwrite: true), progress, terminal);
        if (!finished)
        {
            return RunStart.Interrupted(folder, trainer, terminal);
        }

        new NetworkTrainingReport(folder, [ResultName], network.Architecture.Name, device, trainer, options, begin, time)
            .Print(terminal, _training.Json(parsed));
        return ExitCode.Ok;
    }

    private NetworkTrainingOptions Read(ParseResult parsed, DeviceChoice choice) => new()
    {
        Batch = parsed.GetValue(_batch) ?? _defaults.Batch,
        LearningRate = parsed.GetValue(_learningRate) ?? _defaults.LearningRate,
        WeightDecay = parsed.GetValue(_weightDecay) ?? _defaults.WeightDecay,
        AverageDecay = parsed.GetValue(_average) ?? _defaults.AverageDecay,
        AverageWarmUp = parsed.GetValue(_warmUp),
        Seed = _training.Seed(parsed),
        Checkpointing = _training.Checkpointing(parsed),
        Threads = choice.Threads,
    };

    private TrainedNetwork FromCheckpoint(ParseResult parsed, string path) => parsed.GetValue(_imageSize) is null && parsed.GetValue(_classes) is null
        ? TrainedNetwork.FromCheckpoint(path, _checkpoint.Read(parsed))
        : throw new UsageException("--image-size and --classes belong to a network from scratch; leave them away with --init");

    private TrainedNetwork FromScratch(ParseResult parsed, ITrainingData data, ulong seed)
    {
        LayoutHints hints = _checkpoint.Read(parsed);
        return hints with { Model = null } == LayoutHints.None
            ? TrainedNetwork.FromScratch(hints.Model ?? DefaultModel, data, parsed.GetValue(_classes), seed)
            : throw new UsageException("--use, --heads and --num-classes belong to a checkpoint; give --init FILE, or leave them away");
    }

    private static DataNeeds Needs(TransformerArchitecture a) => new(a.InChannels, a.InputSize, a.NumClasses);

    private static string Describe(ReadOnlySpan<double> figures) => string.Create(
        CultureInfo.InvariantCulture, $"loss {figures[0]:0.00000} = mse {figures[1]:0.00000} + vb {figures[2]:0.00000}");
}
