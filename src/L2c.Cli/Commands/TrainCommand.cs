using System.CommandLine;
using System.CommandLine.Parsing;
using L2c.Cli.Output;
using L2c.Cli.Printing;
using L2c.Kernels;
using L2c.Model.Training;

namespace L2c.Cli.Commands;

/// <summary><c>l2c train</c>: a class-conditional DiT, from scratch or from a checkpoint.</summary>
internal sealed class TrainCommand(CudaAccess cuda)
{
    private const string On = "on", Off = "off", Cosine = "cosine";

    private static readonly NetworkTrainingOptions _defaults = new();

    private readonly WeightsOptions _checkpoint = new(
        "Published model, such as DiT-S/2, or depth x hidden width x heads / patch, such as 12x192x3/2 "
        + $"[default: {NetworkTrainingRequest.DefaultModel}]");
    private readonly Option<string?> _init = OptionFactory.Text(
        "--init", "FILE", "Checkpoint to start from, its weights and their average [default: as published for DiT]");
    private readonly Option<int?> _imageSize = OptionFactory.Whole(
        "--image-size", 1, "Side of the items in pixels or latent cells, where the data do not say", most: 4096);
    private readonly Option<int?> _classes = OptionFactory.Whole("--classes", 1, "Classes; default the data's", most: 1_000_000);
    private readonly Option<int?> _batch = OptionFactory.Whole("--batch", 1, $"Images per step [default: {_defaults.Batch}]", most: 65536);
    private readonly Option<double?> _learningRate = OptionFactory.NonNegative("--lr", $"Learning rate of AdamW [default: {_defaults.LearningRate}]");
    private readonly Option<int?> _rateWarmUp = OptionFactory.Whole("--lr-warm-up", 0, "Steps in which the learning rate rises to --lr [default: 0]");
    private readonly Option<string?> _rateDecay = OptionFactory.Choice(
        "--lr-decay", "Let the learning rate fall by half a cosine, to --lr-final at --max-steps [default: constant]", Cosine);
    private readonly Option<double?> _finalRate = OptionFactory.NonNegative("--lr-final", "Learning rate that --lr-decay ends at [default: 0]");
    private readonly Option<double?> _minSnr = OptionFactory.Positive(
        "--min-snr", "Weight the squared error of the noise by min(SNR, X) / SNR, published with 5 [default: weights of 1]");
    private readonly Option<double?> _clipNorm = OptionFactory.Positive(
        "--clip-grad-norm", "Scale the gradient of all parameters down to this norm where it is longer [default: no clipping]");
    private readonly Option<double?> _weightDecay = OptionFactory.NonNegative("--weight-decay", "Decay of AdamW [default: 0]");
    private readonly Option<double?> _average = OptionFactory.Fraction(
        "--ema", $"Decay of the moving average of the weights [default: {_defaults.EmaDecay}]");
    private readonly Option<string?> _warmUp = WarmUp();
    private readonly TrainingOptions _training = new(
        cuda, "runs/model", "shapes2", $"{NetworkTrainingRequest.DefaultSteps}", CudaPrecision.TF32, CudaPrecision.F16, CudaPrecision.BF16);

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CudaAccess cuda)
    {
        TrainCommand self = new(cuda);
        Command command = new("train", "Trains a DiT; without options a small one on the built-in pictures.");
        self._checkpoint.AddTo(command);
        foreach (Option option in (Option[])[
            self._init, self._imageSize, self._classes, self._batch, self._learningRate, self._rateWarmUp, self._rateDecay,
            self._finalRate, self._minSnr, self._clipNorm, self._weightDecay, self._average, self._warmUp])
        {
            command.Add(option);
        }

        self._training.AddTo(command);
        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    // Alone it means on, as before it took a word.
    private static Option<string?> WarmUp()
    {
        Option<string?> option = OptionFactory.Choice(
            "--ema-warm-up",
            "Start with a smaller decay, the smaller of --ema and (1 + k) / (10 + k) at step k; alone: on "
            + "[default: on; off where --init brings an average of its own; when a run goes on, as it was]",
            On,
            Off);
        Func<ArgumentResult, string?> word = option.CustomParser!;
        option.CustomParser = result => result.Tokens.Count == 0 ? On : word(result);
        option.Arity = ArgumentArity.ZeroOrOne;
        return option;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        DeviceChoice choice = _training.Decide(parsed);
        string? init = parsed.GetValue(_init);
        NetworkTrainingRequest request = new()
        {
            Options = new NetworkTrainingOptions
            {
                Batch = parsed.GetValue(_batch) ?? _defaults.Batch,
                LearningRate = parsed.GetValue(_learningRate) ?? _defaults.LearningRate,
                LearningRateWarmUp = parsed.GetValue(_rateWarmUp) ?? 0,
                FinalLearningRate = parsed.GetValue(_finalRate) ?? 0,
                MinSnrGamma = parsed.GetValue(_minSnr),
                MaxGradientNorm = parsed.GetValue(_clipNorm),
                WeightDecay = parsed.GetValue(_weightDecay) ?? _defaults.WeightDecay,
                EmaDecay = parsed.GetValue(_average) ?? _defaults.EmaDecay,
                AverageWarmUp = parsed.GetValue(_warmUp) switch { On => true, Off => false, _ => null },
                Seed = _training.Seed(parsed),
                Recompute = _training.Recompute(parsed),
            },
            CosineDecay = parsed.GetValue(_rateDecay) is not null,
            Init = init,
            Hints = _checkpoint.Read(parsed),
            ImageSize = parsed.GetValue(_imageSize),
            Classes = parsed.GetValue(_classes),
        };
        request = _training.Complete(parsed, request, init is null ? [] : [init]);
        using TrainingLine progress = _training.Progress(parsed, terminal, TrainingText.OfNetwork);
        NetworkTrainingResult result = NetworkTraining.Run(choice, request, progress, terminal.Cancel);
        progress.Dispose();
        return _training.Finish(parsed, request, result, terminal);
    }
}
