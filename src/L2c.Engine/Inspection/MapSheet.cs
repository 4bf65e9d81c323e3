using SkiaSharp;

namespace L2c;

/// <summary>A table of branches as a picture: title, what it says in words, what its colours mean, and the table, within even margins.</summary>
internal static class MapSheet
{
    /// <summary>How a table is read.</summary>
    public const string Directions = "Down: evaluations, from noise to picture. Across: blocks, from the input to the output.";

    private const int Margin = 24, MinWidth = 640;
    private const int Swatch = 13, LegendGap = 22;

    /// <summary>Lays the picture out.</summary>
    /// <param name="title">Above all.</param>
    /// <param name="lines">Under the title; what is too wide is broken between words.</param>
    /// <param name="legend">What cells mean.</param>
    /// <param name="map">The table.</param>
    /// <param name="description">See <see cref="Picture.Description"/>.</param>
    public static Picture Draw(
        string title, IReadOnlyList<string> lines, IReadOnlyList<(MapCell Cell, string Name)> legend, BranchMap map, string description)
    {
        int width = Math.Max(map.Width, MinWidth);
        int titleHeight = PictureText.Height(PictureText.Title) + 2, lineHeight = PictureText.Height(PictureText.Body) + 4;
        IReadOnlyList<string> titles = PictureText.Wrap(title, PictureText.Title, width);
        IReadOnlyList<string> texts = [.. lines.SelectMany(line => PictureText.Wrap(line, PictureText.Body, width))];
        int textTop = Margin + (titles.Count * titleHeight) + 4, legendTop = textTop + (texts.Count * lineHeight) + 8;
        (IReadOnlyList<(float Left, int Line)> places, int legendLines) = Place(legend, width);
        int mapTop = legendTop + (legendLines * lineHeight) + 14;
        return new Picture(width + (2 * Margin), mapTop + map.Height + Margin, description, canvas =>
        {
            for (int i = 0; i < titles.Count; i++)
            {
                PictureText.Write(canvas, titles[i], Margin, Margin + (i * titleHeight), SKTextAlign.Left, PictureText.Title, PictureText.Ink);
            }

            for (int i = 0; i < texts.Count; i++)
            {
                PictureText.Write(canvas, texts[i], Margin, textTop + (i * lineHeight), SKTextAlign.Left, PictureText.Body, PictureText.Faint);
            }

            using SKPaint paint = new();
            for (int i = 0; i < legend.Count; i++)
            {
                (float left, float top) = (Margin + places[i].Left, legendTop + (places[i].Line * lineHeight));
                BranchMap.DrawCell(canvas, SKRect.Create(left, top + 2, Swatch, Swatch), legend[i].Cell, paint);
                PictureText.Write(canvas, legend[i].Name, left + Swatch + 6, top, SKTextAlign.Left, PictureText.Body, PictureText.Ink);
            }

            map.Draw(canvas, Margin, mapTop);
        });
    }

    private static (IReadOnlyList<(float Left, int Line)> Places, int Lines) Place(IReadOnlyList<(MapCell Cell, string Name)> legend, int width)
    {
        List<(float Left, int Line)> places = [];
        (float left, int line) = (0, 0);
        foreach ((_, string name) in legend)
        {
            float own = Swatch + 6 + MathF.Ceiling(PictureText.Body.MeasureText(name));
            if (left > 0 && left + own > width)
            {
                (left, line) = (0, line + 1);
            }

            places.Add((left, line));
            left += own + LegendGap;
        }

        return (places, line + 1);
    }
}
