using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary>Parts of the sheets that <c>sample</c> draws.</summary>
internal static class SheetPart
{
    // A row of the tiny models' pictures: 256 pixels, their label, and the margin, less what a caption could reach.
    private const int LowestRows = 280;

    /// <summary>Pixels of the pictures of one row of tiles, without the caption above, which says how they were made.</summary>
    public static byte[] Pictures(string path)
    {
        PngDecoder sheet = PngDecoder.Decode(File.ReadAllBytes(path));
        return sheet.Pixels[^(3 * LowestRows * sheet.Width)..];
    }

    /// <summary>Where a picture is on a sheet, drawn with squares for pixels: upper left corners.</summary>
    public static IReadOnlyList<(int X, int Y)> Find(PngDecoder sheet, PngDecoder picture, int factor)
    {
        byte[] firstRow = [.. Enumerable.Range(0, picture.Width * factor).SelectMany(x => picture.Pixels.AsSpan(3 * (x / factor), 3).ToArray())];
        List<(int, int)> found = [];
        for (int y = 0; y < sheet.Height; y++)
        {
            ReadOnlySpan<byte> row = sheet.Pixels.AsSpan(3 * y * sheet.Width, 3 * sheet.Width), above =
                y == 0 ? default : sheet.Pixels.AsSpan(3 * (y - 1) * sheet.Width, 3 * sheet.Width);
            int at = row.IndexOf(firstRow);
            if (at >= 0 && at % 3 == 0 && (y == 0 || !above.Slice(at, firstRow.Length).SequenceEqual(firstRow)))
            {
                found.Add((at / 3, y));
            }
        }

        return found;
    }
}
