using System.CommandLine;

namespace L2c.Cli.Tests.Words;

/// <summary>The commands as the program itself lists them.</summary>
internal static class CommandTree
{
    /// <summary>A tree of commands that print nowhere.</summary>
    public static RootCommand Root() => Program.Tree(
        new Output.Terminal(TextWriter.Null, TextWriter.Null, Interactive: false, CancellationToken.None),
        EmulatedCuda.Missing,
        new Option<bool>("--debug") { Recursive = true });

    /// <summary>All commands, those that have others below them included; the program itself is the empty word.</summary>
    public static IEnumerable<(string Words, Command Command)> All(Command command, string words = "") =>
        command.Subcommands.SelectMany(sub => All(sub, $"{words} {sub.Name}".TrimStart())).Prepend((words, command));
}
