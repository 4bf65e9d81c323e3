using System.CommandLine;
using System.Diagnostics;
using L2c.Cli.Output;
using L2c.Cli.Printing;
using L2c.Kernels;
using L2c.Model.Metrics.Inception;

namespace L2c.Cli.Commands;

/// <summary><c>l2c metrics</c>: FID, sFID, Inception Score, precision and recall of two sets of images.</summary>
internal sealed class MetricsCommand
{
    private const string Double = "double", Adm = "adm", PtFid = "ptfid";

    private readonly Argument<string> _samples = new("SAMPLES")
    {
        Description = "The generated set: .npz (arr_0, or statistics mu, sigma, mu_s, sigma_s), .npy, .safetensors, or a folder of PNG",
    };

    private readonly Argument<string> _reference = new("REFERENCE") { Description = "The real set, in any of these forms" };
    private readonly Option<string?> _inception = OptionFactory.Text(
        "--inception", "FILE", "The FID Inception network: pt_inception-2015-12-05-6726825d.pth; not needed where both sets are statistics");
    private readonly Option<string> _recipe = OptionFactory.OneOf(
        "--recipe", "How pixels become the network's input: as ADM's evaluator, or as pytorch-fid; never compare one with the other", Adm, PtFid);
    private readonly Option<string> _rounding = OptionFactory.OneOf(
        "--rounding", "Distances behind precision and recall in float32, or rounded to fp16 first as ADM's evaluator does", Double, Adm);
    private readonly Option<int?> _count =
        OptionFactory.Whole("--count", 2, "Take the first N samples [default: all]", MetricsRequest.MaxImages);
    private readonly Option<int?> _referenceCount =
        OptionFactory.Whole("--reference-count", 2, "Take the first N images of the reference [default: all]", MetricsRequest.MaxImages);
    private readonly Option<int?> _batch = OptionFactory.Whole(
        "--batch", 1, $"Images at once [default: {MetricsRequest.CpuBatch} on the CPU, {MetricsRequest.CudaBatch} on CUDA]", InceptionPass.MaxBatch);
    private readonly Option<string?> _keep = OptionFactory.Text(
        "--keep", "DIR", "Keep features in this folder, so that an interrupted run continues and the next one uses them again");
    private readonly DeviceOptions _device;
    private readonly Option<bool> _json = OptionFactory.Switch("--json", "Print one JSON object on standard output");
    private readonly Option<bool> _noProgress = OptionFactory.Switch("--no-progress", "Draw no progress bar");

    private MetricsCommand(CudaAccess cuda)
    {
        _device = new DeviceOptions(cuda, CudaPrecision.F32, CudaPrecision.BF16);
        _samples.Validators.Add(result => OptionFactory.RefuseEmpty(result, "SAMPLES", "a file or a folder"));
        _reference.Validators.Add(result => OptionFactory.RefuseEmpty(result, "REFERENCE", "a file or a folder"));
    }

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CudaAccess cuda)
    {
        MetricsCommand self = new(cuda);
        Command command = new("metrics", "FID, sFID, Inception Score, precision and recall of images, as ADM's evaluator measures them.")
        {
            self._samples, self._reference, self._inception, self._recipe, self._rounding, self._count, self._referenceCount, self._batch, self._keep,
        };
        self._device.AddTo(command);
        command.Add(self._json);
        command.Add(self._noProgress);
        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        Stopwatch clock = Stopwatch.StartNew();
        MetricsRequest request = new()
        {
            Samples = parsed.GetRequiredValue(_samples),
            Reference = parsed.GetRequiredValue(_reference),
            Inception = parsed.GetValue(_inception),
            Recipe = parsed.GetValue(_recipe) == PtFid ? InceptionRecipe.PtFid : InceptionRecipe.Adm,
            AdmRounding = parsed.GetValue(_rounding) == Adm,
            Count = parsed.GetValue(_count),
            ReferenceCount = parsed.GetValue(_referenceCount),
            Batch = parsed.GetValue(_batch),
            Keep = parsed.GetValue(_keep),
            Device = _device.Decide(parsed),
        };
        terminal.Note(request.Device.Note);
        MetricsResult result;
        using (ProgressBar progress = new(terminal, !parsed.GetValue(_noProgress)))
        {
            try
            {
                result = ImageMetrics.Run(request, progress, terminal.Cancel);
            }
            catch (OperationCanceledException) when (request.Keep is not null)
            {
                Failure.Print(terminal, $"interrupted; the features so far are in {request.Keep}; the same command continues from there");
                return ExitCode.Interrupted;
            }
        }

        if (parsed.GetValue(_json))
        {
            terminal.PrintJson(new { Result = result, ElapsedMs = Math.Round(clock.Elapsed.TotalMilliseconds, 3) }, "result");
        }
        else
        {
            MetricsText.Print(result, terminal);
        }

        return ExitCode.Ok;
    }
}
