using SkiaSharp;

namespace L2c;

/// <summary>Lines of text on pictures: measured, so that nothing is cut off and nothing lies on something else.</summary>
internal static class PictureText
{
    /// <summary>Of titles.</summary>
    public static SKFont Title { get; } = PictureFont.OfSize(18);

    /// <summary>Of running text and labels.</summary>
    public static SKFont Body { get; } = PictureFont.OfSize(13);

    /// <summary>Of numbers at axes.</summary>
    public static SKFont Small { get; } = PictureFont.OfSize(11);

    /// <summary>Of text on white.</summary>
    public static SKColor Ink { get; } = new(0x20, 0x26, 0x2E);

    /// <summary>Of what matters less, on white.</summary>
    public static SKColor Faint { get; } = new(0x5C, 0x66, 0x72);

    /// <summary>Height of a line.</summary>
    public static int Height(SKFont font) => (int)MathF.Ceiling(font.Metrics.Descent - font.Metrics.Ascent);

    /// <summary>Writes a line.</summary>
    /// <param name="canvas">Where to.</param>
    /// <param name="text">The line.</param>
    /// <param name="x">What it is aligned to.</param>
    /// <param name="top">Upper edge of the line.</param>
    /// <param name="align">Which end of the text is at <paramref name="x"/>.</param>
    /// <param name="font">Its font.</param>
    /// <param name="colour">Its colour.</param>
    public static void Write(SKCanvas canvas, string text, float x, float top, SKTextAlign align, SKFont font, SKColor colour)
    {
        using SKPaint ink = new() { Color = colour, IsAntialias = true };
        canvas.DrawText(text, x, MathF.Round(top - font.Metrics.Ascent), align, font, ink);
    }

    /// <summary>The text, or as much of it as has room with an ellipsis behind it; at least a character.</summary>
    public static string Shorten(string text, SKFont font, float room)
    {
        if (font.MeasureText(text) <= room)
        {
            return text;
        }

        int fit = Math.Max(font.BreakText(text, room - font.MeasureText("…")), 1);
        return $"{text[..(char.IsHighSurrogate(text[fit - 1]) && fit < text.Length ? fit + 1 : fit)].TrimEnd()}…";
    }

    /// <summary>The text in lines that have room, broken between words; a word that has none is shortened.</summary>
    public static IReadOnlyList<string> Wrap(string text, SKFont font, float room)
    {
        List<string> lines = [];
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (lines.Count > 0 && font.MeasureText($"{lines[^1]} {word}") <= room)
            {
                lines[^1] += $" {word}";
            }
            else
            {
                lines.Add(Shorten(word, font, room));
            }
        }

        return lines;
    }
}
