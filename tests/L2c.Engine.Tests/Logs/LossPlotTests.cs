using System.Globalization;
using L2c.Testing;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace L2c.Engine.Tests;

public sealed class LossPlotTests : IDisposable
{
    private const string Red = "d62728";

    // Title, remarks and legend, whose swatches have the lines' colours.
    private const int HeadHeight = 90;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void The_line_of_means_falls_with_the_loss()
    {
        string rows = string.Concat(Enumerable.Range(1, 1000).Select(i => $"{10 * i},{(i <= 500 ? 1 : 0.1)},7\n"));
        PngDecoder png = Draw("step,loss,mse\n" + rows);
        (int X, int Y)[] red = [.. Pixels(png, Red)];
        int left = red.Min(p => p.X), right = red.Max(p => p.X);
        Assert.InRange(right - left, 0.75 * png.Width, png.Width); // nearly all of the picture, in both directions
        Assert.InRange(red.Max(p => p.Y) - red.Min(p => p.Y), 0.6 * png.Height, png.Height);
        Assert.True(red.Where(p => p.X < left + 100).Max(p => p.Y) < red.Where(p => p.X > right - 100).Min(p => p.Y));
    }

    [Theory]
    [InlineData(0.011, 0.0155)]
    [InlineData(0.012, 0.013)]
    [InlineData(1, 1)]
    [InlineData(1e-7, 30)]
    [InlineData(0.01, 1e30)]
    public void The_axis_has_ticks_at_round_values_whatever_the_range(double first, double last)
    {
        double least = Math.Log10(first) - 0.05, greatest = Math.Log10(last) + 0.05;
        var ticks = PlotTicks.Logarithmic(least, greatest);
        ticks.Regenerate(new CoordinateRange(least, greatest), Edge.Left, 100, null!, null!);
        Assert.InRange(ticks.Ticks.Length, 2, 13);
        Assert.All(ticks.Ticks, tick => Assert.Equal(1, double.Parse(tick.Label, CultureInfo.InvariantCulture) / Math.Pow(10, tick.Position), 1e-6));
    }

    [Fact]
    public void A_loss_that_dwarfs_all_others_is_drawn_too()
    {
        string rows = string.Concat(Enumerable.Range(2, 300).Select(i => $"{i},0.01\n"));
        Assert.NotEmpty(Pixels(Draw("step,loss\n1,1e30\n" + rows), Red));
    }

    [Fact]
    public void The_same_losses_are_the_same_bytes_and_others_are_not()
    {
        byte[] first = Bytes("step,loss,mse\n1,0.5,0.4\n2,0.25,0.2\n3,NaN,NaN\n4,0.125,0.1\n");
        Assert.Equal(first, Bytes("step,loss,mse\n1,0.5,0.1\n2,0.25,0.1\n3,Infinity,1\n4,0.125,0.1\n"));
        Assert.NotEqual(first, Bytes("step,loss,mse\n1,0.5,0.4\n2,0.25,0.2\n3,NaN,NaN\n4,0.0125,0.1\n"));
        Assert.NotEqual(first, Bytes("step,loss,mse\n1,0.5,0.4\n2,0.25,0.2\n4,0.125,0.1\n"));
    }

    [Fact]
    public void A_log_without_a_loss_replaces_an_older_picture()
    {
        byte[] drawn = Bytes("step,loss\n1,1\n");
        byte[] empty = Bytes("step,loss\n1,NaN\n2,Infinity\n3,-Infinity\n");
        Assert.NotEqual(drawn, empty);
        Assert.Empty(Pixels(PngDecoder.Decode(empty), Red));
    }

    [Theory]
    [InlineData("")]
    [InlineData("7,0.5")]
    [InlineData("7,NaN")]
    [InlineData("7,0")]
    [InlineData("7,-3e-20")]
    [InlineData("1,0.25 2,0.25 3,0.25")]
    [InlineData("1,0 2,0 3,0")]
    [InlineData("1,NaN 2,1 3,NaN 4,2 5,NaN")]
    [InlineData("1,1e-38 2,3e38")]
    [InlineData("1,-3e38 2,3e38 3,1")]
    [InlineData("1,0.012345678 2,0.012345679")]
    [InlineData("1,5 2,-5 3,0.001 4,Infinity")]
    [InlineData("4294967296,5 9000000000000,2")]
    [InlineData("1,1e17 2,1.0000000000000002e17")] // the next double
    public void Any_log_is_drawn_and_no_text_leaves_the_picture(string rows)
    {
        Picture picture = Log("step,loss\n" + string.Concat(rows.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(row => row + "\n")));
        Assert.NotEmpty(picture.ToPng());
        SvgTexts.RequireInside(picture);
    }

