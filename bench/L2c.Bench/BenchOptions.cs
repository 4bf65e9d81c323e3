using System.CommandLine;
using L2c.Cli.Commands;
using L2c.Cli.Output;
using L2c.Kernels;
using L2c.Weights;

namespace L2c.Bench;

/// <summary>What every benchmark can be told: how long, on how many threads, where its report goes.</summary>
internal sealed class BenchOptions
{
    /// <summary>How long contestants run at least before they are measured: the runtime replaces its first code in the background.</summary>
    public static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(200);

    private readonly int _presetRounds;
    private readonly Option<int?> _rounds;
    private readonly Option<int?> _threads = OptionFactory.Whole("--threads", 1, "CPU threads; default one per core", most: 1024);
    private readonly Option<string?> _out = OptionFactory.Text("--out", "FILE.md", "Also write the report to this file");
    private readonly Option<bool> _force = OptionFactory.Switch("--force", "Overwrite that file");

    /// <param name="rounds">Rounds unless the user says so.</param>
    public BenchOptions(int rounds)
    {
        _presetRounds = rounds;
        _rounds = OptionFactory.Whole("--rounds", 1, $"Rounds; each runs every contestant once [default: {rounds}]");
    }

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_rounds, _threads, _out, _force])
        {
            command.Add(option);
        }
    }

    /// <summary>Rounds to measure.</summary>
    public int Rounds(ParseResult parsed) => parsed.GetValue(_rounds) ?? _presetRounds;

    /// <summary>Starts the CPU device, after a look at whether the report can be written: not after the work.</summary>
    /// <exception cref="IOException">The report's file exists, or cannot be written.</exception>
    public CpuDevice OpenCpu(ParseResult parsed)
    {
        if (parsed.GetValue(_out) is { } path)
        {
            AtomicFile.Probe(path, parsed.GetValue(_force));
        }

        return new CpuDevice(parsed.GetValue(_threads) ?? 0);
    }

    /// <summary>Prints a report and writes it to the file, if one was named.</summary>
    public void Publish(ParseResult parsed, Terminal terminal, string report)
    {
        terminal.Out.Write(report);
        if (parsed.GetValue(_out) is { } path)
        {
            AtomicFile.Write(path, parsed.GetValue(_force), stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(report)));
        }
    }
}
