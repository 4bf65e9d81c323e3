using System.CommandLine;
using L2c.Cli.Commands;
using L2c.Cli.Output;
using L2c.Cli.Parsing;
using L2c.Weights;

namespace L2c.Cli;

/// <summary>The command <c>l2c</c>.</summary>
public static class Program
{
    /// <summary>Its name.</summary>
    internal const string Name = "l2c";

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
        Option<bool> quiet = OptionFactory.Switch("--quiet", "Print no notes, warnings and progress on standard error, only errors");
        quiet.Recursive = true;
        RootCommand root = Tree(terminal, cuda ?? CudaAccess.Libraries, debug, quiet);
        ParseResult parsed = root.Parse(args);
        if (ParseFault.Find(parsed, Name) is { } fault)
        {
            Failure.Print(terminal, fault);
            return ExitCode.Usage;
        }

        terminal.IsQuiet = parsed.GetValue(quiet);

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
    /// <param name="global">The options of all of them.</param>
    internal static RootCommand Tree(Terminal terminal, CudaAccess cuda, params Option[] global)
    {
        RootCommand root = new("Runs and studies diffusion transformers (DiT, U-ViT) with Learning-to-Cache.")
        {
            SampleCommand.Create(terminal, cuda),
            GatherCommand.Create(terminal),
            InspectCommand.Create(terminal),
            ReportCommand.Create(terminal),
            ProfileCommand.Create(terminal, cuda),
            PlanCommand.Create(terminal, cuda),
            BenchCommand.Create(terminal, cuda),
            FitForecastCommand.Create(terminal, cuda),
            TrainRouterCommand.Create(terminal, cuda),
            TrainCommand.Create(terminal, cuda),
            EncodeCommand.Create(terminal, cuda),
            EvaluateCommand.Create(terminal, cuda),
            MetricsCommand.Create(terminal, cuda),
            SweepCommand.Create(terminal, cuda),
            CalibrateCommand.Create(terminal, cuda),
            MethodsCommand.Create(terminal),
            KernelsCommand.Create(terminal),
            DevicesCommand.Create(terminal, cuda),
            CompletionCommand.Create(terminal),
        };
        root.Add(HelpCommand.Create(terminal, root));
        Array.ForEach(global, root.Add);
        root.SetAction(_ =>
        {
            root.Parse(["--help"]).Invoke(new InvocationConfiguration { Output = terminal.Err });
            return ExitCode.Usage;
        });
        HelpText.Install(root, Name);
        Suggestions.Install(root);
        return root;
    }
}
