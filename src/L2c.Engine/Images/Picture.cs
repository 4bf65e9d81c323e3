using System.Net;
using System.Text;
using L2c.Weights;
using ScottPlot;
using SkiaSharp;

namespace L2c;

/// <summary>A picture that is laid out: its size, what it says about itself, and how it is drawn. It can be had as PNG, as SVG, or as a file.</summary>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
/// <param name="Description">ASCII; in a PNG where samples have their parameters.</param>
/// <param name="Draw">Draws on a canvas of that size; the same every time.</param>
internal sealed record Picture(int Width, int Height, string Description, Action<SKCanvas> Draw)
{
    /// <summary>What the canvas is filled with before anything is drawn.</summary>
    public SKColor Background { get; init; } = SKColors.White;

    /// <summary>A picture of a plot.</summary>
    /// <param name="width">Pixels.</param>
    /// <param name="height">Pixels.</param>
    /// <param name="description">As <see cref="Description"/>.</param>
    /// <param name="lay">Makes the plot; called for every drawing.</param>
    public static Picture Of(int width, int height, string description, Func<Plot> lay) => new(width, height, description, canvas =>
    {
        using Plot plot = lay();

        // The canvas is white, and a cleared one would be a black rectangle in an SVG.
        plot.RenderManager.ClearCanvasBeforeEachRender = false;
        plot.Render(canvas, width, height);
    });

    /// <summary>Whether the name asks for SVG instead of PNG.</summary>
    public static bool IsSvg(string path) => Path.GetExtension(path).Equals(".svg", StringComparison.OrdinalIgnoreCase);

    /// <summary>Writes the picture in the format of the extension.</summary>
    /// <param name="path">Where the file shall appear; .svg for SVG, otherwise PNG.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    /// <exception cref="IOException">The file exists and may not be replaced, or cannot be written.</exception>
    public void Write(string path, bool overwrite) => AtomicFile.Write(path, overwrite, stream =>
    {
        if (IsSvg(path))
        {
            stream.Write(Encoding.UTF8.GetBytes(ToSvg()));
        }
        else
        {
            WritePng(stream);
        }
    });

    /// <summary>The picture as the bytes of a PNG file.</summary>
    public byte[] ToPng()
    {
        using MemoryStream stream = new();
        WritePng(stream);
        return stream.ToArray();
    }

    /// <summary>The picture as an SVG document that scales, with fonts to fall back on where ours is missing.</summary>
    public string ToSvg()
    {
        using MemoryStream stream = new();
        using (SKCanvas canvas = SKSvgCanvas.Create(SKRect.Create(Width, Height), stream))
        {
            canvas.Clear(Background);
            Draw(canvas);
        }

        StringBuilder svg = new(Encoding.UTF8.GetString(stream.ToArray()));
        svg.Replace("font-family=\"DejaVu Sans\"", "font-family=\"DejaVu Sans, Verdana, sans-serif\"");
        int tag = svg.ToString().IndexOf("<svg ", StringComparison.Ordinal), end = svg.ToString().IndexOf('>', tag);
        return svg.Insert(end + 1, $"\n\t<desc>{WebUtility.HtmlEncode(Description)}</desc>")
            .Insert(end, FormattableString.Invariant($" viewBox=\"0 0 {Width} {Height}\"")).ToString();
    }

    /// <summary>The picture's pixels, opaque. The caller disposes of them.</summary>
    public SKBitmap ToBitmap()
    {
        SKBitmap bitmap = new(new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using SKCanvas canvas = new(bitmap);
        canvas.Clear(Background);
        Draw(canvas);
        return bitmap;
    }

    private void WritePng(Stream stream)
    {
        using SKBitmap bitmap = ToBitmap();
        PngWriter.Write(stream, bitmap, SampleDescription.Key, Description);
    }
}
