using ScottPlot;

namespace L2c;

/// <summary>What all plots have in common: fonts, a frame of two sides, a faint grid.</summary>
internal static class PlotFrame
{
    private static readonly Color _axis = Color.FromHex("#8A939E"), _ink = Color.FromHex("#20262E"), _faint = Color.FromHex("#5C6672");

    /// <summary>Applies it to a plot whose axes and legend are all there.</summary>
    /// <param name="plot">The plot.</param>
    /// <param name="title">Above it; nothing for none.</param>
    /// <param name="across">Title of the horizontal axis.</param>
    /// <param name="up">Title of the vertical one.</param>
    public static void Apply(Plot plot, string title, string across, string up)
    {
        if (title.Length > 0)
        {
            plot.Title(title);
        }

        plot.XLabel(across);
        plot.YLabel(up);
        plot.HideLegend();
        plot.Axes.Right.IsVisible = plot.Axes.Top.IsVisible = false;
        plot.Grid.MajorLineColor = Color.FromHex("#E7EAEE");
        plot.Axes.Bottom.TickGenerator = PlotTicks.Linear();
        foreach (IAxis axis in plot.Axes.GetAxes())
        {
            axis.FrameLineStyle.Color = axis.MajorTickStyle.Color = axis.MinorTickStyle.Color = _axis;
            (axis.Label.ForeColor, axis.TickLabelStyle.ForeColor) = (_ink, _faint);
            axis.MinorTickStyle.Length = 0;
        }

        plot.Axes.Title.Label.ForeColor = _ink;
        PictureFont.Apply(plot);
    }
}
