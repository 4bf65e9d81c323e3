using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace L2c.Cli.Parsing;

/// <summary>The help of a command: what it does, how it is called, its options in groups, examples.</summary>
/// <param name="program">The program's name.</param>
internal sealed class HelpText(string program) : SynchronousCommandLineAction
{
    /// <summary>Columns that the text takes at most.</summary>
    public const int Width = 100;

    // Names that are longer have their description below them.
    private const int NameWidth = 26;

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <summary>Makes <c>--help</c> of all commands print this text.</summary>
    public static void Install(RootCommand root, string program)
    {
        root.Options.Remove(root.Options.OfType<HelpOption>().Single());
        root.Add(new HelpOption("--help", "-h") { Description = "Show this help", Action = new HelpText(program) });
        foreach (VersionOption version in root.Options.OfType<VersionOption>())
        {
            version.Description = "Show the version";
        }
    }

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        Write(parseResult.CommandResult.Command, parseResult.InvocationConfiguration.Output);
        return 0;
    }

    /// <summary>Prints the help of a command.</summary>
    public void Write(Command command, TextWriter o)
    {
        string words = Words(command);
        foreach (string line in Wrap(command.Description ?? "", Width))
        {
            o.WriteLine(line);
        }

        string arguments = string.Concat(command.Arguments.Select(argument => $" {Label(argument)}"));
        o.WriteLine();
        o.WriteLine($"Usage: {words}{(command.Subcommands.Count > 0 ? " COMMAND" : "")}{arguments} [options]");
        WriteRows(o, "Arguments", command.Arguments.Select(argument => (argument.Name, argument.Description)));
        foreach ((string title, IEnumerable<Command> commands) in HelpGroups.Of(command))
        {
            WriteRows(o, title, commands.Select(sub => (sub.Name + string.Concat(sub.Arguments.Select(a => $" {Label(a)}")), sub.Description)));
        }

        foreach ((string title, IEnumerable<Option> options) in HelpGroups.Of(ParseFault.OptionsOf(command)))
        {
            WriteRows(o, title, options.Select(option => (Label(option), (string?)Describe(option))));
        }

        string[] examples = [.. HelpGroups.Examples(words)];
        if (examples.Length > 0)
        {
            o.WriteLine();
            o.WriteLine("Examples:");
            Array.ForEach(examples, example => o.WriteLine($"  {example}"));
        }

        if (command.Subcommands.Count > 0)
        {
            o.WriteLine();
            o.WriteLine($"{words} COMMAND --help lists the options of a command.");
        }
    }

    private static void WriteRows(TextWriter o, string title, IEnumerable<(string Name, string? Description)> rows)
    {
        bool begun = false;
        foreach ((string name, string? description) in rows)
        {
            if (!begun)
            {
                o.WriteLine();
                o.WriteLine($"{title}:");
                begun = true;
            }

            string lead = $"  {name}";
            if (lead.Length > NameWidth - 2)
            {
                o.WriteLine(lead);
                lead = "";
            }

            foreach (string line in Wrap(description ?? "", Width - NameWidth))
            {
                o.WriteLine($"{lead.PadRight(NameWidth)}{line}");
                lead = "";
            }
        }
    }

    private static string Label(Argument argument) => argument.Arity switch
    {
        { MinimumNumberOfValues: 0, MaximumNumberOfValues: > 1 } => $"[{argument.Name}...]",
        { MinimumNumberOfValues: 0 } => $"[{argument.Name}]",
        { MaximumNumberOfValues: 2 } => $"{argument.Name} [{argument.Name}]",
        { MaximumNumberOfValues: > 2 } => $"{argument.Name}...",
        _ => argument.Name,
    };

    // A letter stands before the name, other names behind the description.
    private static string Label(Option option)
    {
        string letter = string.Concat(option.Aliases.Where(IsLetter).Select(alias => $"{alias}, "));
        return $"{letter}{option.Name}{(option.HelpName is { } value ? $" {value}" : "")}";
    }

    private static string Describe(Option option)
    {
        string[] others = [.. option.Aliases.Where(alias => !IsLetter(alias))];
        return option.Description + (others.Length == 0 ? "" : $" (also {string.Join(", ", others)})");
    }

    private static bool IsLetter(string alias) => alias.Length == 2;

    private string Words(Command command) => command.Parents.OfType<Command>().FirstOrDefault() is { } parent
        ? $"{Words(parent)} {command.Name}"
        : program;

    private static IEnumerable<string> Wrap(string text, int width)
    {
        string line = "";
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = "";
            }

            line = line.Length == 0 ? word : $"{line} {word}";
        }

        yield return line;
    }
}
