using System.Text.RegularExpressions;
using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary>A Markdown file of the repository: its links, headings, and blocks of code.</summary>
/// <param name="Name">Path below the root, with <c>/</c>.</param>
/// <param name="Lines">Its text.</param>
public sealed partial record Manual(string Name, string[] Lines)
{
    private static readonly string[] _folders = ["docs", "bench", "dev", "src", "examples", "tests/fixtures"];

    /// <summary>All manuals of the checkout; none where the tests run outside one.</summary>
    public static IReadOnlyList<Manual> All { get; } = RepositoryPaths.Root is { } root && File.Exists(Path.Combine(root, "README.md"))
        ? [.. Files(root).Order(StringComparer.Ordinal).Select(path => new Manual(Path.GetRelativePath(root, path).Replace('\\', '/'), File.ReadAllLines(path)))]
        : [];

    /// <summary>Targets of links and pictures, as written, outside code.</summary>
    public IEnumerable<string> Links =>
        Prose.SelectMany(line => Link().Matches(InlineCode().Replace(line, "")).Select(match => match.Groups["target"].Value));

    /// <summary>The anchors of its headings, as GitHub and docfx make them.</summary>
    public IReadOnlySet<string> Anchors
    {
        get
        {
            HashSet<string> anchors = new(StringComparer.Ordinal);
            foreach (string line in Prose.Where(line => Heading().IsMatch(line)))
            {
                string text = Link().Replace(line.TrimStart('#').Trim(), match => match.Groups["text"].Value).ToLowerInvariant();
                string anchor = string.Concat(text.Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-');
                int again = 0;
                for (string name = anchor; !anchors.Add(name); name = $"{anchor}-{++again}")
                {
                }
            }

            return anchors;
        }
    }

    /// <summary>Lines of code: of fenced blocks, and indented by four spaces or more; a line that ends in a backslash with the next.</summary>
    public IEnumerable<string> Code => Regex.Split(string.Join('\n', Marked.Where(line => line.IsCode).Select(line => line.Text)).Replace("\\\n", " "), "\n");

    /// <summary>Blocks of C# that a comment above says to be a file of the repository: its path, and the block.</summary>
    public IEnumerable<(string Path, string Text)> Programs => Program().Matches(string.Join('\n', Lines))
        .Select(match => (match.Groups["path"].Value, match.Groups["code"].Value));

    private IEnumerable<string> Prose => Marked.Where(line => !line.IsCode).Select(line => line.Text);

    private IEnumerable<(string Text, bool IsCode)> Marked
    {
        get
        {
            bool fenced = false;
            foreach (string line in Lines)
            {
                bool fence = line.TrimStart().StartsWith("```", StringComparison.Ordinal);
                yield return (line, fenced || fence || line.StartsWith("    ", StringComparison.Ordinal));
                fenced ^= fence;
            }
        }
    }

    private static IEnumerable<string> Files(string root) => Directory.EnumerateFiles(root, "*.md").Concat(_folders
        .Select(folder => Path.Combine(root, folder))
        .Where(Directory.Exists)
        .SelectMany(folder => Directory.EnumerateFiles(folder, "*.md", SearchOption.AllDirectories))
        .Where(path => !Path.GetRelativePath(root, path).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj")));

    [GeneratedRegex(@"!?\[(?<text>[^\]]*)\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex InlineCode();

    [GeneratedRegex("^#{1,6} ")]
    private static partial Regex Heading();

    [GeneratedRegex("^<!-- (?<path>[^ ]+\\.cs) -->\n```csharp\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Program();
}
