using System.Net;
using System.Text;
using L2c.Weights;
using ScottPlot;
using SkiaSharp;

namespace L2c;

/// <summary>Writes what is drawn on a canvas as PNG or SVG, with a text about it.</summary>
internal static class PictureFile
{
    /// <summary>Whether the name asks for SVG instead of PNG.</summary>
    public static bool IsSvg(string path) => Path.GetExtension(path).Equals(".svg", StringComparison.OrdinalIgnoreCase);

    /// <summary>Draws a picture and writes it in the format of the extension.</summary>
    /// <param name="path">Where the file shall appear; .svg for SVG, otherwise PNG.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    /// <param name="width">Pixels.</param>
    /// <param name="height">Pixels.</param>
    /// <param name="description">ASCII; in a PNG where samples have their parameters.</param>
    /// <param name="draw">Draws on a canvas of that size.</param>
    /// <param name="background">What the canvas is filled with; white unless said.</param>
    /// <exception cref="IOException">The file exists and may not be replaced, or cannot be written.</exception>
    public static void Write(
        string path, bool overwrite, int width, int height, string description, Action<SKCanvas> draw, SKColor? background = null) =>
        AtomicFile.Write(path, overwrite, stream =>
        {
            if (IsSvg(path))
            {
                stream.Write(Encoding.UTF8.GetBytes(Svg(width, height, description, draw)));
                return;
            }

            using SKBitmap bitmap = new(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
            using (SKCanvas canvas = new(bitmap))
            {
                canvas.Clear(background ?? SKColors.White);
                draw(canvas);
            }

            PngWriter.Write(stream, bitmap, SampleDescription.Key, description);
        });

    /// <summary>As the form for a canvas.</summary>
    /// <inheritdoc cref="Write(string, bool, int, int, string, Action{SKCanvas}, SKColor?)"/>
    public static void Write(string path, bool overwrite, int width, int height, string description, Plot plot) =>
        Write(path, overwrite, width, height, description, canvas =>
        {
            // The canvas is white, and a cleared one would be a black rectangle in an SVG.
            plot.RenderManager.ClearCanvasBeforeEachRender = false;
            plot.Render(canvas, width, height);
        });

    /// <summary>The picture as SVG that scales, with fonts to fall back on where ours is missing.</summary>
    private static string Svg(int width, int height, string description, Action<SKCanvas> draw)
    {
        using MemoryStream stream = new();
        using (SKCanvas canvas = SKSvgCanvas.Create(SKRect.Create(width, height), stream))
        {
            canvas.Clear(SKColors.White);
            draw(canvas);
        }

        StringBuilder svg = new(Encoding.UTF8.GetString(stream.ToArray()));
        svg.Replace("font-family=\"DejaVu Sans\"", "font-family=\"DejaVu Sans, Verdana, sans-serif\"");
        int tag = svg.ToString().IndexOf("<svg ", StringComparison.Ordinal), end = svg.ToString().IndexOf('>', tag);
        return svg.Insert(end + 1, $"\n\t<desc>{WebUtility.HtmlEncode(description)}</desc>")
            .Insert(end, FormattableString.Invariant($" viewBox=\"0 0 {width} {height}\"")).ToString();
    }
}
