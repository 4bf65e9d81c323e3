using System.CommandLine;
using System.Diagnostics;
using L2c.Cli.Benchmarks;
using L2c.Cli.Devices;
using L2c.Cli.Output;
using L2c.Cli.Profiling;
using L2c.Kernels;

namespace L2c.Cli.Commands;

/// <summary><c>l2c bench forward</c>: one call of the network, planned once and replayed.</summary>
internal sealed class BenchForwardCommand(CudaAccess cuda)
{
    private const int DefaultBatch = 8, DefaultRepeat = 15;

    private readonly BenchOptions _options = new(cuda, DefaultRepeat);
    private readonly Option<int?> _batch =
        Words.Whole("--batch", 1, $"Rows of the call, each an image of its own timestep and class [default: {DefaultBatch}]", most: 65536);

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CudaAccess cuda)
    {
        BenchForwardCommand self = new(cuda);
        Command command = new("forward", "One call of the whole network for a batch, without guidance.");
        command.Add(self._batch);
        self._options.AddTo(command);
        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        int batch = parsed.GetValue(_batch) ?? DefaultBatch;
        DeviceChoice choice = _options.Decide(parsed);
        using BenchSubject subject = _options.Open(parsed, choice, _ => { }, terminal);
        Device device = subject.Model.Device;
        Peak peak = DeviceFacts.MeasurePeak(device);
        bool graph = choice.OneSequence;
        long began = Stopwatch.GetTimestamp();
        using var forward = PlannedForward.Plan(subject.Model, batch, record: choice.Graph, parts: graph);
        double planMs = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        Action[] contestants = graph ? [forward.Run, forward.RunProducts] : [forward.Run];
        double[][] milliseconds = Contest.Measure(contestants, _options.Repeat(parsed), terminal.Cancel, BenchOptions.WarmUp);
        BenchReport report = BenchReport.Of(
            subject, peak, batch, forward.Ops.Sum(op => op.Flops), forward.Bytes, milliseconds[0], planMs, forward.ReadOutput());
        report = report with
        {
            GraphNodes = graph ? forward.Launches : null,
            LaunchesPerBlock = forward.LaunchesPerBlock,
            ProductsMs = graph ? Math.Round(Median.Of(milliseconds[1]), 4) : null,
        };
        _options.Print(parsed, report, terminal);
        return ExitCode.Ok;
    }
}
