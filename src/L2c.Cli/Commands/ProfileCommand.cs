using System.CommandLine;
using L2c.Cli.Output;
using L2c.Cli.Profiling;
using L2c.Cli.Sampling;
using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Dit;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Cli.Commands;

/// <summary><c>l2c profile</c>: where the time of one batch goes, op by op.</summary>
internal sealed class ProfileCommand
{
    private const int DefaultRepeat = 5;

    private readonly SampleCommand _sample = new();
    private readonly Option<string?> _cache = Words.Text("--cache", "RULE", $"Branches that evaluations reuse: {ScheduleRule.Forms} [default: none]");
    private readonly Option<int?> _repeat = Words.Whole("--repeat", 1, $"Runs; each op's time is the median over them [default: {DefaultRepeat}]");
    private readonly Option<string?> _trace = Words.Text("--trace", "FILE", "Also write a run of median length as a Chrome trace, which Perfetto opens");
    private readonly Option<bool> _force = Words.Switch("--force", "Overwrite the trace file");
    private readonly Option<bool> _json = Words.Switch("--json", "Print one JSON object on standard output");

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        ProfileCommand self = new();
        Command command = new("profile", "Runs one batch op by op: time, GFLOP/s, share of the measured FMA peak and bytes, per kind of op and per evaluation.");
        self._sample.AddRunOptionsTo(command);
        foreach (Option option in (Option[])[self._cache, self._repeat, self._trace, self._force, self._json])
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
        if (trace is not null)
        {
            OutputTarget.CheckWritable(trace, parsed.GetValue(_force));
        }

        using CpuDevice device = _sample.OpenDevice(parsed);
        using TensorFile file = TensorFiles.Open(request.CheckpointPath);
        Checkpoint checkpoint = CheckpointOptions.Resolve(file, request.Hints);
        SampleJob job = new(request, checkpoint.Require<DitArchitecture>());
        CacheSchedule schedule = Schedule(parsed.GetValue(_cache) ?? "none", job);
        using DitModel model = DitModel.Load(job.Architecture, checkpoint.Read, device);
        (ProfileReport report, ProfileRecorder recorder) =
            ProfileReport.Measure(job, model, device, schedule, parsed.GetValue(_repeat) ?? DefaultRepeat, terminal.Cancel);
        if (trace is not null)
        {
            string title = $"l2c: {job.Architecture.Name}, {job.Batch} images, {device.Name}";
            AtomicFile.Write(trace, parsed.GetValue(_force), stream => ChromeTrace.Write(stream, recorder, recorder.TypicalRun, title));
        }

        if (parsed.GetValue(_json))
        {
            terminal.PrintJson(report);
        }
        else
        {
            ProfileTable.Print(terminal.Out, report, trace);
        }

        return ExitCode.Ok;
    }

    private static CacheSchedule Schedule(string rule, SampleJob job)
    {
        try
        {
            return ScheduleRule.Parse(rule, PublishedRoles.Dit(job.Sampler.Steps.Count), 2 * job.Architecture.Depth);
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"--cache: {e.Message}", e);
        }
    }
}
