using System.CommandLine;
using System.Text.RegularExpressions;
using L2c.Cli.Parsing;

namespace L2c.Cli.Tests.Words;

/// <summary>The help of every command.</summary>
public sealed class HelpTests : IDisposable
{
    private readonly CliRunner _cli = new();

    public static TheoryData<string> Commands => [.. CommandTree.All(CommandTree.Root()).Select(command => command.Words)];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Help_is_the_same_by_word_by_option_and_by_letter_and_fits_a_terminal(string words)
    {
        string[] path = words.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        CliResult help = _cli.Run(["help", .. path]);
        Assert.Equal((0, ""), (help.Code, help.Err));
        Assert.Equal(help.Out, _cli.Run([.. path, "--help"]).Out);
        Assert.Equal(help.Out, _cli.Run([.. path, "-h"]).Out);
        Assert.All(help.Out.Split('\n'), line => Assert.True(line.Length <= HelpText.Width && line == line.TrimEnd(), line));
        Assert.Contains($"\nUsage: l2c {words}".TrimEnd(), help.Out, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_option_and_command_is_listed_once_with_a_description(string words)
    {
        Command command = CommandTree.All(CommandTree.Root()).Single(other => other.Words == words).Command;
        string help = _cli.Run(["help", .. words.Split(' ', StringSplitOptions.RemoveEmptyEntries)]).Out;
        foreach (Option option in ParseFault.OptionsOf(command))
        {
            Assert.Single(Regex.Matches(help, $@"\n  (-\w, )?{option.Name}( [^\n]+)?(\n {{26}}| +)[A-Z]\w*"));
        }

        Assert.All(command.Subcommands, sub => Assert.Single(Regex.Matches(help, $@"\n  {sub.Name}( [A-Z\[][^\n]*)?(\n {{26}}| +)[A-Z]")));
    }

    [Fact]
    public void Every_command_has_examples_that_it_understands()
    {
        RootCommand root = CommandTree.Root();
        foreach ((string words, Command command) in CommandTree.All(root))
        {
            string program = $"l2c {words}".TrimEnd();
            IReadOnlyList<string> examples = HelpGroups.Examples(program);
            Assert.True(examples.Count is >= 1 and <= 3, $"{program}: {examples.Count} examples");
            string help = _cli.Run(["help", .. words.Split(' ', StringSplitOptions.RemoveEmptyEntries)]).Out;
            foreach (string example in examples)
            {
                Assert.Contains($"\n  {example}\n", help, StringComparison.Ordinal);
                string call = Regex.Match(example, "l2c ([^)]*)").Groups[1].Value;
                Assert.True(command == root || call.StartsWith(words, StringComparison.Ordinal), example);
                Assert.True(ParseFault.Find(root.Parse(call), "l2c") is null, $"{example}: {ParseFault.Find(root.Parse(call), "l2c")}");
            }
        }
    }

    [Fact]
    public void Options_stand_in_groups_and_commands_by_purpose()
    {
        string help = _cli.Run("help", "sample").Out;
        int[] places = [.. new[] { "\nModel:\n", "\nOptions:\n", "\nCaching:\n", "\nDevice:\n", "\nOutput:\n", "\nGeneral:\n", "\nExamples:\n" }
            .Select(title => help.IndexOf(title, StringComparison.Ordinal))];
        Assert.Equal(places.Order(), places);
        Assert.All(places, place => Assert.True(place > 0));
        Assert.Contains("\n  -n, --count N           Images in total", help, StringComparison.Ordinal);
        Assert.Contains("(also\n                          --num-sampling-steps)", help, StringComparison.Ordinal);

        string all = _cli.Run("help").Out;
        Assert.Matches(@"\nInspection and speed:\n  inspect FILE \[FILE\] +[A-Z]", all);
        Assert.Contains("\nCommands:\n  forward ", _cli.Run("help", "bench").Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_letter_means_the_same_everywhere()
    {
        Dictionary<string, string> letters = new()
        {
            ["--count"] = "-n",
            ["--out"] = "-o",
            ["--steps"] = "-s",
            ["--quiet"] = "-q",
            ["--help"] = "-h",
        };
        foreach ((string words, Command command) in CommandTree.All(CommandTree.Root()))
        {
            foreach (Option option in ParseFault.OptionsOf(command))
            {
                string? letter = option.Aliases.SingleOrDefault(alias => alias.Length == 2);
                Assert.True(letter == letters.GetValueOrDefault(option.Name), $"{words} {option.Name}: {letter}");
            }
        }
    }

    public void Dispose() => _cli.Dispose();
}