    [Fact]
    public void The_loss_of_a_router_has_the_share_that_it_reuses_below_it()
    {
        Picture plain = Log("step,loss\n1,1\n2,0.5\n"), router = Log("step,loss,data_loss,reuse\n1,1,1,0\n2,0.5,1,0.25\n");
        Assert.True(router.Height > plain.Height);
        Assert.Contains("branches reused", router.ToSvg(), StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_that_are_not_finite_leave_a_gap_and_are_told_of()
    {
        string rows = string.Concat(Enumerable.Range(1, 100).Select(i => $"{i},{(i is > 40 and < 60 ? "NaN" : "0.5")}\n"));
        PngDecoder png = Draw("step,loss\n" + rows);
        int[] red = [.. Pixels(png, Red).Select(at => at.X).Distinct().Order()];
        Assert.Contains(Enumerable.Range(1, red.Length - 1), i => red[i] - red[i - 1] > png.Width / 8);
        Assert.NotEmpty(Pixels(png, "f9d9d9"));
        Assert.Contains(SvgTexts.Of(Log("step,loss\n" + rows).ToSvg()), text => text.Text == "19 of 100 rows are not finite.");
    }

    [Fact]
    public void A_spike_is_a_mark_on_the_edge_and_does_not_flatten_the_rest()
    {
        string rows = string.Concat(Enumerable.Range(2, 300).Select(i => $"{i},{(i < 150 ? 0.4 : 0.2)}\n"));
        Picture picture = Log("step,loss\n1,1e30\n" + rows);
        Assert.Contains(SvgTexts.Of(picture.ToSvg()), text => text.Text.StartsWith("1 of 301 rows lie off the axis", StringComparison.Ordinal)
            && text.Text.EndsWith("1e+30 at step 1.", StringComparison.Ordinal));
        (int X, int Y)[] red = [.. Pixels(PngDecoder.Decode(picture.ToPng()), Red)];
        Assert.True(red.Max(at => at.Y) - red.Min(at => at.Y) > 150);
    }

    [Theory]
    [InlineData(new double[] { 1, 1.2, 2 }, nameof(LossScale.Linear))]
    [InlineData(new[] { 1, 10, 100.0 }, nameof(LossScale.Logarithmic))]
    [InlineData(new[] { 1, -0.5, 100 }, nameof(LossScale.Symmetric))]
    [InlineData(new[] { 0, 1.0 }, nameof(LossScale.Symmetric))]
    public void The_scale_follows_the_losses_and_keeps_their_order(double[] losses, string scale)
    {
        LossAxis axis = new(losses);
        Assert.Equal(scale, axis.Scale.ToString());
        double[] at = [.. losses.Order().Select(loss => axis.Map(axis.Held(loss)))];
        Assert.Equal(at.Order(), at);
        Assert.All(at, y => Assert.InRange(y, axis.Low, axis.High));
        var ticks = (NumericManual)axis.Ticks();
        ticks.Regenerate(new CoordinateRange(axis.Low, axis.High), Edge.Left, 100, null!, null!);
        Assert.InRange(ticks.Ticks.Length, 2, 13);
        Assert.Equal(ticks.Ticks.Length, ticks.Ticks.Select(tick => tick.Label).Distinct().Count());
    }

    [Fact]
    public void Means_are_over_a_fiftieth_of_the_rows_to_each_side()
    {
        Assert.Equal([1.5, 2, 3, 3.5], LossPlot.Smooth([1, 2, 3, 4]));
        double[] many = new double[100];
        many[50] = 5;
        Assert.Equal([0, 1, 1, 1, 1, 1, 0], LossPlot.Smooth(many)[47..54]);
    }

    public void Dispose() => _folder.Dispose();

    private static IEnumerable<(int X, int Y)> Pixels(PngDecoder png, string colour)
    {
        byte[] wanted = Convert.FromHexString(colour);
        return Enumerable.Range(0, png.Width * png.Height)
            .Where(i => i / png.Width > HeadHeight && png.Pixels.AsSpan(3 * i, 3).SequenceEqual(wanted)).Select(i => (i % png.Width, i / png.Width));
    }

    private Picture Log(string log)
    {
        File.WriteAllText(_folder.File("log.csv"), log);
        return LossPlot.Draw(LogTable.Read(_folder.File("log.csv")));
    }

    private PngDecoder Draw(string log) => PngDecoder.Decode(Bytes(log));

    private byte[] Bytes(string log)
    {
        File.WriteAllText(_folder.File("log.csv"), log);
        LossPlot.Draw(LogTable.Read(_folder.File("log.csv"))).Write(_folder.File("loss.png"), overwrite: true);
        return File.ReadAllBytes(_folder.File("loss.png"));
    }
}
