using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using L2c.Cli.Output;
using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary>README and manuals: their links lead somewhere, the program understands their commands, and their programs are the examples.</summary>
public sealed partial class ManualTests
{
    private static readonly string[] _prefixes = ["$ l2c ", "l2c ", "dotnet run -c Release --project src/L2c.Cli -- "];

    [Fact]
    public void Every_link_leads_to_a_file_and_a_heading()
    {
        RequireManuals();
        List<string> broken = [];
        int links = 0;
        foreach (Manual manual in Manual.All)
        {
            string folder = Path.GetDirectoryName(Path.Combine(RepositoryPaths.Root!, manual.Name))!;
            foreach (string link in manual.Links.Where(link => !Elsewhere().IsMatch(link)))
            {
                links++;
                string[] parts = link.Split('#', 2);
                string path = parts[0].Length == 0 ? Path.Combine(RepositoryPaths.Root!, manual.Name) : Path.GetFullPath(Path.Combine(folder, parts[0]));
                if (!File.Exists(path))
                {
                    broken.Add($"{manual.Name}: {link}: no such file");
                }
                else if (parts.Length == 2 && !new Manual("", File.ReadAllLines(path)).Anchors.Contains(parts[1]))
                {
                    broken.Add($"{manual.Name}: {link}: no such heading");
                }
            }
        }

        Assert.True(broken.Count == 0, string.Join('\n', broken));
        Assert.True(links > 100, $"only {links} links found");
    }

    [Fact]
    public void The_program_understands_every_command()
    {
        RequireManuals();
        RootCommand root = Tree();
        List<string> wrong = [];
        Dictionary<string, int> commands = [];
        foreach (Manual manual in Manual.All)
        {
            string[] found = [.. manual.Code.Select(Arguments).OfType<string>()];
            commands[manual.Name] = found.Length;
            wrong.AddRange(found.SelectMany(text => root.Parse(Words(text)).Errors.Select(error => $"{manual.Name}: l2c {text}: {error.Message}")));
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(commands["README.md"] > 15 && commands["docs/tutorial.md"] > 8 && commands.Values.Sum() > 100, "commands were not found");
    }

    [Fact]
    public void Every_command_has_a_heading_in_the_manual_of_the_command_line()
    {
        RequireManuals();
        string[] headings =
        [
            .. Manual.All.Single(manual => manual.Name == "docs/cli.md").Lines.Where(line => line.StartsWith("## ", StringComparison.Ordinal)),
        ];
        IEnumerable<string> commands = Tree().Subcommands.Select(command => command.Name).Where(name => name != "help"); // explains the others
        Assert.Equal([], commands.Where(name => !headings.Any(heading => Regex.IsMatch(heading, $"l2c {Regex.Escape(name)}( |,|$)"))));
    }

    [Fact]
    public void Programs_in_manuals_are_the_examples()
    {
        RequireManuals();
        (string Path, string Text)[] programs = [.. Manual.All.SelectMany(manual => manual.Programs)];
        Assert.NotEmpty(programs);
        Assert.All(programs, program => Assert.Equal(File.ReadAllText(Path.Combine(RepositoryPaths.Root!, program.Path)), program.Text));
    }

    [Fact]
    public void The_readme_has_the_two_commands_that_everything_begins_with()
    {
        RequireManuals();
        string[] code = [.. Manual.All.Single(manual => manual.Name == "README.md").Code.Select(line => line.Trim())];
        Assert.Contains("dotnet run -c Release --project src/L2c.Cli -- sample", code);
        Assert.Contains("dotnet test L2c.sln -c Release", code);
    }

    private static RootCommand Tree() => Program.Tree(
        new Terminal(TextWriter.Null, TextWriter.Null, Interactive: false, CancellationToken.None),
        EmulatedCuda.Missing,
        new Option<bool>("--debug") { Recursive = true });

    private static void RequireManuals() => Assert.SkipWhen(Manual.All.Count == 0, "the repository's manuals are not here");

    // What follows the program's name, without a comment, a pipe or a redirection; null where the line is no command of it.
    private static string? Arguments(string line)
    {
        string text = line.Trim();
        return _prefixes.FirstOrDefault(prefix => text.StartsWith(prefix, StringComparison.Ordinal)) is { } prefix
            ? ShellEnd().Replace(text[prefix.Length..], "").Trim()
            : null;
    }

    // A capital letter stands for a number.
    private static string[] Words(string arguments) =>
        [.. CommandLineParser.SplitCommandLine(arguments).Select(word => word.Length == 1 && char.IsAsciiLetterUpper(word[0]) ? "1" : word)];

    [GeneratedRegex(@"( #|  #| \||\s[12]?>| &&).*$")]
    private static partial Regex ShellEnd();

    [GeneratedRegex("^(https?|mailto|xref):")]
    private static partial Regex Elsewhere();
}
