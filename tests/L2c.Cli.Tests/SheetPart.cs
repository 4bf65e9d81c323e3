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

    /// <summary>Whether a picture is on a sheet at some place, drawn with squares for pixels.</summary>
    public static bool Shows(PngDecoder sheet, PngDecoder picture, int factor, int left, int top) =>
        Enumerable.Range(0, picture.Width * picture.Height).All(i =>
        {
            int x = left + (i % picture.Width * factor), y = top + (i / picture.Width * factor);
            return sheet.Pixels.AsSpan(3 * ((y * sheet.Width) + x), 3).SequenceEqual(picture.Pixels.AsSpan(3 * i, 3));
        });
}
