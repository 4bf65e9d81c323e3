using System.CommandLine;
using L2c.Cli.Output;

namespace L2c.Cli.Commands;

/// <summary><c>l2c bench forward</c>: one call of the network, planned once and replayed.</summary>
internal sealed class BenchForwardCommand(CudaAccess cuda)
{
    private const int DefaultBatch = 8, DefaultRuns = 15;

    private readonly BenchOptions _options = new(cuda, DefaultRuns);
    private readonly Option<int?> _batch =
        OptionFactory.Whole("--batch", 1, $"Rows of the batch, each an image with its own timestep and class [default: {DefaultBatch}]", most: 65536);

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
        using OpenedModel opened = _options.Open(parsed);
        terminal.Note(choice.Note);
        using LoadedModel model = opened.Load(choice, demand: PlannedForward.Demand(opened.Architecture, batch));
        _options.Print(parsed, model.BenchForward(batch, _options.Runs(parsed), _options.WarmUp(parsed), terminal.Cancel), terminal);
        return ExitCode.Ok;
    }
}
