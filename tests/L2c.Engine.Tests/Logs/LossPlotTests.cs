using System.Globalization;
using L2c.Testing;
using ScottPlot;

namespace L2c.Engine.Tests;

public sealed class LossPlotTests : IDisposable
{
    private const string Red = "d62728";

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void The_line_of_means_falls_with_the_loss()
    {
        string rows = string.Concat(Enumerable.Range(1, 1000).Select(i => $"{10 * i},{(i <= 500 ? 1 : 0.1)},7\n"));
        PngDecoder png = Draw("step,loss,mse\n" + rows);
        (int X, int Y)[] red = [.. Pixels(png, Red)];
        int left = red.Min(p => p.X), right = red.Max(p => p.X);
        Assert.InRange(right - left, 0.85 * png.Width, png.Width); // nearly all of the picture, in both directions
        Assert.InRange(red.Max(p => p.Y) - red.Min(p => p.Y), 0.75 * png.Height, png.Height);
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
        Assert.Equal(first, Bytes("step,loss,mse\n1,0.5,0.1\n2,0.25,0.1\n4,0.125,0.1\n"));
        Assert.NotEqual(first, Bytes("step,loss,mse\n1,0.5,0.4\n2,0.25,0.2\n4,0.0125,0.1\n"));
    }

    [Fact]
    public void A_log_without_a_loss_replaces_an_older_picture()
    {
        byte[] drawn = Bytes("step,loss\n1,1\n");
        byte[] empty = Bytes("step,loss\n1,NaN\n2,0\n3,-1\n");
        Assert.NotEqual(drawn, empty);
        Assert.Empty(Pixels(PngDecoder.Decode(empty), Red));
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
            .Where(i => png.Pixels.AsSpan(3 * i, 3).SequenceEqual(wanted)).Select(i => (i % png.Width, i / png.Width));
    }

    private PngDecoder Draw(string log) => PngDecoder.Decode(Bytes(log));

    private byte[] Bytes(string log)
    {
        File.WriteAllText(_folder.File("log.csv"), log);
        LossPlot.Draw(_folder.File("log.csv")).Write(_folder.File("loss.png"), overwrite: true);
        return File.ReadAllBytes(_folder.File("loss.png"));
    }
}
