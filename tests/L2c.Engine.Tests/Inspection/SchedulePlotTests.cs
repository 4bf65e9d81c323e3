using System.Xml.Linq;
using L2c.Model.Caching;
using L2c.Weights.Layouts;
using SkiaSharp;

namespace L2c.Engine.Tests;

public sealed class SchedulePlotTests
{
    [Theory]
    [InlineData("random:0.5:1", 50, 28, "DiT-XL/2 256")]
    [InlineData("random:0.5:1", 50, 29, "U-ViT-H/2 256")]
    [InlineData("random:0.5:1", 20, 8, null)]
    [InlineData("top:1", 2, 1, null)]
    [InlineData("random:0.5:1", 1000, 28, "DiT-XL/2 256")]
    [InlineData("random:0.5:1", 10, 500, null)]
    public void Every_cache_evaluation_has_its_number_and_what_it_saves(string rule, int evaluations, int blocks, string? model)
    {
        TransformerArchitecture? network = model is null ? null : PublishedModels.Find(model)
            ?? PublishedModels.All.First(a => a.Blocks == blocks);
        Assert.True(network is null || network.Blocks == blocks);
        CacheSchedule schedule = Schedule(rule, evaluations, blocks);
        Picture picture = SchedulePlot.Draw("a title", schedule, network, "{}");
        (string Text, SKRect Box)[] texts = SvgTexts.Of(picture.ToSvg());
        SvgTexts.RequireInside(picture);
        foreach (int cache in Enumerable.Range(0, evaluations).Where(e => schedule.Role(e) == EvaluationRole.Cache))
        {
            (string _, SKRect at) = texts.Single(text => text.Text == $"{cache}" && text.Box.Left < 70 && !IsBlockNumber(text.Box));
            Assert.Contains(texts, text => text.Text == $"{schedule.Skipped(cache)} of {2 * blocks}" && Math.Abs(text.Box.MidY - at.MidY) < 2);
        }

        Assert.Equal(network is not null, texts.Any(text => text.Text == "ideal"));
        (string, SKRect)[] overlapping = [.. texts.Where(a => texts.Any(b => a != b && Inner(a.Box).IntersectsWith(Inner(b.Box))))];
        Assert.Empty(overlapping);

        bool IsBlockNumber(SKRect box) => box.Top > texts.Where(text => text.Text == $"{blocks - 1}" || text.Text == "0").Max(text => text.Box.Top) - 2;

        // Rows are as high as their numbers' letters, less the room below and above them.
        static SKRect Inner(SKRect box) => SKRect.Inflate(box, -1, -2.5f);
    }

    [Fact]
    public void Cells_are_those_of_the_schedule_and_refresh_rows_are_thin()
    {
        CacheSchedule schedule = Schedule("random:0.4:3", 6, 4);
        XElement[] rectangles =
            [.. XDocument.Parse(SchedulePlot.Draw("t", schedule, null, "{}").ToSvg()).Descendants().Where(e => e.Name.LocalName == "rect")];
        int reused = Enumerable.Range(0, 6).Sum(schedule.Skipped);
        XElement[] thin = Filled("#C3CBD6", height: 3), dark = Filled("#1D4E89", height: 15), amber = Filled("#F5B941", height: 15);
        Assert.Equal((24, 24 - reused, reused), (thin.Length, dark.Length, amber.Length));

        // The legend's swatches are 13 pixels wide.
        XElement[] Filled(string colour, int height) => [.. rectangles.Where(e =>
            (string?)e.Attribute("fill") == colour && (string?)e.Attribute("height") == $"{height}" && (string?)e.Attribute("width") != "13")];
    }

    [Fact]
    public void Dropped_forecast_and_replaced_branches_can_be_told_without_colour()
    {
        MapCell[] kinds =
        [
            SchedulePlot.Cell(Schedule("all", 4, 1), 1, 0), SchedulePlot.Cell(Schedule("none", 4, 1), 1, 0),
            SchedulePlot.Cell(Schedule("drop:all", 4, 1), 1, 0), SchedulePlot.Cell(Schedule("taylor:3:1", 6, 1), 2, 0),
            SchedulePlot.Cell(Schedule("taylor-lite:3:1", 6, 1), 2, 0),
        ];
        Assert.Equal([CellMark.None, CellMark.None, CellMark.Cross, CellMark.Stroke, CellMark.Dash], kinds.Select(kind => kind.Mark));

        // Computed and reused have no mark: they differ in lightness, by more than a third of its range.
        Assert.True(Lightness(kinds[0]) - Lightness(kinds[1]) > 85);

        static double Lightness(MapCell cell) => (0.2126 * cell.Fill.Red) + (0.7152 * cell.Fill.Green) + (0.0722 * cell.Fill.Blue);
    }

    [Fact]
    public void What_becomes_of_the_branches_of_a_replaced_segment_is_said_in_words()
    {
        CacheSchedule schedule = Schedule("delta-dit:2:2:4", 8, 8);
        (string Text, SKRect Box)[] texts = SvgTexts.Of(SchedulePlot.Draw("t", schedule, null, "{}").ToSvg());
        Assert.Contains(texts, text => text.Text == "in a replaced segment");
        Assert.Contains(texts, text => text.Text.Contains("16 of their 64 branches (25.0 %) are in", StringComparison.Ordinal));
    }

    [Fact]
    public void A_schedule_that_reuses_nothing_is_drawn_too()
    {
        Picture picture = SchedulePlot.Draw("t", CacheSchedule.Full(10, 8), null, "{}");
        (string Text, SKRect Box)[] texts = SvgTexts.Of(picture.ToSvg());
        Assert.Contains(texts, text => text.Text == "9");
        Assert.Contains(texts, text => text.Text.Contains("none of them may reuse anything", StringComparison.Ordinal));
    }

    [Fact]
    public void A_long_title_is_broken_and_stays_inside()
    {
        string title = string.Join(' ', Enumerable.Repeat("a-router-of-a-very-long-name.safetensors", 6)) + new string('w', 300);
        SvgTexts.RequireInside(SchedulePlot.Draw(title, Schedule("all", 4, 1), null, "{}"));
    }

    private static CacheSchedule Schedule(string rule, int evaluations, int blocks) => ScheduleRule.Parse(
        rule, [.. Enumerable.Range(0, evaluations).Select(e => e % 2 == 1 ? EvaluationRole.Cache : EvaluationRole.Refresh)], 2 * blocks);
}
