using ScottPlot;
using SkiaSharp;

namespace L2c;

/// <summary>The font of every picture. It is part of the program: not every machine has fonts, and no two have the same.</summary>
internal sealed class PictureFont : IFontResolver
{
    private const string Name = "l2c";

    private static readonly SKTypeface _typeface = Load();

    private PictureFont()
    {
    }

    /// <summary>The font in a size.</summary>
    /// <param name="size">Pixels per em.</param>
    public static SKFont OfSize(float size) => new(_typeface, size) { Edging = SKFontEdging.Antialias };

    /// <summary>Sets the font of all that a plot writes, in sizes that go together.</summary>
    /// <param name="plot">A plot whose axes are all there.</param>
    public static void Apply(Plot plot)
    {
        Apply(plot.Axes.Title.Label, 14);
        foreach (IAxis axis in plot.Axes.GetAxes())
        {
            Apply(axis.Label, 13);
            Apply(axis.TickLabelStyle, 12);
        }

        (plot.Legend.FontName, plot.Legend.FontSize) = (Name, 12);
    }

    /// <summary>Sets the font of a label.</summary>
    /// <param name="label">The label.</param>
    /// <param name="size">Pixels per em.</param>
    public static void Apply(LabelStyle label, float size) => (label.Font, label.FontSize, label.Bold) = (_typeface, size, false);

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) =>
        fontName == Name ? _typeface : null;

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => fontName == Name ? _typeface : null;

    private static SKTypeface Load()
    {
        // A legend takes its font by name alone.
        Fonts.FontResolvers.Add(new PictureFont());
        using Stream file = typeof(PictureFont).Assembly.GetManifestResourceStream("DejaVuSans.ttf")!;
        using SKData data = SKData.Create(file);
        return SKTypeface.FromData(data);
    }
}
