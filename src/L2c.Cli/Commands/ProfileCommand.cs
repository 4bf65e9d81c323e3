using System.CommandLine;
using L2c.Cli.Devices;
using L2c.Cli.Inspection;
using L2c.Cli.Output;
using L2c.Cli.Profiling;
using L2c.Cli.Sampling;
using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Cli.Commands;

/// <summary><c>l2c profile</c>: where the time of one batch goes, op by op; or what was planned.</summary>
internal sealed class ProfileCommand
{
    private const int DefaultRepeat = 5;

    private readonly SampleCommand _sample;
    private readonly Option<bool> _plan =
        Words.Switch("--plan", "Only print what is planned and what each saving is worth: reads no weights, runs nothing");
    private readonly Option<int?> _repeat =
        Words.Whole("--repeat", 1, $"Runs; each op's time is the median over them [default: {DefaultRepeat}]");
    private readonly Option<string?> _trace =
        Words.Text("--trace", "FILE", "Also write a run of median length as a Chrome trace, which Perfetto opens");
    private readonly Option<bool> _force = Words.Switch("--force", "Overwrite the trace file");
    private readonly Option<bool> _json = Words.Switch("--json", "Print one JSON object on standard output");

    private ProfileCommand(CudaAccess cuda) => _sample = new SampleCommand(cuda);

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CudaAccess cuda)
    {
        ProfileCommand self = new(cuda);
        Command command = new(
            "profile",
            "Runs one batch op by op: time, FLOP/s, share of the measured peak, MACs and bytes, per kind of op, evaluation and branch.");
        self._sample.AddRunOptionsTo(command);
        foreach (Option option in (Option[])[self._plan, self._repeat, self._trace, self._force, self._json])
        {
            command.Add(option);
        }

        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        // One batch, of which no picture is drawn.
        SampleRequest request = _sample.Read(parsed);
        request = request with { Count = request.Batch ?? SampleJob.MostPerBatch, Separate = true };
        string? trace = parsed.GetValue(_trace);
        bool plan = parsed.GetValue(_plan), json = parsed.GetValue(_json);
        if (plan && (trace is not null || json || parsed.GetValue(_repeat) is not null))
        {
            throw new UsageException("--plan runs nothing and prints text; leave --repeat, --trace and --json away");
        }

        if (trace is not null)
        {
            NamedFiles.Check([("--trace", trace)], request.Inputs);
            OutputTarget.CheckWritable(trace, parsed.GetValue(_force));
        }

        using Device device = request.Device.Open(terminal);
        using TensorFile file = TensorFiles.Open(request.CheckpointPath);
        Checkpoint checkpoint = CheckpointOptions.Resolve(file, request.Hints);
        SampleJob job = new(request, checkpoint.RequireNetwork());
        job.Cache?.PrintRemark(terminal);
        if (plan)
        {
            terminal.Out.WriteLine(BatchWork.OnPaper(job, device, job.Schedule).Describe());
            return ExitCode.Ok;
        }

        using Network model = NetworkFamilies.Load(job.Architecture, checkpoint.Read, device);
        (ProfileReport report, ProfileRecorder recorder) =
            ProfileReport.Measure(job, model, device, parsed.GetValue(_repeat) ?? DefaultRepeat, terminal.Cancel);
        if (trace is not null)
        {
            string title = $"l2c: {job.Architecture.Name}, {Units.Of(job.Batch, "image")}, {device.Name}";
            AtomicFile.Write(trace, parsed.GetValue(_force), stream => ChromeTrace.Write(stream, recorder, recorder.TypicalRun, title));
        }

        if (json)
        {
            terminal.PrintJson(report);
        }
        else
        {
            ProfileTable.Print(terminal.Out, report, trace);
        }

        return ExitCode.Ok;
    }
}
