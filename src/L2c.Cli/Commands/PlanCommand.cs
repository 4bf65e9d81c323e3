using System.CommandLine;
using L2c.Cli.Output;
using L2c.Cli.Printing;
using L2c.Weights;

namespace L2c.Cli.Commands;

/// <summary><c>l2c plan</c>: a schedule for a share of the uncached time.</summary>
internal sealed class PlanCommand
{
    private readonly SampleCommand _sample;
    private readonly Option<double?> _budget = OptionFactory.Positive(
        "--budget", "Time that a run may take, as a share of the time without caching, at most 1; required");
    private readonly Option<int?> _count = OptionFactory.Whole(
        "--count",
        1,
        "Images that errors are measured on, and as many others to choose by; whole batches, so it may become more [default: 8]",
        EvaluateRequest.MaxCount);
    private readonly Option<int?> _checkCount = OptionFactory.Whole(
        "--check-count", 1, "Further images, of other noise, that the schedule is checked on [default: 16]", EvaluateRequest.MaxCount);
    private readonly Option<int?> _runs = OptionFactory.Whole(
        "--runs",
        1,
        $"Rounds in which the schedule is timed against no caching at the end [default: {InterleavedTiming.DefaultRounds}]",
        BenchOptions.MaxRepeats);
    private readonly Option<int?> _warmUp = OptionFactory.Whole(
        "--warmup", 0, $"Rounds before them that are not timed [default: {InterleavedTiming.DefaultWarmUp}]", BenchOptions.MaxRepeats);
    private readonly Option<string?> _out =
        OptionFactory.Text("--out", "FILE.json", "Schedule to write, which --cache reads [default: schedule.json]");
    private readonly Option<bool> _force = OptionFactory.Switch("--force", "Overwrite the file if it exists");
    private readonly Option<bool> _json = OptionFactory.Switch("--json", "Print one JSON object on standard output");
    private readonly Option<bool> _noProgress = OptionFactory.Switch("--no-progress", "Draw no progress bar");

    private PlanCommand(CudaAccess cuda)
    {
        _sample = new SampleCommand(cuda);
        _budget.Required = true;
    }

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CudaAccess cuda)
    {
        PlanCommand self = new(cuda);
        Command command = new(
            "plan",
            "Finds a schedule for a share of the uncached time: measures ops and errors, searches, and checks what it found. Needs no images.");
        Array.ForEach((Option[])[self._budget, self._count, self._checkCount], command.Add);
        self._sample.AddRunOptionsTo(command);
        Array.ForEach((Option[])[self._runs, self._warmUp, self._out, self._force, self._json, self._noProgress], command.Add);
        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        RunRequest run = _sample.Read(parsed);
        string path = parsed.GetValue(_out) ?? "schedule.json";
        if (!path.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            throw new UsageException($"--out {path}: a schedule is a JSON file; give a name that ends in .json, by which --cache knows it");
        }

        PlanRequest request = new() { Budget = parsed.GetValue(_budget)!.Value, Sample = run.Sample };
        request = request with
        {
            Count = parsed.GetValue(_count) ?? request.Count,
            CheckCount = parsed.GetValue(_checkCount) ?? request.CheckCount,
            Rounds = parsed.GetValue(_runs) ?? request.Rounds,
            WarmUp = parsed.GetValue(_warmUp) ?? request.WarmUp,
        };
        using OpenedModel opened = OpenedModel.Open(run.Checkpoint, run.Hints);
        PlanJob job = new(request, opened.Architecture, run.Device);
        NamedFiles.Check([("--out", path)], run.Inputs);
        AtomicFile.Probe(path, parsed.GetValue(_force));
        terminal.Note(run.Device.Note);
        using LoadedModel model = opened.Load(run.Device, demand: job.Demand);
        using ProgressBar progress = new(terminal, !parsed.GetValue(_noProgress));
        PlanResult result = model.Plan(job, progress, terminal.Cancel);
        byte[] text = result.ScheduleText();
        AtomicFile.Write(path, parsed.GetValue(_force), stream => stream.Write(text));
        if (parsed.GetValue(_json))
        {
            terminal.PrintJson(result, "facts", "time");
        }
        else
        {
            PlanText.Print(result, path, terminal.Out);
        }

        return ExitCode.Ok;
    }
}
