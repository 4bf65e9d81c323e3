using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using L2c.Cli.Data;
using L2c.Cli.Devices;
using L2c.Cli.Output;
using L2c.Cli.Sampling;
using L2c.Cli.Training;
using L2c.Kernels;
using L2c.Model;
using L2c.Model.Networks;
using L2c.Model.Samplers;
using L2c.Model.Training;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Cli.Commands;

/// <summary><c>l2c train-router</c>: Learning-to-Cache routers for a frozen DiT.</summary>
internal sealed class TrainRouterCommand(CudaAccess cuda)
{
    private readonly Option<string?> _ckpt = Words.Text("--ckpt", "FILE", "DiT checkpoint, frozen; default the demo model beside the program");
    private readonly CheckpointOptions _checkpoint = new();
    private readonly Option<string?> _steps = Words.Text(
        "--steps", "STEPS", "Sampling steps that the router is for, as of l2c sample [default: 20]", "--num-sampling-steps");
    private readonly Option<double?> _lambda = Words.NonNegative(
        "--l1", "Lambda, weight of the sum of scores; default as published for model and steps, otherwise 5e-6");
    private readonly Option<double?> _learningRate = Words.NonNegative(
        "--lr", "Learning rate of AdamW; default as published for model and steps, otherwise 1e-3");
    private readonly Option<int?> _draws = Words.Whole(
        "--draws",
        1,
        $"Timesteps drawn per optimisation step; their gradients are summed and divided by N [default: {CachingRecipe.Draws}]",
        most: 4096);
    private readonly Option<int?> _batch = Words.Whole("--batch", 1, $"Images per draw [default: {CachingRecipe.Batch}]", most: 65536);
    private readonly Option<string> _loss = Words.OneOf(
        "--loss",
        "Compare student and teacher by the network's output, all channels, as published, or by the state that the evaluation's DDIM step leads to, "
        + "which needs an --l1 of its own",
        RouterLossNames.Output,
        RouterLossNames.NextState);
    private readonly Option<double?> _straightThrough = Words.Fraction(
        "--ste-threshold",
        "Blend with 0 or 1, score above X or not, and the gradient of the score (straight-through) [default: blend with the score]");
    private readonly Option<double?> _targetReuse = Words.Fraction(
        "--target-reuse", "Move lambda, beginning at --l1, until this share of the cache evaluations' branches is reused");
    private readonly Option<double?> _threshold = Words.Fraction(
        "--threshold", "Scores up to X count as reused; default as published, 0.1, or 0.9 for DiT-XL/2 512", "--thres");
    private readonly Option<bool> _imageFree = Words.Switch(
        "--image-free", "Train on noise that the network itself denoises to the step drawn; needs no data");
    private readonly Option<string?> _init = Words.Text("--init", "FILE", "Router to begin with: .pt or .safetensors [default: N(0, 1)]");
    private readonly TrainingOptions _training = new(
        cuda, "runs/router", DemoModel.Data, "as published, 20000, or 40000 from 50 steps on", CudaPrecision.BF16, CudaPrecision.F16);

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CudaAccess cuda)
    {
        TrainRouterCommand self = new(cuda);
        Command command = new("train-router", "Trains which branches of a DiT to compute and which to reuse; without options, for the demo model.");
        command.Add(self._ckpt);
        self._checkpoint.AddTo(command);
        foreach (Option option in (Option[])[
            self._steps, self._lambda, self._learningRate, self._draws, self._batch, self._loss, self._straightThrough, self._targetReuse,
            self._threshold, self._imageFree, self._init])
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
        string path = parsed.GetValue(_ckpt) ?? DemoModel.Path;
        using TensorFile file = TensorFiles.Open(path);
        Checkpoint checkpoint = CheckpointOptions.Resolve(file, _checkpoint.Read(parsed));
        TransformerArchitecture architecture = checkpoint.RequireNetwork();
        RouterTrainingOptions options = Read(parsed, architecture, choice);
        TrainingSchedule schedule = _training.Schedule(parsed, Recipe(architecture, options.Steps).MaxSteps);
        string? init = parsed.GetValue(_init);
        RouterLogits? initial = init is null ? null : LoadRouter(init);
        ITrainingData? data = OpenData(parsed, architecture);
        using IDisposable? closing = data as IDisposable;
        using RunFolder folder = _training.OpenFolder(parsed, RouterFiles.Names, [path, .. init is null ? [] : new[] { init }], terminal);

        using Device device = choice.Open(terminal);
        using WeightHash hash = new(checkpoint.Read);
        using Network model = NetworkFamilies.Load(architecture, hash.Read, device, WeightUse.RouterTraining);
        TrainingSettings settings = new()
        {
            { "--ckpt", $"{TrainedNetwork.Describe(architecture)}, weights {hash.Text()}" },
            { "--data", data?.Name ?? "image-free" },
            { "--device", RunStart.Describe(choice, device) },
        };
        using RouterTrainer trainer = RunStart.Fitting(
            () => new RouterTrainer(model, data, options, initial, settings), init is null ? null : $"--init {init}");
        RunStart.Restore(folder, trainer);
        int begin = trainer.StepsDone;
        TrainingTime time = new(began, Stopwatch.GetTimestamp());
        TrainingProgress progress = _training.Progress(parsed, schedule, () => Describe(trainer.Figures), terminal);
        bool finished = TrainingLoop.Run(trainer, schedule, folder, () => RouterFiles.Write(folder, trainer, options.Threshold), progress, terminal);
        if (!finished)
        {
            return RunStart.Interrupted(folder, trainer, terminal);
        }

        new RouterTrainingReport(folder, path, model, trainer, options, begin, time).Print(terminal, _training.Json(parsed));
        return ExitCode.Ok;
    }

    private RouterTrainingOptions Read(ParseResult parsed, TransformerArchitecture architecture, DeviceChoice choice)
    {
        string steps = parsed.GetValue(_steps) ?? "20";
        CachingRecipe defaults = Recipe(architecture, steps);
        return new RouterTrainingOptions
        {
            Steps = steps,
            Lambda = parsed.GetValue(_lambda) ?? defaults.Lambda,
            LearningRate = parsed.GetValue(_learningRate) ?? defaults.LearningRate,
            Threshold = parsed.GetValue(_threshold) ?? defaults.Threshold,
            Loss = RouterLossNames.Parse(parsed.GetValue(_loss)!),
            StraightThroughThreshold = parsed.GetValue(_straightThrough),
            Draws = parsed.GetValue(_draws) ?? CachingRecipe.Draws,
            Batch = parsed.GetValue(_batch) ?? CachingRecipe.Batch,
            Seed = _training.Seed(parsed),
            TargetReuse = parsed.GetValue(_targetReuse),
            Checkpointing = _training.Checkpointing(parsed),
            Threads = choice.Threads,
        };
    }

    private static CachingRecipe Recipe(TransformerArchitecture architecture, string steps) =>
        NetworkFamilies.Of(architecture).Recipe(architecture, CountSteps(steps));

    private static int CountSteps(string steps)
    {
        int count = RunStart.Fitting(() => Respacing.Select(steps).Count, "--steps");
        return count >= 2 ? count : throw new UsageException($"--steps {steps}: one step has nothing to reuse; give at least 2");
    }

    private static RouterLogits LoadRouter(string path)
    {
        using TensorFile file = TensorFiles.Open(path);
        return RouterLogits.Load(file);
    }

    private ITrainingData? OpenData(ParseResult parsed, TransformerArchitecture architecture)
    {
        if (!parsed.GetValue(_imageFree))
        {
            return _training.OpenData(parsed, new DataNeeds(architecture.InChannels, architecture.InputSize, architecture.NumClasses));
        }

        return _training.NamesData(parsed) ? throw new UsageException("--image-free needs no data; leave --data away") : null;
    }

    private static string Describe(ReadOnlySpan<double> figures) => string.Create(
        CultureInfo.InvariantCulture,
        $"loss {figures[0]:0.000000} = {figures[1]:0.000000} + {figures[3]:0.###e+0} x {figures[2]:0.000}, {100 * figures[4]:0.0} % reused");
}
