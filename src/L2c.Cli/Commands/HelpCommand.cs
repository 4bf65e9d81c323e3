using System.CommandLine;
using L2c.Cli.Output;
using L2c.Cli.Parsing;

namespace L2c.Cli.Commands;

/// <summary><c>l2c help COMMAND</c>: as <c>l2c COMMAND --help</c>.</summary>
internal static class HelpCommand
{
    /// <summary>The command.</summary>
    /// <param name="terminal">Where it prints.</param>
    /// <param name="root">Whose commands it explains.</param>
    public static Command Create(Terminal terminal, RootCommand root)
    {
        Argument<string[]> words = new("COMMAND") { Description = "The command to explain; none for a list of all", Arity = ArgumentArity.ZeroOrMore };
        words.CompletionSources.Add(context => Find(root, [.. context.ParseResult.GetValue(words) ?? []]).Command.Subcommands
            .Select(sub => new System.CommandLine.Completions.CompletionItem(sub.Name)));
        Command command = new("help", "Explains a command, as COMMAND --help does.") { words };
        command.SetAction(parsed =>
        {
            (Command found, string path, string? unknown) = Find(root, parsed.GetValue(words) ?? []);
            if (unknown is not null)
            {
                throw new UsageException(found.Subcommands.Count > 0
                    ? ParseFault.NoSuchCommand(found, unknown, path)
                    : $"{path} has no commands of its own, and '{unknown}' is none; see {path} --help");
            }

            new HelpText(Program.Name).Write(found, terminal.Out);
            return ExitCode.Ok;
        });
        return command;
    }

    private static (Command Command, string Path, string? Unknown) Find(Command root, string[] words)
    {
        (Command command, string path) = (root, Program.Name);
        foreach (string word in words)
        {
            if (command.Subcommands.FirstOrDefault(sub => sub.Name == word) is not { } next)
            {
                return (command, path, word);
            }

            (command, path) = (next, $"{path} {word}");
        }

        return (command, path, null);
    }
}
