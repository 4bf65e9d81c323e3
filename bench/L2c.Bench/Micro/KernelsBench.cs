using System.CommandLine;
using L2c.Cli.Commands;
using L2c.Cli.Output;

namespace L2c.Bench.Micro;

/// <summary><c>kernels</c>: how long does each op of the CPU device take, on the shapes of two networks, forward and backward?</summary>
internal static class KernelsBench
{
    /// <summary>Where BenchmarkDotNet's files go unless the user says so: a name that git ignores.</summary>
    private const string Folder = "BenchmarkDotNet.Artifacts";

    /// <summary>The verb.</summary>
    public static Command Create(Terminal terminal)
    {
        Option<string?> filter = OptionFactory.Text("--filter", "PATTERN", "Only ops of such names; * and ? stand for anything [default: *]");
        Option<string> job = OptionFactory.OneOf("--job", "How thoroughly, as BenchmarkDotNet's jobs", "default", "dry", "short", "long");
        Option<string?> folder = OptionFactory.Text("--out", "DIR", $"Folder for BenchmarkDotNet's files [default: {Folder}]");
        Command command = new("kernels", "Each op of the CPU device by BenchmarkDotNet: DiT-S and demo shapes, forward and backward.");
        foreach (Option option in (Option[])[filter, job, folder])
        {
            command.Add(option);
        }

        command.SetAction(parsed => Run(
            parsed.GetValue(filter) ?? "*", parsed.GetValue(job)!, parsed.GetValue(folder) ?? Folder, terminal));
        return command;
    }

    private static int Run(string pattern, string job, string folder, Terminal terminal)
    {
        string[] ops = [.. KernelCases.Named(pattern)];
        if (ops.Length == 0)
        {
            Failure.Print(terminal, $"--filter {pattern}: no such op; there are {string.Join(", ", KernelCases.All.Keys)}");
            return ExitCode.Usage;
        }

        try
        {
            bool isComplete = KernelRunner.Run(ops, job, folder, terminal.Cancel);
            terminal.Cancel.ThrowIfCancellationRequested();
            return isComplete ? ExitCode.Ok : ExitCode.RunTime;
        }
        catch (FileNotFoundException missing) when (missing.FileName?.StartsWith("BenchmarkDotNet,", StringComparison.Ordinal) == true)
        {
            Failure.Print(terminal, "kernels: BenchmarkDotNet is not part of this archive; run the verb from a checkout");
            return ExitCode.RunTime;
        }
    }
}
