using System.Globalization;
using System.Xml.Linq;
using SkiaSharp;

namespace L2c.Engine.Tests;

/// <summary>What an SVG of ours writes, and where.</summary>
internal static class SvgTexts
{
    /// <summary>Every text with the room that it takes, by the metrics of the font; without those that are turned.</summary>
    public static (string Text, SKRect Box)[] Of(string svg) => [.. XDocument.Parse(svg).Descendants()
        .Where(e => e.Name.LocalName == "text" && ((string?)e.Attribute("transform"))?.StartsWith("matrix", StringComparison.Ordinal) != true)
        .Select(e =>
        {
            SKFont font = PictureFont.OfSize(Number((string)e.Attribute("font-size")!));
            (float x, float y) = Shift(e);
            float left = x + Number((string)e.Attribute("x")!), top = y + Number((string)e.Attribute("y")!) + font.Metrics.Ascent;
            string text = e.Value.Trim();
            return (text, SKRect.Create(left, top, font.MeasureText(text), font.Metrics.Descent - font.Metrics.Ascent));
        })];

    /// <summary>Every rectangle of a size: its upper left corner and its colour.</summary>
    public static (int X, int Y, string Fill)[] Cells(string svg, int width, int height) => [.. XDocument.Parse(svg).Descendants()
        .Where(e => e.Name.LocalName == "rect" && (string?)e.Attribute("width") == $"{width}" && (string?)e.Attribute("height") == $"{height}")
        .Select(e => ((int)e.Attribute("x")! + (int)Shift(e).X, (int)e.Attribute("y")! + (int)Shift(e).Y, (string)e.Attribute("fill")!))];

    /// <summary>Fails if a text leaves the picture.</summary>
    public static void RequireInside(Picture picture)
    {
        SKRect room = new(-1, -1, picture.Width + 1, picture.Height + 1);
        Assert.All(Of(picture.ToSvg()), text => Assert.True(room.Contains(text.Box), $"{text.Text}: {text.Box} in {room}"));
    }

    private static (float X, float Y) Shift(XElement e)
    {
        string? transform = (string?)e.Attribute("transform");
        if (transform is null)
        {
            return (0, 0);
        }

        string[] parts = transform["translate(".Length..^1].Split(' ', ',');
        return (Number(parts[0]), parts.Length > 1 ? Number(parts[1]) : 0);
    }

    private static float Number(string list) => float.Parse(list.Split(',')[0], CultureInfo.InvariantCulture);
}
