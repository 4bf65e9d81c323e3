using System.Text;

namespace L2c.Bench;

/// <summary>A report: title, certificate, table, remarks.</summary>
internal static class Markdown
{
    /// <summary>Puts it together.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="certificate">See <see cref="BirthCertificate"/>.</param>
    /// <param name="header">Columns of the result; all but the first are figures.</param>
    /// <param name="rows">As many cells each.</param>
    /// <param name="remarks">How to read it, one paragraph each.</param>
    public static string Report(
        string title, IReadOnlyList<(string Name, string Value)> certificate, string[] header, IEnumerable<string[]> rows, params string[] remarks)
    {
        StringBuilder text = new(Certificate(title, certificate));
        text.Append($"\n{Row(header)}|---{string.Concat(Enumerable.Repeat("|---:", header.Length - 1))}|\n");
        text.AppendJoin("", rows.Select(Row));
        text.AppendJoin("", remarks.Select(remark => $"\n{remark}\n"));
        return text.ToString();

        static string Row(string[] cells) => $"| {string.Join(" | ", cells)} |\n";
    }

    /// <summary>Title and certificate alone.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="certificate">See <see cref="BirthCertificate"/>.</param>
    public static string Certificate(string title, IReadOnlyList<(string Name, string Value)> certificate) =>
        $"# {title}\n\n| measured on | |\n|---|---|\n" + string.Concat(certificate.Select(pair => $"| {pair.Name} | {pair.Value} |\n"));
}
