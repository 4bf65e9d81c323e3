using System.CommandLine;
using System.Text;
using L2c.Cli.Output;
using L2c.Cli.Printing;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Cli.Commands;

/// <summary><c>l2c inspect</c>: what a file holds.</summary>
internal sealed class InspectCommand
{
    // One argument for both files: help shows a second one as if it were required.
    private readonly Argument<string[]> _files = new("FILE")
    {
        Description = "Checkpoint or router (.safetensors, .pt, .pth), schedule (JSON), other file of tensors, or a PNG that l2c has written; "
            + "with --diff two routers or schedules",
        Arity = new ArgumentArity(1, 2),
    };

    private readonly WeightsOptions _checkpoint = new(
        "Published model that a checkpoint must be, such as 'DiT-XL/2 256' (256 may be omitted); of a router or schedule the network that MACs are "
        + "counted for, also by its sizes, such as 12x192x3/2");
    private readonly Option<string?> _ckpt = OptionFactory.Text(
        "--ckpt", "FILE", "Of a router or schedule: count MACs for the network of this checkpoint, whose weights are not read");
    private readonly Option<double?> _threshold = OptionFactory.NonNegative(
        "--threshold",
        "Of a router: a branch is computed where its score is above it; default as published, 0.1 for DiT and 0.9 for U-ViT and DiT-XL/2 512");
    private readonly Option<string?> _plot = OptionFactory.Text(
        "--plot", "FILE.png|.svg", "Also draw it: a heat map, with --diff of what differs; with --sweep reuse and MACs over the threshold");
    private readonly Option<bool> _diff = OptionFactory.Switch("--diff", "Compare two routers or schedules, evaluation by evaluation");
    private readonly Option<bool> _sweep = OptionFactory.Switch("--sweep", "Of a router: reuse and MACs for each threshold from 0 to 1");
    private readonly Option<bool> _tensors = OptionFactory.Switch("--tensors", "List every tensor: name, type, shape");
    private readonly Option<bool> _summary = OptionFactory.Switch(
        "--summary", "A line per block: of a network parameters and MACs, of a router or schedule what is reused and saved");
    private readonly Option<bool> _force = OptionFactory.Switch("--force", "Overwrite the plot if it exists");
    private readonly Option<bool> _json = OptionFactory.Switch("--json", "Print one JSON object");

    private InspectCommand() => _files.Validators.Add(result => OptionFactory.RefuseEmpty(result, "FILE", "a file"));

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        InspectCommand self = new();
        Command command = new(
            "inspect",
            "Shows what a file holds: a checkpoint's architecture, what a router or schedule reuses and saves, a picture's sampling parameters.")
        {
            self._files,
        };
        self._checkpoint.AddTo(command);
        foreach (Option option in (Option[])[
            self._ckpt, self._threshold, self._plot, self._diff, self._sweep, self._summary, self._tensors, self._force, self._json])
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
        ScheduleQuestion question = new(
            _checkpoint.Read(parsed),
            parsed.GetValue(_ckpt),
            parsed.GetValue(_threshold),
            parsed.GetValue(_plot),
            parsed.GetValue(_force),
            parsed.GetValue(_tensors),
            parsed.GetValue(_summary),
            parsed.GetValue(_sweep));
        string[] files = parsed.GetRequiredValue(_files);
        string path = files[0];
        string? other = files.ElementAtOrDefault(1);
        if (parsed.GetValue(_diff) != (other is not null))
        {
            throw new UsageException(other is null ? "--diff compares two files; name both" : $"{other}: to compare two files, add --diff");
        }

        bool json = parsed.GetValue(_json);
        if (other is not null)
        {
            ScheduleDiff diff = question.Compare(path, other);
            Print(terminal, diff, () => ScheduleText.Print(diff, terminal.Out), question, json);
        }
        else
        {
            Inspect(terminal, path, question, json);
        }
    }

    private static void Inspect(Terminal terminal, string path, ScheduleQuestion question, bool json)
    {
        if (Directory.Exists(path))
        {
            throw new IOException($"{path}: is a directory; name a file in it, or show a run's folder with l2c report");
        }

        ByteSource source = ByteSource.OpenFile(path);
        if (PngFile.IsPng(source))
        {
            using (source)
            {
                question.RefuseUnlessSchedule(path);
                question.RefuseSummary(path);
                PngReport report = PngReport.Of(path, source.Length, PngFile.Read(source));
                Print(terminal, report, () => FileFacts.Print(report, terminal.Out), question, json);
            }
        }
        else if (InspectedSchedule.IsJson(source))
        {
            using (source)
            {
                ScheduleReport report = question.Report(source);
                Print(terminal, report, () => ScheduleText.Print(report, terminal.Out, terminal.Colours), question, json);
            }
        }
        else if (IsPage(source))
        {
            using (source)
            {
                throw new MalformedFileException(
                    path, "is a web page, as l2c report makes them; open it in a browser, or inspect the file that it shows");
            }
        }
        else
        {
            using TensorFile file = TensorFiles.Open(source);
            bool isRouter = WeightsLayout.FindFamily(file, question.Hints.Use) == RouterShape.FamilyName;
            if (isRouter && question.Sweep)
            {
                ThresholdReport report = question.CountAll(file);
                Print(terminal, report, () => ScheduleText.Print(report, terminal.Out), question, json);
            }
            else if (isRouter)
            {
                ScheduleReport report = question.Report(file, source.Length);
                Print(terminal, report, () => ScheduleText.Print(report, terminal.Out, terminal.Colours), question, json);
            }
            else
            {
                question.RefuseUnlessSchedule(path);
                TensorFileReport report = TensorFileReport.Of(file, source.Length, question.Hints, question.ListTensors, question.Summarise);
                Print(terminal, report, () => FileFacts.Print(report, terminal.Out), question, json);
            }
        }
    }

    private static bool IsPage(ByteSource source)
    {
        Span<byte> head = stackalloc byte[(int)Math.Min(source.Length, 512)];
        source.ReadExactly(0, head);
        string text = Encoding.Latin1.GetString(head).TrimStart();
        return text.StartsWith("<!doctype html", StringComparison.OrdinalIgnoreCase) || text.StartsWith("<html", StringComparison.OrdinalIgnoreCase);
    }

    private static void Print(Terminal terminal, object report, Action print, ScheduleQuestion question, bool json)
    {
        if (json)
        {
            terminal.PrintJson(report);
            return;
        }

        print();
        if (question.Plot is { } plot)
        {
            terminal.Out.WriteLine();
            terminal.Out.WriteLine(FileText.OneLine(plot));
        }
    }
}
