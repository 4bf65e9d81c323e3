using System.Text.Json;

namespace L2c;

/// <summary>What is on the page of a report, without a tag of HTML. Texts may be of anybody: <see cref="PageHtml"/> escapes all of them.</summary>
/// <param name="Kind">What is reported on, in two or three words.</param>
/// <param name="Title">Its name.</param>
/// <param name="Subtitle">One line below.</param>
/// <param name="Tiles">The figures that matter most.</param>
/// <param name="Sections">The rest, in order; those without parts are left out.</param>
internal sealed record ReportPage(
    string Kind, string Title, string Subtitle, IReadOnlyList<ReportTile> Tiles, IReadOnlyList<ReportSection> Sections);

/// <summary>A figure that is shown large.</summary>
internal sealed record ReportTile(string Value, string Label);

/// <summary>A part of the page under a heading.</summary>
internal sealed record ReportSection(string Title, params IReadOnlyList<ReportPart?> Parts);

/// <summary>What a section is made of.</summary>
internal abstract record ReportPart;

/// <summary>A paragraph.</summary>
internal sealed record ReportText(string Text) : ReportPart;

/// <summary>A paragraph that says what is missing or wrong.</summary>
internal sealed record ReportWarning(string Text) : ReportPart;

/// <summary>Names and values.</summary>
internal sealed record ReportFacts(IReadOnlyList<(string Name, string Value)> Rows) : ReportPart
{
    /// <summary>Facts of those that there are; null where there are none.</summary>
    public static ReportFacts? Of(params IEnumerable<(string Name, string? Value)> rows)
    {
        (string, string)[] known = [.. rows.Where(row => row.Value is not null).Select(row => (row.Name, row.Value!))];
        return known.Length == 0 ? null : new ReportFacts(known);
    }

    /// <summary>The members of an object with their values.</summary>
    public static IEnumerable<(string Name, string? Value)> Members(JsonElement value) =>
        value.EnumerateObject().Select(member => (ReportWords.Name(member.Name), (string?)ReportWords.Value(member.Name, member.Value)));
}

/// <summary>A table.</summary>
/// <param name="Headers">One per column.</param>
/// <param name="Rows">Each as long as <paramref name="Headers"/>.</param>
internal sealed record ReportTable(IReadOnlyList<string> Headers, IReadOnlyList<IReadOnlyList<string>> Rows) : ReportPart
{
    /// <summary>Columns from the left that hold words; the others hold numbers.</summary>
    public int WordColumns { get; init; } = 1;

    /// <summary>Number of a row that stands out; null for none.</summary>
    public int? Marked { get; init; }
}

/// <summary>A picture.</summary>
/// <param name="MediaType">As <c>image/png</c>.</param>
/// <param name="Bytes">The whole file.</param>
/// <param name="Caption">One sentence.</param>
internal sealed record ReportFigure(string MediaType, byte[] Bytes, string Caption) : ReportPart
{
    /// <summary>Pixels that it is laid out for: a page that is narrower scrolls rather than shrink it beyond half.</summary>
    public int Width { get; init; }

    /// <summary>Whether pixels are shown as squares where it is enlarged.</summary>
    public bool Crisp { get; init; }
}

/// <summary>Parts side by side where there is room.</summary>
internal sealed record ReportPair(IReadOnlyList<ReportPart> Parts) : ReportPart;

/// <summary>Text as a terminal would show it.</summary>
internal sealed record ReportListing(string Text) : ReportPart;

/// <summary>A command line that can be copied.</summary>
internal sealed record ReportCommand(string Line) : ReportPart;

/// <summary>Parts of a whole as a bar with a legend.</summary>
/// <param name="Parts">Names, sizes and what is written beside them.</param>
internal sealed record ReportBar(IReadOnlyList<(string Name, double Size, string Value)> Parts) : ReportPart;
