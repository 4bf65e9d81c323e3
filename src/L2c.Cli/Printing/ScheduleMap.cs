using Spectre.Console;

namespace L2c.Cli.Printing;

/// <summary>The heat map evaluation x block of a schedule as text; in a terminal the same characters in colours.</summary>
internal static class ScheduleMap
{
    private const char Computed = '#';

    // Wider than any map: a line that a terminal breaks is still one line to copy.
    private const int Unbroken = 1 << 20;

    // The colours of the picture.
    private static readonly Dictionary<char, Style> _cells = new()
    {
        [Computed] = new Style(new Color(0xCB, 0xDC, 0xEE), new Color(0x1D, 0x4E, 0x89)),
        ['.'] = new Style(new Color(0x5A, 0x3A, 0x00), new Color(0xF5, 0xB9, 0x41)),
        ['~'] = new Style(new Color(0x0B, 0x3D, 0x31), new Color(0x8F, 0xD6, 0xC4)),
        ['='] = new Style(new Color(0x2E, 0x1E, 0x5E), new Color(0xCF, 0xC2, 0xEE)),
        ['x'] = new Style(new Color(0x5E, 0x1F, 0x40), new Color(0xF3, 0xD9, 0xE4)),
    };

    private static readonly Style _refresh = new(new Color(0x8A, 0x93, 0x9E));

    /// <summary>Prints it, with what its characters mean.</summary>
    /// <param name="r">The schedule.</param>
    /// <param name="o">Where to.</param>
    /// <param name="colours">The terminal that <paramref name="o"/> leads to; null for text alone.</param>
    public static void Print(ScheduleReport r, TextWriter o, IAnsiConsole? colours)
    {
        o.WriteLine();
        (int forecast, int inSegments, int dropped) = (r.Forecast ?? 0, r.InSegments ?? 0, r.Dropped ?? 0);
        string[] legend =
        [
            $"{Computed} computed",
            .. r.Reused > forecast + inSegments + dropped || r.Reused == 0 ? [". reused"] : Array.Empty<string>(),
            .. forecast > 0 ? ["~ forecast"] : Array.Empty<string>(),
            .. inSegments > 0 ? ["= in a replaced segment"] : Array.Empty<string>(),
            .. dropped > 0 ? ["x dropped"] : Array.Empty<string>(),
        ];
        WriteLine("evaluation x block, attention left and MLP right: ", string.Join(", ", legend), isRefresh: false, isLegend: true);
        o.WriteLine($"{"",13}{string.Concat(Enumerable.Range(0, r.Branches / 2).Select(block => block % 5 == 0 ? $"{block,-3}" : "   "))}".TrimEnd());
        for (int e = 0; e < r.Evaluations.Count; e++)
        {
            EvaluationFacts facts = r.Evaluations[e];
            string cells = string.Join(' ', facts.Actions.Chunk(2).Select(pair => new string(pair)));
            WriteLine($"{e,4} {facts.Role,-8}", cells, facts.Role == "refresh", isLegend: false);
        }

        void WriteLine(string head, string cells, bool isRefresh, bool isLegend)
        {
            if (colours is null)
            {
                o.WriteLine(head + cells);
                return;
            }

            colours.Profile.Width = Unbroken;
            Paragraph line = new();
            line.Append(head, isRefresh ? _refresh : Style.Plain);
            for (int i = 0; i < cells.Length; i++)
            {
                bool isCell = !isLegend || i == 0 || (cells[i - 1] == ' ' && i + 1 < cells.Length && cells[i + 1] == ' ');
                line.Append(cells[i].ToString(), isRefresh ? _refresh : isCell ? _cells.GetValueOrDefault(cells[i], Style.Plain) : Style.Plain);
            }

            colours.Write(line);
            colours.WriteLine();
        }
    }
}
