using System.CommandLine;
using L2c.Cli.Output;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Cli.Commands;

/// <summary><c>l2c report</c>: a run, a sweep, a router or a result as one HTML page.</summary>
internal sealed class ReportCommand
{
    private const string Extension = ".html";

    private readonly Argument<string> _target = new("TARGET")
    {
        Description = "A sampled PNG or its result, the folder of a training run or a sweep, a sweep's table, a router, a schedule, or what a command "
            + "printed with --json",
    };

    private readonly Option<string?> _out = OptionFactory.Text(
        "--out", "FILE.html", "Where to write; default: beside the target, named like it; in a folder report.html");
    private readonly WeightsOptions _weights = new("The network that plans and MACs are for: a published model, or its sizes, such as 12x192x3/2");
    private readonly Option<string?> _ckpt = OptionFactory.Text("--ckpt", "FILE", "The network that plans and MACs are for: that of this checkpoint");
    private readonly Option<double?> _threshold = OptionFactory.NonNegative("--threshold", "Of a router; default: as published, or that of its training run");
    private readonly Option<bool> _force = OptionFactory.Switch("--force", "Overwrite the page if it exists");
    private readonly Option<bool> _json = OptionFactory.Switch("--json", "Print one JSON object");

    private ReportCommand() => _target.Validators.Add(result => OptionFactory.RefuseEmpty(result, "TARGET", "a file or folder"));

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        ReportCommand self = new();
        Command command = new("report", "Writes one self-contained HTML page about a run, a sweep, a router or a result.") { self._target };
        command.Add(self._out);
        self._weights.AddTo(command);
        foreach (Option option in (Option[])[self._ckpt, self._threshold, self._force, self._json])
        {
            command.Add(option);
        }

        command.SetAction(parsed =>
        {
            self.Run(parsed, terminal);
            return ExitCode.Ok;
        });
        return command;
    }

    private void Run(ParseResult parsed, Terminal terminal)
    {
        string target = parsed.GetRequiredValue(_target), path = parsed.GetValue(_out) ?? DefaultName(target);
        bool force = parsed.GetValue(_force);
        string? checkpoint = parsed.GetValue(_ckpt);
        if (!Path.GetExtension(path).Equals(Extension, StringComparison.OrdinalIgnoreCase))
        {
            throw new UsageException($"--out {path}: reports are HTML; name a {Extension} file");
        }

        NamedFiles.Check([("--out", path)], new[] { target, checkpoint }.OfType<string>().Where(File.Exists));
        AtomicFile.Probe(path, force);
        var report = HtmlReport.Of(new ReportRequest(target) { Network = Network(parsed, checkpoint), Threshold = parsed.GetValue(_threshold) });
        report.Write(path, force);
        if (parsed.GetValue(_json))
        {
            terminal.PrintJson(new { File = path, report.Kind, report.Title, Bytes = new FileInfo(path).Length });
        }
        else
        {
            terminal.Out.WriteLine($"{FileText.OneLine(path)}: {report.Kind}, {Printing.Units.Bytes(new FileInfo(path).Length)}");
        }
    }

    /// <summary>Beside a file its stem; in a folder <c>report.html</c>.</summary>
    private static string DefaultName(string target) => Directory.Exists(target)
        ? Path.Combine(target, $"report{Extension}")
        : Path.Combine(Path.GetDirectoryName(target) ?? "", $"{Path.GetFileNameWithoutExtension(target)}{Extension}");

    private TransformerArchitecture? Network(ParseResult parsed, string? checkpoint)
    {
        LayoutHints hints = _weights.Read(parsed);
        return checkpoint is not null
            ? CountedNetwork.OfCheckpoint(checkpoint, hints)
            : hints with { Model = null } != LayoutHints.None
                ? throw new UsageException("--use, --heads and --num-classes tell of a checkpoint; give --ckpt FILE, or omit them")
                : hints.Model is { } model ? CountedNetwork.Named(model) : null;
    }
}
