using System.Xml.Linq;
using L2c.Testing;
using SkiaSharp;

namespace L2c.Engine.Tests;

public sealed class ParetoPlotTests
{
    private static readonly string _table = Path.Combine(RepositoryPaths.Root ?? "", "bench", "results", "sweep-demo.csv");

    public static TheoryData<int, int> Parts => new() { { 0, 25 }, { 0, 1 }, { 1, 7 }, { 20, 3 }, { 7, 1 } };

    [Theory]
    [MemberData(nameof(Parts))]
    public void Labels_lie_neither_on_each_other_nor_outside_of_the_plot(int first, int count)
    {
        SweepRecord[] records = Records()[first..(first + count)];
        Picture picture = ParetoPlot.Draw(records, "a title");
        SKRect[] boxes = [.. ParetoPlot.Labels(records).Select(label => label.Box)];
        Assert.NotEmpty(boxes);
        Assert.DoesNotContain(Enumerable.Range(0, boxes.Length), i => boxes.Skip(i + 1).Any(boxes[i].IntersectsWith));
        Assert.All(boxes, box => Assert.InRange(box.Right, 0, picture.Width - 20));
        Assert.All(ParetoPlot.Labels(records), label => Assert.InRange(PictureText.Small.MeasureText(label.Text), 0, label.Box.Width + 0.01f));
        Assert.True(picture.ToPng().Length > 5_000);
    }

    [Fact]
    public void Rows_far_off_have_their_distance_and_leave_the_others_their_room()
    {
        SweepRecord[] records = Records();
        IReadOnlyList<ParetoLabel> labels = ParetoPlot.Labels(records);
        Assert.Equal(["38.95", "51.7", "51.91"], labels.Where(label => label.Rule == "drop").Select(label => label.Text).Order(StringComparer.Ordinal));
        ParetoLabel[] near = [.. labels.Where(label => label.Rule != "drop")];
        Assert.True(labels.Except(near).Max(label => label.Box.Bottom) < near.Min(label => label.Box.Top));
    }

    [Fact]
    public void No_half_of_the_plot_is_empty()
    {
        SweepRecord[] records = [.. Records().Where(record => record.Rule != "drop")];
        using SKBitmap drawn = ParetoPlot.Draw(records, "t").ToBitmap();
        SKRectI plot = new(90, 130, drawn.Width - 30, drawn.Height - 60);
        (int X, int Y)[] marked = [.. Enumerable.Range(0, plot.Width * plot.Height)
            .Select(i => (X: plot.Left + (i % plot.Width), Y: plot.Top + (i / plot.Width))).Where(at => IsColourful(drawn.GetPixel(at.X, at.Y)))];
        Assert.InRange((double)(marked.Max(at => at.X) - marked.Min(at => at.X)) / plot.Width, 0.75, 1);
        Assert.InRange((double)(marked.Max(at => at.Y) - marked.Min(at => at.Y)) / plot.Height, 0.75, 1);

        static bool IsColourful(SKColor c) => Math.Max(c.Red, Math.Max(c.Green, c.Blue)) - Math.Min(c.Red, Math.Min(c.Green, c.Blue)) > 60;
    }

    [Fact]
    public void Distances_of_0_and_rows_that_are_alike_are_drawn_too()
    {
        SweepRecord zero = Records()[0] with { Frechet = 0, FrechetLow = 0, FrechetHigh = 0 };
        Assert.NotEmpty(ParetoPlot.Draw([zero, zero], "t").ToPng());
        Assert.NotEmpty(XDocument.Parse(ParetoPlot.Draw([.. Enumerable.Repeat(Records()[3], 40)], "t").ToSvg()).Descendants());
    }

    private static SweepRecord[] Records()
    {
        Assert.SkipUnless(File.Exists(_table), $"{_table} is not there");

        // The table was recorded before the time's interval had columns: both ends are then the time itself.
        return [.. File.ReadLines(_table).Skip(1).Select(line => line.Split(','))
            .Select(fields => SweepRecord.Parse(string.Join(',', [.. fields[..7], fields[6], .. fields[6..]]))!)];
    }
}
