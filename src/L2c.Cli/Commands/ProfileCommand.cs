using System.CommandLine;
using L2c.Cli.Emulated;
using L2c.Cli.Output;
using L2c.Cli.Printing;
using L2c.Emulation;
using L2c.Kernels;
using L2c.Weights;

namespace L2c.Cli.Commands;

/// <summary><c>l2c profile</c>: where the time of one batch goes, op by op; or what was planned.</summary>
internal sealed class ProfileCommand
{
    private const int DefaultRuns = 5;

    private readonly SampleCommand _sample;
    private readonly Option<bool> _plan =
        OptionFactory.Switch("--plan", "Only print what is planned and what each saving is worth: reads no weights, runs nothing");
    private readonly Option<int?> _runs = OptionFactory.Whole(
        "--runs", 1, $"Runs that are timed; each op's time is the median over them [default: {DefaultRuns}]", BenchOptions.MaxRepeats);
    private readonly Option<string?> _trace =
        OptionFactory.Text("--trace", "FILE", "Also write a run of median length as a Chrome trace, which Perfetto opens");
    private readonly Option<string?> _predict = OptionFactory.Choice(
        "--predict",
        "With --device emulator: count what every launch does, run nothing, and predict its time on this GPU. "
        + "Without --ckpt a --model has random weights",
        [.. GpuModel.All.Select(gpu => gpu.Name)]);
    private readonly Option<bool> _force = OptionFactory.Switch("--force", "Overwrite the trace file");
    private readonly Option<bool> _json = OptionFactory.Switch("--json", "Print one JSON object on standard output");

    private ProfileCommand(CudaAccess cuda)
    {
        _sample = new SampleCommand(cuda);
        _runs.Aliases.Add("--repeat");
    }

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CudaAccess cuda)
    {
        ProfileCommand self = new(cuda);
        Command command = new(
            "profile",
            "Runs one batch op by op: time, FLOP/s, share of the measured peak, MACs and bytes, per kind of op, evaluation and branch.");
        self._sample.AddRunOptionsTo(command, withSchedule: true, withCacheType: true);
        foreach (Option option in (Option[])[self._plan, self._predict, self._runs, self._trace, self._force, self._json])
        {
            command.Add(option);
        }

        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        RunRequest run = _sample.Read(parsed);
        string? trace = parsed.GetValue(_trace);
        bool plan = parsed.GetValue(_plan), json = parsed.GetValue(_json);
        if (parsed.GetValue(_predict) is { } gpu)
        {
            RefuseWithPrediction(run, plan || trace is not null || parsed.GetValue(_runs) is not null);
            return Predict(GpuModel.Find(gpu)!, run, terminal, json);
        }

        if (EmulatedMachine.Is(run.Device) && !plan)
        {
            throw new UsageException($"the times of --device {EmulatedMachine.Word} say nothing; give --predict GPU, which predicts those of a GPU");
        }

        if (plan && (trace is not null || json || parsed.GetValue(_runs) is not null))
        {
            throw new UsageException("--plan runs nothing and prints text; omit --runs, --trace and --json");
        }

        if (trace is not null)
        {
            NamedFiles.Check([("--trace", trace)], run.Inputs);
            AtomicFile.Probe(trace, parsed.GetValue(_force));
        }

        using OpenedModel opened = OpenedModel.Open(run.Checkpoint, run.Hints);
        SampleJob job = new(run.Sample.OfOneBatch(), opened.Architecture, run.Device);
        terminal.Note(run.Device.Note);
        terminal.Note(job.Remark);
        if (plan)
        {
            using Device device = run.Device.Open();
            terminal.Out.WriteLine(job.OnPaper(device, job.Schedule).Describe());
            return ExitCode.Ok;
        }

        using LoadedModel model = opened.Load(run.Device, demand: job.ProfileDemand);
        ProfileResult result = model.Profile(job, parsed.GetValue(_runs) ?? DefaultRuns, cancel: terminal.Cancel);
        if (trace is not null)
        {
            AtomicFile.Write(trace, parsed.GetValue(_force), result.WriteTrace);
        }

        if (json)
        {
            terminal.PrintJson(result, "facts", "memory");
        }
        else
        {
            ProfileTable.Print(terminal.Out, result, trace);
        }

        return ExitCode.Ok;
    }

    private static void RefuseWithPrediction(RunRequest run, bool runs)
    {
        if (!EmulatedMachine.Is(run.Device))
        {
            throw new UsageException($"--predict counts on the emulator; give --device {EmulatedMachine.Word}");
        }

        if (runs)
        {
            throw new UsageException("--predict runs nothing; omit --plan, --runs and --trace");
        }
    }

    private static int Predict(GpuModel gpu, RunRequest run, Terminal terminal, bool json)
    {
        RunPrediction report = RunPrediction.Of(gpu, run, terminal);
        if (json)
        {
            terminal.PrintJson(PredictionText.ToJson(report));
        }
        else
        {
            PredictionText.Print(terminal.Out, report);
        }

        return ExitCode.Ok;
    }
}
