using System.CommandLine;
using L2c.Bench.Caching;
using L2c.Bench.Experiment;
using L2c.Bench.Forward;
using L2c.Bench.Gemm;
using L2c.Bench.Gpu;
using L2c.Bench.Images;
using L2c.Bench.Metrics;
using L2c.Bench.Micro;
using L2c.Bench.Training;
using L2c.Cli.Output;
using L2c.Cli.Parsing;

namespace L2c.Bench;

/// <summary>The benchmarks, one verb each.</summary>
public static class Program
{
    private const string Name = "l2c-bench";

    /// <summary>The process: Ctrl-C or SIGTERM ends a benchmark between two runs, and nothing is written.</summary>
    public static int Main(string[] args)
    {
        using StopSignals stop = new();
        return Run(args, new Terminal(Console.Out, Console.Error, !Console.IsErrorRedirected, stop.Token));
    }

    /// <summary>Parses the command line and runs the benchmark.</summary>
    /// <param name="args">The command line without the program's name.</param>
    /// <param name="terminal">Where to print.</param>
    /// <returns>The exit code, see <see cref="ExitCode"/>; a bound that is missed is <see cref="ExitCode.RunTime"/>.</returns>
    public static int Run(string[] args, Terminal terminal)
    {
        RootCommand root = new("Benchmarks of L2c: contestants run in turn in one process, results are Markdown with what they were measured on.")
        {
            CachingBench.Create(terminal),
            RouterBench.Create(terminal),
            PlanBench.Create(terminal),
            ExperimentVerb.Create(terminal),
            ExperimentPlot.Create(terminal),
            GpuResultsVerb.Create(terminal),
            EmulatedVerb.Create(terminal),
            GemmBench.Create(terminal),
            ForwardBench.Create(terminal),
            DecoderBench.Create(terminal),
            InceptionBench.Create(terminal),
            TrainingBench.Create(terminal),
            FrechetBench.Create(terminal),
            KernelsBench.Create(terminal),
        };
        root.SetAction(_ =>
        {
            root.Parse(["--help"]).Invoke(new InvocationConfiguration { Output = terminal.Err });
            return ExitCode.Usage;
        });
        HelpText.Install(root, Name);
        ParseResult parsed = root.Parse(args);
        if (ParseFault.Find(parsed, Name) is { } fault)
        {
            Failure.Print(terminal, fault);
            return ExitCode.Usage;
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration { Output = terminal.Out, Error = terminal.Err, EnableDefaultExceptionHandler = false });
        }
        catch (Exception e)
        {
            return Failure.Report(terminal, e, debug: false);
        }
    }
}
