using System.CommandLine;
using L2c.Cli.Output;

namespace L2c.Cli.Commands;

/// <summary><c>l2c completion</c>: a script that lets a shell complete commands, options, values and names of files.</summary>
internal static class CompletionCommand
{
    private static readonly (string Shell, string File)[] _scripts = [("bash", "l2c.bash"), ("zsh", "l2c.zsh"), ("pwsh", "l2c.ps1")];

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        Argument<string> shell = OptionFactory.Word("SHELL", "bash, zsh or pwsh", [.. _scripts.Select(script => script.Shell)]);
        Command command = new("completion", "Prints a script that makes a shell complete commands, options, values and file names.") { shell };
        command.SetAction(parsed =>
        {
            terminal.Out.Write(Script(parsed.GetRequiredValue(shell)));
            return ExitCode.Ok;
        });
        return command;
    }

    private static string Script(string shell)
    {
        string file = Array.Find(_scripts, script => script.Shell == shell).File;
        using StreamReader reader = new(typeof(CompletionCommand).Assembly.GetManifestResourceStream(file)!);
        return reader.ReadToEnd();
    }
}
