using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using L2c.Cli.Output;
using L2c.Cli.Printing;
using L2c.Testing;
using L2c.Weights;
using L2c.Weights.Safetensors;
using Spectre.Console;

namespace L2c.Cli.Tests;

public sealed partial class InspectScheduleTests
{
    [Fact]
    public void A_summary_has_a_line_per_block()
    {
        string router = Router("r.st", 4, 4, b => b is 0 or 3 ? -9 : 9), net = TinyModel.Write(_cli.PathOf("net.st"), TinyModel.Pixels);
        JsonElement json = _cli.Run("inspect", router, "--ckpt", net, "--summary", "--json").Json;
        JsonElement[] blocks = [.. json.GetProperty("blocks").EnumerateArray()];
        Assert.Equal([(0, 2, 0), (1, 0, 2)], blocks.Select(b => (Number(b, "block"), Number(b, "attentionReused"), Number(b, "mlpReused"))));
        Assert.Equal(
            json.GetProperty("macsBefore").GetInt64() - json.GetProperty("macsAfter").GetInt64(),
            blocks.Sum(b => b.GetProperty("macsSaved").GetInt64()));
        string text = _cli.Run("inspect", router, "--summary").Out;
        Assert.Contains("not computed, of 2 cache evaluations:", text, StringComparison.Ordinal);
        Assert.Matches(@"\n +1 +0 +2\n", text);
        Assert.False(_cli.Run("inspect", router, "--json").Json.TryGetProperty("blocks", out _));

        foreach ((string name, L2c.Weights.Layouts.Architecture network, int count) in ((string, L2c.Weights.Layouts.Architecture, int)[])
            [("dit.st", TinyModel.Latents, 2), ("skips.st", TinyModel.LongSkips, 3)])
        {
            JsonElement model = _cli.Run("inspect", TinyModel.Write(_cli.PathOf(name), network), "--summary", "--json").Json.GetProperty("model");
            JsonElement summary = model.GetProperty("summary");
            JsonElement[] of = [.. summary.GetProperty("blocks").EnumerateArray()];
            Assert.Equal(Enumerable.Range(0, count), of.Select(b => b.GetProperty("block").GetInt32()));
            Assert.Equal(
                model.GetProperty("parameters").GetInt64(),
                of.Sum(b => b.GetProperty("parameters").GetInt64()) + summary.GetProperty("outsideParameters").GetInt64());
            long ofBlocks = of.Sum(b => b.GetProperty("attentionMacs").GetInt64() + b.GetProperty("mlpMacs").GetInt64());
            Assert.Equal(model.GetProperty("macsPerEvaluation").GetInt64(), ofBlocks + summary.GetProperty("outsideMacs").GetInt64());
        }

        Assert.Contains("mid_block.", _cli.Run("inspect", _cli.PathOf("skips.st"), "--summary").Out, StringComparison.Ordinal);
        _cli.Run("inspect", TinyModel.Write(_cli.PathOf("vae.st"), TinyModel.Autoencoder), "--summary").MustFail(2, "--summary");
        _cli.Run("inspect", router, router, "--diff", "--summary").MustFail(2, "--summary");
        SafetensorsData.Write(_cli.PathOf("x.st"), [("x", new long[] { 1 }, new float[1])], null, overwrite: false);
        _cli.Run("inspect", _cli.PathOf("x.st"), "--summary").MustFail(2, "--summary does not apply");

        static int Number(JsonElement block, string key) => block.GetProperty(key).GetInt32();
    }

    [Theory]
    [InlineData("png")]
    [InlineData("svg")]
    public void Thresholds_and_differences_are_drawn_and_what_was_written_is_told(string extension)
    {
        string router = Router("r.st", 2, 4, b => b - 1.5f), schedule = Schedule("s.json", ("refresh", "1111"), ("cache", "0110"));
        foreach (string[] call in (string[][])[[router, "--sweep"], [router, schedule, "--diff"], [router]])
        {
            string plot = _cli.PathOf($"plot.{extension}");
            File.Delete(plot);
            CliResult result = _cli.Run(["inspect", .. call, "--plot", plot]);
            Assert.True(result.Code == 0, result.Err);
            Assert.Equal(plot, result.Out.TrimEnd('\n').Split('\n')[^1]);
            byte[] bytes = File.ReadAllBytes(plot);
            Assert.True(
                extension == "png" ? PngDecoder.Decode(bytes).Width > 100 : Encoding.UTF8.GetString(bytes).Contains("<svg ", StringComparison.Ordinal));
            _cli.Run(["inspect", .. call, "--plot", plot]).MustFail(1, "--force");
            Assert.Equal(plot, _cli.Run(["inspect", .. call, "--plot", plot, "--force", "--json"]).Json.GetProperty("plot").GetString());
            _cli.Run(["inspect", .. call, "--plot", _cli.PathOf("a.gif")]).MustFail(2, "PNG or SVG");
            _cli.Run(["inspect", .. call, "--plot", router, "--force"]).MustFail(2, "PNG or SVG");
        }

        Assert.False(_cli.Run("inspect", router, "--json").Json.TryGetProperty("plot", out _));
    }

