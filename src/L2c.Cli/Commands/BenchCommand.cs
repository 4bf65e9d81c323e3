using System.CommandLine;
using L2c.Cli.Output;

namespace L2c.Cli.Commands;

/// <summary><c>l2c bench</c>: how fast a network is, without a checkpoint if need be.</summary>
internal static class BenchCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CudaAccess cuda)
    {
        Command command = new("bench", "Measures a network's forward pass or a whole sampling run, with random weights where no checkpoint is given.")
        {
            BenchForwardCommand.Create(terminal, cuda),
            BenchSampleCommand.Create(terminal, cuda),
        };
        command.SetAction(_ =>
        {
            command.Parse(["--help"]).Invoke(new InvocationConfiguration { Output = terminal.Err });
            return ExitCode.Usage;
        });
        return command;
    }
}
