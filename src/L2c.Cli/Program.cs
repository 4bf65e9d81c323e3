using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using L2c.Cli.Commands;
using L2c.Cli.Output;
using L2c.Weights;

namespace L2c.Cli;

/// <summary>The command <c>l2c</c>.</summary>
public static class Program
{
    /// <summary>The process.</summary>
    public static int Main(string[] args)
    {
        using StopSignals stop = new();
        TextWriter output = StandardWriter.Results(Console.Out), error = StandardWriter.Messages(Console.Error);
        return Run(args, new Terminal(output, error, Interactive: !Console.IsErrorRedirected, stop.Token));
    }

    /// <summary>The program without a process around it, printing to writers: nobody watches, so no progress is drawn.</summary>
    /// <inheritdoc cref="Run(string[], Terminal, CudaAccess)"/>
    /// <param name="args">The command line without the program's name.</param>
    /// <param name="output">Results.</param>
    /// <param name="error">Errors and remarks.</param>
    /// <param name="cancel">Cancelled to stop early.</param>
    public static int Run(string[] args, TextWriter output, TextWriter error, CancellationToken cancel = default) =>
        Run(args, new Terminal(output, error, Interactive: false, cancel));

    /// <summary>Parses the command line and runs the command.</summary>
    /// <param name="args">The command line without the program's name.</param>
    /// <param name="terminal">Where to print.</param>
    /// <param name="cuda">How CUDA devices are found and opened; null for the machine's libraries.</param>
    /// <returns>The exit code, see <see cref="ExitCode"/>.</returns>
    public static int Run(string[] args, Terminal terminal, CudaAccess? cuda = null)
    {
        // Nothing that a file or its name says can control the terminal.
        terminal = terminal with { Out = PrintableWriter.Over(terminal.Out), Err = PrintableWriter.Over(terminal.Err) };
        Option<bool> debug = new("--debug") { Description = "On an error, print all its details and the stack trace", Recursive = true };
        RootCommand root = Tree(terminal, cuda ?? CudaAccess.Libraries, debug);
        ParseResult parsed = root.Parse(args);
        if (parsed.Action is ParseErrorAction)
        {
            Failure.Print(terminal, $"{parsed.Errors[0].Message.TrimEnd('.')}; see {Words(parsed.CommandResult, root)} --help");
            return ExitCode.Usage;
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration { Output = terminal.Out, Error = terminal.Err, EnableDefaultExceptionHandler = false });
        }
        catch (Exception e)
        {
            return Failure.Report(terminal, e, parsed.GetValue(debug));
        }
    }

    /// <summary>Every command with its options.</summary>
    /// <param name="terminal">Where they print.</param>
    /// <param name="cuda">How CUDA devices are found and opened.</param>
    /// <param name="debug">The option of all of them.</param>
    internal static RootCommand Tree(Terminal terminal, CudaAccess cuda, Option<bool> debug)
    {
        RootCommand root = new("Learning-to-Cache: samples from diffusion transformers.")
        {
            SampleCommand.Create(terminal, cuda),
            GatherCommand.Create(terminal),
            InspectCommand.Create(terminal),
            ReportCommand.Create(terminal),
            ProfileCommand.Create(terminal, cuda),
            BenchCommand.Create(terminal, cuda),
            TrainRouterCommand.Create(terminal, cuda),
            TrainCommand.Create(terminal, cuda),
            EncodeCommand.Create(terminal, cuda),
            EvaluateCommand.Create(terminal, cuda),
            MetricsCommand.Create(terminal, cuda),
            SweepCommand.Create(terminal, cuda),
            DevicesCommand.Create(terminal, cuda),
            debug,
        };
        root.SetAction(_ =>
        {
            root.Parse(["--help"]).Invoke(new InvocationConfiguration { Output = terminal.Err });
            return ExitCode.Usage;
        });
        SetHelpWidth(root);
        return root;
    }

    private static string Words(CommandResult result, Command root) =>
        result.Command == root ? "l2c" : $"{(result.Parent is CommandResult parent ? Words(parent, root) : "l2c")} {result.Command.Name}";

    // Redirected help would otherwise be one endless line per option.
    private const int HelpWidth = 120;

    private static void SetHelpWidth(RootCommand root)
    {
        foreach (HelpOption help in root.Options.OfType<HelpOption>())
        {
            if (help.Action is HelpAction action)
            {
                action.MaxWidth = HelpWidth;
            }
        }
    }
}
