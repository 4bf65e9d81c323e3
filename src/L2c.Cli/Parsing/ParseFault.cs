using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using L2c.Weights;

namespace L2c.Cli.Parsing;

/// <summary>What is wrong with a command line, in one line that says what to do.</summary>
internal static class ParseFault
{
    /// <summary>Describes the first thing that is wrong.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="program">The program's name.</param>
    /// <returns>Null where nothing is, or where help or the like was asked for whatever else is there.</returns>
    public static string? Find(ParseResult parsed, string program)
    {
        string command = Words(parsed.CommandResult, program);
        string? problem = parsed.Action switch
        {
            ParseErrorAction => Unknown(parsed, command) ?? Swallowed(parsed) ?? Missing(parsed) ?? parsed.Errors[0].Message.TrimEnd('.'),
            var action when action == parsed.CommandResult.Command.Action => Unknown(parsed, command) ?? Swallowed(parsed),
            _ => null,
        };
        return problem is null || problem.EndsWith('?') ? problem : $"{problem}; see {command} --help";
    }

    /// <summary>A command that is not there, among the subcommands of another one.</summary>
    /// <param name="parent">The other one.</param>
    /// <param name="word">What the user wrote.</param>
    /// <param name="words">The other one as the user calls it.</param>
    public static string NoSuchCommand(Command parent, string word, string words)
    {
        string[] names = [.. parent.Subcommands.Where(sub => !sub.Hidden).Select(sub => sub.Name)];
        string option = $"--{word}";
        string hint = OptionsOf(parent).Any(own => own.Name == option) ? $"; use {words} {option}" : KnownWords.DidYouMean(word, names);
        return $"{words} has no command '{word}'" + (hint.Length > 0 ? hint : $"; it has {string.Join(", ", names)}");
    }

    /// <summary>The options that a command takes, those of the commands above it included where they hold for all below.</summary>
    public static IEnumerable<Option> OptionsOf(Command command) => command.Options.Concat(
        command.Parents.OfType<Command>().SelectMany(OptionsOf).Where(option => option.Recursive)).Where(option => !option.Hidden);

    private static string? Unknown(ParseResult parsed, string command)
    {
        Command its = parsed.CommandResult.Command;

        // An option that is not known is taken for an argument where the command has one.
        IEnumerable<string> arguments = parsed.Tokens.Any(token => token.Type == TokenType.DoubleDash)
            ? []
            : its.Arguments.SelectMany(argument => parsed.GetResult(argument)?.Tokens ?? []).Select(token => token.Value).Where(IsOption);
        string[] tokens = [.. parsed.UnmatchedTokens, .. arguments];
        return (Array.Find(tokens, IsOption) ?? tokens.FirstOrDefault()) switch
        {
            null => null,
            var option when IsOption(option) => UnknownOption(option.Split('=', ':')[0], its, command, parsed.RootCommandResult.Command),
            var word when its.Subcommands.Count > 0 => NoSuchCommand(its, word, command),
            var word => $"{command} does not take the argument '{word}'",
        };
    }

    private static string UnknownOption(string name, Command its, string command, Command root)
    {
        string[] own = [.. OptionsOf(its).SelectMany(NamesOf)];
        if (own.Contains(name))
        {
            return $"{name} stands before the command; give it after {command}";
        }

        string[] owners = [.. Leaves(root).Where(leaf => leaf.Command.Options.SelectMany(NamesOf).Contains(name)).Select(leaf => leaf.Words)];
        return $"{command} has no option {name}"
            + (owners.Length > 0 ? $"; it belongs to {string.Join(", ", owners)}" : KnownWords.DidYouMean(name, own));
    }

    /// <summary>An option without a value that has taken the next option for it.</summary>
    private static string? Swallowed(ParseResult parsed)
    {
        string[] names = [.. OptionsOf(parsed.CommandResult.Command).SelectMany(NamesOf)];
        return parsed.CommandResult.Children.OfType<OptionResult>().FirstOrDefault(option => option.Tokens.Any(token => names.Contains(token.Value)))
            is { } option ? NeedsValue(option) : null;
    }

    /// <summary>An option, an argument or a value that is not there or is there too often.</summary>
    private static string? Missing(ParseResult parsed)
    {
        SymbolResult? place = parsed.Errors[0].SymbolResult;
        place = place is ArgumentResult { Parent: OptionResult parent } ? parent : place;
        return place switch
        {
            OptionResult { IdentifierToken: null } option => $"{option.Option.Name} is missing; give {option.Option.Name} {option.Option.HelpName}",
            OptionResult { Tokens.Count: 0 } option => NeedsValue(option),
            OptionResult option when option.Tokens.Count > option.Option.Arity.MaximumNumberOfValues =>
                $"{option.Option.Name} is given {option.Tokens.Count} times; give it once",
            CommandResult command when command.Command.Options.FirstOrDefault(o => o.Required && command.GetResult(o) is null or { Implicit: true })
                is { } option => $"{option.Name} is missing; give {option.Name} {option.HelpName}",
            ArgumentResult { Tokens.Count: 0 } argument => $"{argument.Argument.Name} is missing",
            _ => null,
        };
    }

    private static string NeedsValue(OptionResult option) =>
        $"{option.IdentifierToken?.Value ?? option.Option.Name} needs a value: {option.Option.HelpName}";

    private static IEnumerable<(string Words, Command Command)> Leaves(Command command) => command.Subcommands.Count == 0
        ? [(command.Name, command)]
        : command.Subcommands.SelectMany(Leaves)
            .Select(leaf => (command is RootCommand ? leaf.Words : $"{command.Name} {leaf.Words}", leaf.Command));

    private static IEnumerable<string> NamesOf(Option option) => option.Aliases.Prepend(option.Name);

    // A dash alone and a negative number are values.
    private static bool IsOption(string token) => token is ['-', not ((>= '0' and <= '9') or '.'), ..];

    private static string Words(CommandResult result, string program) =>
        result.Parent is CommandResult parent ? $"{Words(parent, program)} {result.Command.Name}" : program;
}