    [Fact]
    public void A_difference_has_a_cell_per_evaluation_and_branch_in_the_colour_of_who_computes_it()
    {
        string a = Schedule("a.json", ("refresh", "1111"), ("cache", "0110")), b = Schedule("b.json", ("refresh", "1111"), ("cache", "0101"));
        string svg = _cli.PathOf("d.svg");
        Assert.Equal(0, _cli.Run("inspect", a, b, "--diff", "--plot", svg).Code);

        (float X, float Y, string? Fill)[] cells = [.. XDocument.Load(svg).Descendants()
            .Where(e => e.Name.LocalName == "rect" && (string?)e.Attribute("fill") is "#C3CBD6" or "#F7E3B5" or "#1D4E89" or "#E06C55")
            .Select(e => ((float)e.Attribute("x")!, (float)e.Attribute("y")!, (string?)e.Attribute("fill")))];
        string[] rows = [.. cells.GroupBy(cell => cell.Y).Select(row => string.Join(' ', row.OrderBy(cell => cell.X).Select(cell => cell.Fill)))];
        Assert.Contains("#C3CBD6 #C3CBD6 #C3CBD6 #C3CBD6", rows); // both refresh
        Assert.Contains("#F7E3B5 #1D4E89 #C3CBD6 #E06C55", rows); // attention of both blocks, then the MLPs
    }

    [Fact]
    public void Plots_have_a_coloured_cell_per_branch_of_a_cache_evaluation_and_a_thin_one_of_a_refresh_evaluation()
    {
        string schedule = Schedule("s.json", ("refresh", "1111"), ("cache", "0111")), svg = _cli.PathOf("a.svg"), png = _cli.PathOf("a.png");
        Assert.Equal(0, _cli.Run("inspect", schedule, "--plot", svg).Code);
        Assert.Equal(0, _cli.Run("inspect", schedule, "--plot", png).Code);
        XElement[] cells = [.. XDocument.Load(svg).Descendants()
            .Where(e => e.Name.LocalName == "rect" && (string?)e.Attribute("width") == "23" && (string?)e.Attribute("height") is "15" or "3")];
        Assert.Equal(8, cells.Length);
        Assert.Equal([4, 3, 1], cells.GroupBy(c => (string?)c.Attribute("fill")).Select(group => group.Count()).OrderDescending());
        PngDecoder picture = PngDecoder.Decode(File.ReadAllBytes(png));
        Assert.All(cells, cell =>
        {
            int[] shift = [.. ((string)cell.Attribute("transform")!)["translate(".Length..^1].Split(' ').Select(int.Parse)];
            int at = (((int)cell.Attribute("y")! + shift[1]) * picture.Width) + (int)cell.Attribute("x")! + shift[0];
            Assert.Equal((string?)cell.Attribute("fill"), "#" + Convert.ToHexString(picture.Pixels.AsSpan(3 * at, 3)));
        });
        Assert.Equal("schedule", _cli.Run("inspect", png, "--json").Json.GetProperty("parameters").GetProperty("plot").GetString());

        _cli.Run("inspect", schedule, "--plot", png).MustFail(1, "--force");
        Assert.Equal(0, _cli.Run("inspect", schedule, "--plot", png, "--force").Code);
        _cli.Run("inspect", schedule, "--plot", _cli.PathOf("a.gif")).MustFail(2, "PNG or SVG");
        _cli.Run("inspect", png, "--plot", svg).MustFail(2, "neither a router nor a schedule");
    }

    [Fact]
    public void In_a_terminal_the_map_is_the_same_text_in_colours()
    {
        string schedule = Schedule("s.json", ("refresh", "1111"), ("cache", "0111"));
        string plain = _cli.Run("inspect", schedule).Out;
        Assert.DoesNotContain('\u001b', plain);
        ScheduleReport report = ScheduleReport.Of(Read(schedule), null);
        string coloured = Print(report, ColorSystemSupport.TrueColor);
        Assert.Contains("\u001b[38;2;90;58;0;48;2;245;185;65m.", coloured, StringComparison.Ordinal); // the branch that is reused
        Assert.Equal(Lines(plain), Lines(Regex.Replace(coloured, "\u001b\\[[0-9;]*m", "")));
        Assert.Contains("\u001b[", Print(report, ColorSystemSupport.Standard), StringComparison.Ordinal);

        // Nothing that is no terminal has colours.
        Assert.Null(new Terminal(new StringWriter(), new StringWriter(), Interactive: true, default).Colours);

        static string[] Lines(string text) => [.. text.TrimEnd().Split('\n').Select(line => line.TrimEnd())];

        static string Print(ScheduleReport report, ColorSystemSupport colours)
        {
            StringWriter written = new() { NewLine = "\n" };
            ScheduleText.Print(report, written, AnsiConsole.Create(
                new AnsiConsoleSettings { Ansi = AnsiSupport.Yes, ColorSystem = colours, Out = new AnsiConsoleOutput(written) }));
            return written.ToString();
        }

        static InspectedSchedule Read(string path)
        {
            using ByteSource source = ByteSource.OpenFile(path);
            return InspectedSchedule.Read(source, null);
        }
    }
}
