using System.Globalization;
using System.Net;
using System.Text;
using L2c.Weights;
using static System.FormattableString;

namespace L2c;

/// <summary>A page as one HTML document that asks nothing of the network: its style and its pictures are in it, and it has no script.</summary>
internal static class PageHtml
{
    // What a browser would refuse to load even if a text got past the escaping.
    private const string Policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

    /// <summary>Writes the document.</summary>
    /// <param name="page">What is on it.</param>
    /// <param name="version">Version of the program.</param>
    public static string Of(ReportPage page, string version)
    {
        ReportSection[] sections = [.. page.Sections.Where(section => section.Parts.Any(part => part is not null))];
        StringBuilder html = new();
        html.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        html.Append($"<meta http-equiv=\"Content-Security-Policy\" content=\"{Policy}\">\n");
        html.Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.Append($"<meta name=\"generator\" content=\"l2c {Text(version)}\">\n<title>{Text($"{page.Title} - {page.Kind}")}</title>\n");
        html.Append($"<style>\n{PageStyle.Css}</style>\n</head>\n<body>\n<main>\n<header>\n<p class=\"kind\">{Text(page.Kind)}</p>\n");
        html.Append($"<h1>{Text(page.Title)}</h1>\n<p class=\"sub\">{Text(page.Subtitle)}</p>\n</header>\n");
        if (page.Tiles.Count > 0)
        {
            html.Append("<dl class=\"tiles\">\n");
            foreach (ReportTile tile in page.Tiles)
            {
                html.Append($"<div><dt>{Text(tile.Label)}</dt><dd>{Text(tile.Value)}</dd></div>\n");
            }

            html.Append("</dl>\n");
        }

        html.Append("<nav aria-label=\"Sections\">");
        for (int i = 0; i < sections.Length; i++)
        {
            html.Append(CultureInfo.InvariantCulture, $"<a href=\"#s{i}\">{Text(sections[i].Title)}</a>");
        }

        html.Append("</nav>\n");
        for (int i = 0; i < sections.Length; i++)
        {
            html.Append(CultureInfo.InvariantCulture, $"<section id=\"s{i}\">\n<h2>{Text(sections[i].Title)}</h2>\n");
            foreach (ReportPart? part in sections[i].Parts)
            {
                html.Append(Part(part));
            }

            html.Append("</section>\n");
        }

        return html.Append($"<footer>Written by l2c {Text(version)}</footer>\n</main>\n</body>\n</html>\n").ToString();
    }

    /// <summary>Text of anybody as HTML: no tag, no attribute, no control character and no override of direction comes out of it.</summary>
    internal static string Text(string text) => WebUtility.HtmlEncode(FileText.OneLine(text));

    private static string Part(ReportPart? part) => part switch
    {
        null => "",
        ReportText text => $"<p>{Text(text.Text)}</p>\n",
        ReportWarning warning => $"<p class=\"warning\">{Text(warning.Text)}</p>\n",
        ReportFacts facts => $"<dl class=\"facts\">\n{string.Concat(facts.Rows.Select(Fact))}</dl>\n",
        ReportTable table => Table(table),
        ReportFigure figure => Figure(figure),
        ReportPair pair => $"<div class=\"pair\">\n{string.Concat(pair.Parts.Select(half => $"<div>{Part(half)}</div>\n"))}</div>\n",
        ReportListing listing => $"<pre class=\"listing\">{string.Join('\n', listing.Text.Split('\n').Select(Text))}</pre>\n",
        ReportCommand command => $"<pre class=\"command\"><code>{Text(command.Line)}</code></pre>\n",
        ReportBar bar => Bar(bar),
        _ => throw new ArgumentException($"no HTML for {part.GetType().Name}"),
    };

    private static string Fact((string Name, string Value) row) => $"<div><dt>{Text(row.Name)}</dt><dd>{Text(row.Value)}</dd></div>\n";

    private static string Table(ReportTable table)
    {
        StringBuilder html = new("<div class=\"scroll\"><table>\n<thead><tr>");
        for (int i = 0; i < table.Headers.Count; i++)
        {
            html.Append($"<th scope=\"col\"{Class(i)}>{Text(table.Headers[i])}</th>");
        }

        html.Append("</tr></thead>\n<tbody>\n");
        for (int row = 0; row < table.Rows.Count; row++)
        {
            html.Append(row == table.Marked ? "<tr class=\"marked\">" : "<tr>");
            for (int i = 0; i < table.Headers.Count; i++)
            {
                html.Append($"<td{Class(i)}>{Text(table.Rows[row][i])}</td>");
            }

            html.Append("</tr>\n");
        }

        return html.Append("</tbody>\n</table></div>\n").ToString();

        string Class(int column) => column < table.WordColumns ? " class=\"words\"" : "";
    }

    private static string Figure(ReportFigure figure)
    {
        // A narrow window scrolls a wide picture rather than make it too small to read.
        string style = figure.Width > 0 ? Invariant($" style=\"width:{figure.Width}px;min-width:{Math.Min(figure.Width * 3 / 5, 560)}px\"") : "";
        string crisp = figure.Crisp ? " class=\"crisp\"" : "";
        return $"<figure><div class=\"scroll\"><img{crisp}{style} src=\"data:{figure.MediaType};base64,{Convert.ToBase64String(figure.Bytes)}\" "
            + $"alt=\"{Text(figure.Caption)}\"></div><figcaption>{Text(figure.Caption)}</figcaption></figure>\n";
    }

    private static string Bar(ReportBar bar)
    {
        double whole = bar.Parts.Sum(part => part.Size);
        StringBuilder html = new("<div class=\"bar\" aria-hidden=\"true\">");
        for (int i = 0; i < bar.Parts.Count; i++)
        {
            double percent = whole > 0 ? 100 * bar.Parts[i].Size / whole : 0;
            html.Append(CultureInfo.InvariantCulture, $"<span class=\"c{i % 5}\" style=\"width:{percent:0.###}%\"></span>");
        }

        html.Append("</div>\n<ul class=\"legend\">");
        for (int i = 0; i < bar.Parts.Count; i++)
        {
            html.Append(CultureInfo.InvariantCulture, $"<li><span class=\"swatch c{i % 5}\"></span>{Text(bar.Parts[i].Name)}");
            html.Append($"<b>{Text(bar.Parts[i].Value)}</b></li>");
        }

        return html.Append("</ul>\n").ToString();
    }
}
