using System.CommandLine;
using L2c.Cli.Output;
using L2c.Cli.Printing;
using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Model.Training;

namespace L2c.Cli.Commands;

/// <summary><c>l2c train-router</c>: Learning-to-Cache routers for a frozen network, one or one per lambda.</summary>
internal sealed class TrainRouterCommand(CudaAccess cuda)
{
    private readonly Option<string?> _ckpt =
        OptionFactory.Text("--ckpt", "FILE", "Checkpoint of a DiT or U-ViT, frozen; default the demo model beside the program");
    private readonly WeightsOptions _checkpoint = new();
    private readonly Option<string?> _steps = OptionFactory.Text(
        "--steps", "STEPS", "Sampling steps that the router is for, as for l2c sample [default: 20]", "--num-sampling-steps");
    private readonly Option<double[]?> _lambdas = OptionFactory.NonNegatives(
        "--l1",
        "Lambda, weight of the sum of scores; default as published for model and steps, otherwise 5e-6, also for the demo model. Several train a router "
        + "each, side by side, in folders of --out");
    private readonly Option<double?> _learningRate = OptionFactory.NonNegative(
        "--lr", "Learning rate of AdamW; default as published for model and steps, otherwise 1e-3; for the demo model, with 500 steps, 4e-2");
    private readonly Option<int?> _draws = OptionFactory.Whole(
        "--draws",
        1,
        $"Timesteps drawn per optimisation step; their gradients are summed and divided by N [default: {CachingRecipe.Draws}]",
        most: 4096);
    private readonly Option<int?> _batch = OptionFactory.Whole(
        "--batch", 1, $"Images per draw [default: {CachingRecipe.Batch}; for the demo model 4]", most: 65536);
    private readonly Option<string> _loss = OptionFactory.OneOf(
        "--loss",
        "Compare student and teacher by the network's output, all channels, as published, or by the state that the evaluation's DDIM step leads to, "
        + "which needs an --l1 of its own",
        RouterLossNames.Output,
        RouterLossNames.NextState);
    private readonly Option<double?> _straightThrough = OptionFactory.Fraction(
        "--ste-threshold",
        "Blend with 0 or 1, score above X or not, and the gradient of the score (straight-through) [default: blend with the score]");
    private readonly Option<double?> _targetReuse = OptionFactory.Fraction(
        "--target-reuse", "Adjust lambda, starting from --l1, until this share of the cache evaluations' branches is reused");
    private readonly Option<double?> _threshold = OptionFactory.Fraction(
        "--threshold", "Scores up to X count as reused; default as published, 0.1, or 0.9 for U-ViT and DiT-XL/2 512", "--thres");
    private readonly Option<bool> _imageFree = OptionFactory.Switch(
        "--image-free", "Train on noise that the network itself denoises to the step drawn; needs no data");
    private readonly Option<string?> _init = OptionFactory.Text("--init", "FILE", "Router to start from: .pt or .safetensors [default: N(0, 1)]");
    private readonly Option<string?> _forecast = OptionFactory.Text(
        "--forecast",
        "FILE.json",
        "Learn which branches to compute where the others are forecast: a schedule of fit-forecast --cache all [default: the others are reused]");
    private readonly TrainingOptions _training = new(
        cuda,
        "runs/router",
        DemoModel.Data,
        "as published, 20000, or 40000 from 50 steps on; for the demo model 500",
        CudaPrecision.BF16,
        CudaPrecision.F16);

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CudaAccess cuda)
    {
        TrainRouterCommand self = new(cuda);
        Command command = new("train-router", "Trains which branches of a network to compute and which to reuse; without options, for the demo model.");
        command.Add(self._ckpt);
        self._checkpoint.AddTo(command);
        foreach (Option option in (Option[])[
            self._steps, self._lambdas, self._learningRate, self._draws, self._batch, self._loss, self._straightThrough, self._targetReuse,
            self._threshold, self._imageFree, self._init, self._forecast])
        {
            command.Add(option);
        }

        self._training.AddTo(command);
        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        DeviceChoice choice = _training.Decide(parsed);
        using OpenedModel model = OpenedModel.Open(parsed.GetValue(_ckpt), _checkpoint.Read(parsed));
        (string? init, string? forecast) = (parsed.GetValue(_init), parsed.GetValue(_forecast));
        bool imageFree = parsed.GetValue(_imageFree);
        if (imageFree && _training.NamesData(parsed))
        {
            throw new UsageException("--image-free needs no data; omit --data");
        }

        RouterTrainingRequest request = new()
        {
            Steps = parsed.GetValue(_steps) ?? DemoModel.Steps,
            Lambdas = parsed.GetValue(_lambdas) is { Length: > 0 } lambdas ? lambdas : null,
            LearningRate = parsed.GetValue(_learningRate),
            Threshold = parsed.GetValue(_threshold),
            Loss = RouterLossNames.Parse(parsed.GetValue(_loss)!),
            StraightThroughThreshold = parsed.GetValue(_straightThrough),
            Draws = parsed.GetValue(_draws) ?? CachingRecipe.Draws,
            Batch = parsed.GetValue(_batch),
            Seed = _training.Seed(parsed),
            TargetReuse = parsed.GetValue(_targetReuse),
            Recompute = _training.Recompute(parsed),
            ImageFree = imageFree,
            Init = init,
            Forecast = forecast,
        };
        request = _training.Complete(parsed, request, [model.Source, .. new[] { init, forecast }.OfType<string>()]);
        using TrainingLine progress = _training.Progress(parsed, terminal, TrainingText.OfRouter);
        TrainingResult result = request.Lambdas is { Count: > 1 }
            ? RouterTraining.Sweep(model, choice, request, progress, terminal.Cancel)
            : RouterTraining.Run(model, choice, request, progress, terminal.Cancel);
        progress.Dispose();
        return _training.Finish(parsed, request, result, terminal);
    }
}
