using System.CommandLine;
using L2c.Cli.Output;
using L2c.Cli.Printing;

namespace L2c.Cli.Commands;

/// <summary><c>l2c gather</c>: one npz file from the chunks of several ranks.</summary>
internal sealed class GatherCommand
{
    private readonly Argument<string> _folder = new("FOLDER") { Description = "Folder that l2c sample --ranks N wrote its chunks to" };
    private readonly Option<string?> _out = OptionFactory.Text("--out", "FILE.npz", "File to write; required");
    private readonly Option<bool> _force = OptionFactory.Switch("--force", "Overwrite the file if it exists");
    private readonly Option<bool> _json = OptionFactory.Switch("--json", "Print one JSON object on standard output");
    private readonly Option<bool> _noProgress = OptionFactory.Switch("--no-progress", "Draw no progress bar");

    private GatherCommand()
    {
        _folder.Validators.Add(result => OptionFactory.RefuseEmpty(result, "FOLDER", "a folder"));
        _out.Required = true;
    }

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        GatherCommand self = new();
        Command command = new("gather", "Checks the chunks that the ranks of l2c sample made, and joins them into one npz file.") { self._folder };
        foreach (Option option in (Option[])[self._out, self._force, self._json, self._noProgress])
        {
            command.Add(option);
        }

        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        string path = parsed.GetValue(_out)!;
        if (!SampleSetOptions.IsNpz(path))
        {
            throw new UsageException($"--out {path}: a set is an npz file; give a name that ends in .npz");
        }

        using ProgressBar progress = new(terminal, !parsed.GetValue(_noProgress));
        SampleSetResult result = SampleSetGathering.Run(
            parsed.GetValue(_folder)!, path, parsed.GetValue(_force), progress, terminal.Cancel);
        return SampleSetText.Print(result, terminal, parsed.GetValue(_json));
    }
}
