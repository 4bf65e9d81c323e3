using System.CommandLine;
using L2c.Cli.Output;
using L2c.Cli.Printing;
using L2c.Kernels;
using L2c.Model.Caching.Forecasts;
using L2c.Weights;

namespace L2c.Cli.Commands;

/// <summary><c>l2c fit-forecast</c>: weights of earlier outputs that forecast what a schedule does not compute.</summary>
internal sealed class FitForecastCommand
{
    private const string DefaultFile = "forecast.json", Extension = ".json";

    private readonly SampleCommand _sample;
    private readonly Option<int?> _terms = OptionFactory.Whole(
        "--terms", 1, $"Outputs that a forecast weighs: the latest so many of the branch [default: {ForecastFit.DefaultTerms}]", ResidualTerm.MaxPerBranch);
    private readonly Option<double?> _ridge = OptionFactory.NonNegative(
        "--ridge", $"How strongly weights are pulled towards plain reuse, at least {ForecastFit.MinRidge} [default: {ForecastFit.DefaultRidge}]");
    private readonly Option<int?> _images = OptionFactory.Whole(
        "--images", 1, $"Images that weights are fitted to [default: {ForecastRequest.DefaultImages}]");
    private readonly Option<int?> _heldOut = OptionFactory.Whole(
        "--held-out", 1, $"Images of the next seed that the forecast is tried on [default: {ForecastRequest.DefaultImages}]");
    private readonly Option<string?> _out = OptionFactory.Text(
        "--out", "FILE.json", $"The schedule, for --cache of every command that has it [default: {DefaultFile}]");
    private readonly Option<bool> _force = OptionFactory.Switch("--force", "Overwrite the file");
    private readonly Option<bool> _json = OptionFactory.Switch("--json", "Print one JSON object on standard output");
    private readonly Option<bool> _noProgress = OptionFactory.Switch(
        "--no-progress", "Show no progress, neither as a bar nor, where standard error is not a terminal, as lines");

    private FitForecastCommand(CudaAccess cuda) => _sample = new SampleCommand(cuda);

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CudaAccess cuda)
    {
        FitForecastCommand self = new(cuda);
        Command command = new(
            "fit-forecast",
            "Fits weights of earlier outputs to what a schedule does not compute, by least squares on images without caching, and writes the schedule with them.");
        self._sample.AddRunOptionsTo(command, withSchedule: true);
        foreach (Option option in (Option[])[
            self._terms, self._ridge, self._images, self._heldOut, self._out, self._force, self._json, self._noProgress])
        {
            command.Add(option);
        }

        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        RunRequest run = _sample.Read(parsed);
        string path = parsed.GetValue(_out) ?? DefaultFile;
        bool force = parsed.GetValue(_force);
        if (!path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase))
        {
            throw new UsageException($"--out {path}: --cache takes a file whose name ends in {Extension}; give it such a name");
        }

        NamedFiles.Check([("--out", path)], run.Inputs);
        ForecastRequest request = new()
        {
            Sample = run.Sample,
            Images = parsed.GetValue(_images) ?? ForecastRequest.DefaultImages,
            HeldOut = parsed.GetValue(_heldOut) ?? ForecastRequest.DefaultImages,
            Terms = parsed.GetValue(_terms) ?? ForecastFit.DefaultTerms,
            Ridge = parsed.GetValue(_ridge) ?? ForecastFit.DefaultRidge,
        };
        using OpenedModel opened = OpenedModel.Open(run.Checkpoint, run.Hints);
        ForecastJob job = new(request, opened.Architecture, run.Device);
        AtomicFile.Probe(path, force);
        terminal.Note(job.Fitted.Remark);
        terminal.Note(run.Device.Note);
        using LoadedModel model = opened.Load(run.Device, demand: job.Demand);
        bool show = !parsed.GetValue(_noProgress);
        using ProgressBar bar = new(terminal, show);
        IProgress<WorkProgress> progress = terminal.Interactive ? bar : new ProgressLines(terminal, show);
        ForecastResult result = model.FitForecast(job, progress, terminal.Cancel);
        result.Write(path, force);
        if (parsed.GetValue(_json))
        {
            terminal.PrintJson(ForecastText.ToReport(result, path), "facts");
        }
        else
        {
            ForecastText.Print(result, path, terminal);
        }

        return ExitCode.Ok;
    }
}
