using System.Globalization;
using System.Net;
using System.Text;
using L2c.Weights;

namespace L2c;

/// <summary>Boxes and lines of text on white: the same layout as PNG and as SVG. It is as large as what was put on it, and a margin.</summary>
internal sealed class PlotCanvas
{
    /// <summary>Margin, and room between parts, in pixels.</summary>
    public const int Gap = 8;

    /// <summary>Height of a line of text.</summary>
    public const int LineHeight = BitmapFont.GlyphHeight * Scale;

    /// <summary>Width of a character.</summary>
    public const int CharacterWidth = BitmapFont.Advance * Scale;

    private const int Scale = 2;
    private const byte Ink = 40;

    private readonly List<(int X, int Y, int Width, int Height, uint Colour)> _boxes = [];
    private readonly List<(int X, int Y, string Text)> _texts = [];
    private int _width;
    private int _height;

    /// <summary>Puts a box.</summary>
    /// <param name="x">Left edge.</param>
    /// <param name="y">Upper edge.</param>
    /// <param name="width">Pixels.</param>
    /// <param name="height">Pixels.</param>
    /// <param name="colour">0xRRGGBB.</param>
    public void Box(int x, int y, int width, int height, uint colour)
    {
        _boxes.Add((x, y, width, height, colour));
        Cover(x + width, y + height);
    }

    /// <summary>Puts a line of text, above all boxes.</summary>
    public void Write(int x, int y, string text)
    {
        _texts.Add((x, y, text));
        Cover(x + (text.Length * CharacterWidth), y + LineHeight);
    }

    /// <summary>The smallest of 1, 2, 5, 10, 20, ... cells that leaves a label its room.</summary>
    /// <param name="cell">Pixels per cell.</param>
    /// <param name="room">Pixels per label.</param>
    public static int LabelStep(int cell, int room)
    {
        for (int decade = 1; ; decade *= 10)
        {
            foreach (int step in (int[])[decade, 2 * decade, 5 * decade])
            {
                if (step * cell >= room)
                {
                    return step;
                }
            }
        }
    }

    /// <summary>Whether the name asks for SVG instead of PNG.</summary>
    public static bool IsSvg(string path) => Path.GetExtension(path).Equals(".svg", StringComparison.OrdinalIgnoreCase);

    /// <summary>Writes the picture in the format of the extension, with a text about it.</summary>
    /// <param name="path">Where the file shall appear.</param>
    /// <param name="description">ASCII; in a PNG where samples have their parameters.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    public void Save(string path, string description, bool overwrite) => AtomicFile.Write(path, overwrite, stream =>
    {
        if (IsSvg(path))
        {
            stream.Write(Encoding.UTF8.GetBytes(ToSvg(description)));
        }
        else
        {
            PngWriter.Write(stream, Draw(), SampleDescription.Key, description);
        }
    });

    private RgbImage Draw()
    {
        RgbImage image = new(_width, _height);
        image.Fill(byte.MaxValue);
        foreach ((int x, int y, int width, int height, uint colour) in _boxes)
        {
            for (int row = y; row < y + height; row++)
            {
                for (int column = x; column < x + width; column++)
                {
                    Span<byte> pixel = image[column, row];
                    (pixel[0], pixel[1], pixel[2]) = ((byte)(colour >> 16), (byte)(colour >> 8), (byte)colour);
                }
            }
        }

        foreach ((int x, int y, string text) in _texts)
        {
            image.Write(text, x, y, Scale, Ink);
        }

        return image;
    }

    private string ToSvg(string description)
    {
        StringBuilder svg = new();
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{_width}\" height=\"{_height}\" viewBox=\"0 0 {_width} {_height}\">\n");
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<desc>{WebUtility.HtmlEncode(description)}</desc>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
        foreach ((int x, int y, int width, int height, uint colour) in _boxes)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"#{colour:x6}\"/>\n");
        }

        foreach ((int x, int y, string text) in _texts)
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text x=\"{x}\" y=\"{y + LineHeight}\" font-family=\"monospace\" font-size=\"{LineHeight + Scale}\" fill=\"#282828\" ");
            svg.Append(CultureInfo.InvariantCulture, $"textLength=\"{text.Length * CharacterWidth}\">{WebUtility.HtmlEncode(text)}</text>\n");
        }

        return svg.Append("</svg>\n").ToString();
    }

    private void Cover(int right, int bottom) => (_width, _height) = (Math.Max(_width, right + Gap), Math.Max(_height, bottom + Gap));
}
