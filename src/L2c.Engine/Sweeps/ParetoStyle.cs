using ScottPlot;

namespace L2c;

/// <summary>How the rows of a rule are marked and named in a plot.</summary>
internal static class ParetoStyle
{
    /// <summary>Pixels of a marker.</summary>
    public const float MarkerSize = 9;

    // Of the same lightness where possible, and told apart by shapes too.
    private static readonly Dictionary<string, (string Colour, MarkerShape Shape)> _styles = new(StringComparer.Ordinal)
    {
        ["none"] = ("#202020", MarkerShape.FilledDiamond),
        ["learned"] = ("#d62728", MarkerShape.FilledCircle),
        ["steps"] = ("#1f77b4", MarkerShape.FilledSquare),
        ["interval"] = ("#2ca02c", MarkerShape.FilledTriangleUp),
        ["random"] = ("#9467bd", MarkerShape.OpenCircle),
        ["top"] = ("#8c564b", MarkerShape.OpenTriangleUp),
        ["bottom"] = ("#d1499f", MarkerShape.OpenTriangleDown),
        ["deepcache"] = ("#11808f", MarkerShape.OpenSquare),
        ["drop"] = ("#8f7412", MarkerShape.Cross),
    };

    /// <summary>Colour and shape of a rule's markers.</summary>
    public static (Color Colour, MarkerShape Shape) Of(string rule)
    {
        (string colour, MarkerShape shape) = _styles.GetValueOrDefault(rule, ("#6f6f6f", MarkerShape.Eks));
        return (Color.FromHex(colour), shape);
    }

    /// <summary>A rule's marker.</summary>
    public static MarkerStyle Marker(string rule)
    {
        (Color colour, MarkerShape shape) = Of(rule);
        return new MarkerStyle(shape, MarkerSize, colour) { LineColor = colour, LineWidth = 2 };
    }

    /// <summary>What a rule is called.</summary>
    public static string Name(string rule) => rule == "none" ? "no caching" : rule;
}
