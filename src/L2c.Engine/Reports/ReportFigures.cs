using System.Text;
using L2c.Weights;

namespace L2c;

/// <summary>Pictures for a page.</summary>
internal static class ReportFigures
{
    // Larger ones would make a page that no browser likes to open.
    private const long MaxBytes = 48 << 20;

    // Narrower pictures are shown enlarged by a whole factor.
    private const int SmallWidth = 192;

    /// <summary>A picture that is drawn now, as SVG, which paper and every screen show sharply.</summary>
    public static ReportFigure Drawn(Picture picture, string caption) =>
        new("image/svg+xml", Encoding.UTF8.GetBytes(picture.ToSvg()), caption) { Width = picture.Width };

    /// <summary>A PNG file, whole and checked.</summary>
    /// <param name="path">The file.</param>
    /// <param name="caption">One sentence.</param>
    /// <exception cref="MalformedFileException">It is no PNG, damaged, or too large for a page.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static ReportFigure File(string path, string caption)
    {
        using ByteSource source = ByteSource.OpenFile(path);
        PngFile png = PngFile.Read(source);
        int times = png.Width < SmallWidth ? (SmallWidth + png.Width - 1) / png.Width : 1;
        return new ReportFigure("image/png", source.ReadAll(MaxBytes), caption) { Width = Math.Min(times * png.Width, 1600), Crisp = times > 1 };
    }

    /// <summary>As <see cref="File"/>, of a file that is not what the report is about: where it cannot be shown the page says why.</summary>
    public static ReportPart? Beside(string path, string caption)
    {
        try
        {
            return System.IO.File.Exists(path) ? File(path, caption) : null;
        }
        catch (IOException e)
        {
            return new ReportWarning(e.Message);
        }
    }
}
