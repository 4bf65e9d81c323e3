using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;

namespace L2c.Cli.Parsing;

/// <summary>What a shell may put at the cursor: <c>l2c "[suggest:POSITION]" "LINE"</c> prints a word a line. Where files are meant it prints
/// nothing, and the shell offers their names.</summary>
/// <param name="directive">The directive.</param>
internal sealed class Suggestions(SuggestDirective directive) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <summary>Lets the directive of a program print what is meant here.</summary>
    public static void Install(RootCommand root)
    {
        foreach (SuggestDirective directive in root.Directives.OfType<SuggestDirective>())
        {
            directive.Action = new Suggestions(directive);
        }
    }

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        string line = parseResult.Tokens.LastOrDefault(token => token.Type != TokenType.Directive)?.Value ?? "";
        string? position = parseResult.GetResult(directive) is { Values: [var value, ..] } ? value : null;
        int cursor = int.TryParse(position, NumberStyles.None, CultureInfo.InvariantCulture, out int given) && given < line.Length ? given : line.Length;
        foreach (string word in At(parseResult.RootCommandResult.Command, line[..cursor]))
        {
            parseResult.InvocationConfiguration.Output.WriteLine(word);
        }

        return 0;
    }

    /// <summary>The words that fit at the end of a line.</summary>
    /// <param name="root">The program.</param>
    /// <param name="line">The line up to the cursor, the program's name included.</param>
    public static IReadOnlyList<string> At(Command root, string line)
    {
        string begun = line[(line.LastIndexOf(' ') + 1)..];
        if (begun.StartsWith("--", StringComparison.Ordinal) && begun.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals)
        {
            // --option=VALUE: the value is completed as it would be behind a space.
            line = $"{line[..(line.Length - begun.Length + equals)]} {begun[(equals + 1)..]}";
            begun = begun[(equals + 1)..];
        }

        ParseResult parsed = root.Parse(line);
        string[] words =
        [
            .. parsed.GetCompletions(line.Length).Select(item => item.InsertText ?? item.Label)
                .Where(word => word.Length > 0 && word.StartsWith(begun, StringComparison.OrdinalIgnoreCase)).Distinct(),
        ];
        if (begun.Length == 0 && Array.Exists(words, word => !word.StartsWith('-')))
        {
            return [.. words.Where(word => !word.StartsWith('-'))]; // options when asked for by their dash
        }

        return begun.Length == 0 && parsed.CommandResult.Command.Arguments.Count > 0
            ? []
            : [.. words.Where(word => word is not ['-', _] || begun == "-")];
    }
}
