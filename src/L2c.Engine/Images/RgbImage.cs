namespace L2c;

/// <summary>A picture of 8-bit RGB pixels, row by row from the top, and what a grid needs to draw on it.</summary>
public sealed class RgbImage
{
    /// <summary>Creates a black picture.</summary>
    /// <param name="width">Pixels per row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    public RgbImage(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        (Width, Height, Pixels) = (width, height, new byte[checked(3 * width * height)]);
    }

    /// <summary>Pixels per row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>[height, width, 3] bytes: red, green, blue.</summary>
    public byte[] Pixels { get; }

    /// <summary>The three bytes of a pixel.</summary>
    public Span<byte> this[int x, int y] => Pixels.AsSpan(3 * ((y * Width) + x), 3);

    /// <summary>Sets every pixel to one grey.</summary>
    public void Fill(byte grey) => Pixels.AsSpan().Fill(grey);

    /// <summary>Draws a picture, each of its pixels as a square.</summary>
    /// <param name="source">The picture.</param>
    /// <param name="left">Column of its left edge here.</param>
    /// <param name="top">Row of its upper edge here.</param>
    /// <param name="factor">Side of the squares.</param>
    public void Draw(RgbImage source, int left, int top, int factor)
    {
        for (int y = 0; y < source.Height * factor; y++)
        {
            for (int x = 0; x < source.Width * factor; x++)
            {
                source[x / factor, y / factor].CopyTo(this[left + x, top + y]);
            }
        }
    }

    /// <summary>Writes one line of text.</summary>
    /// <param name="text">The text; it must fit.</param>
    /// <param name="left">Column of its left edge.</param>
    /// <param name="top">Row of its upper edge.</param>
    /// <param name="scale">Side of the squares that a glyph is made of.</param>
    /// <param name="grey">Its colour.</param>
    public void Write(string text, int left, int top, int scale, byte grey)
    {
        for (int y = 0; y < BitmapFont.GlyphHeight * scale; y++)
        {
            for (int x = 0; x < BitmapFont.Width(text.Length, scale); x++)
            {
                (int glyph, int column) = Math.DivRem(x / scale, BitmapFont.Advance);
                if (column < BitmapFont.GlyphWidth && BitmapFont.HasInk(text[glyph], column, y / scale))
                {
                    this[left + x, top + y].Fill(grey);
                }
            }
        }
    }
}
