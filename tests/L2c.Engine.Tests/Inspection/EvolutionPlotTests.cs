using System.Xml.Linq;
using L2c.Testing;
using L2c.Weights.Layouts;

namespace L2c.Engine.Tests;

public sealed class EvolutionPlotTests : IDisposable
{
    private const int Evaluations = 6, Branches = 4;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Every_score_that_is_read_has_a_cell_of_its_colour_and_reused_ones_a_dot()
    {
        // Rows 4, 2, 0 are read, in this order; others hold logits that would be reused.
        float[] logits = [.. Enumerable.Range(0, Evaluations * Branches).Select(i => i / Branches % 2 == 1 ? -9f : 9f)];
        logits[0] = -9; // row 0: the last evaluation, branch 0
        logits[(2 * Branches) + 1] = MathF.Log(0.1f / 0.9f); // score at the threshold: reused, and of the threshold's colour
        Write("a.svg", [new RouterSnapshot(70, logits)]);
        Write("a.png", [new RouterSnapshot(70, logits)]);
        (int X, int Y, string Fill)[] cells = Cells("a.svg");
        Assert.Equal(3 * Branches, cells.Length);
        int[] columns = [.. cells.Select(c => c.X).Distinct().Order()], rows = [.. cells.Select(c => c.Y).Distinct().Order()];
        Assert.Equal((Branches, 3), (columns.Length, rows.Length));
        Assert.Equal(10, cells.Count(c => c.Fill == Fill(9)));
        Assert.Equal(Fill(-9), cells.Single(c => c.X == columns[0] && c.Y == rows[2]).Fill);
        Assert.Equal("#F7F7F2", cells.Single(c => c.X == columns[1] && c.Y == rows[1]).Fill);
        (double X, double Y)[] dots = [.. XDocument.Load(_folder.File("a.svg")).Descendants().Where(e => e.Name.LocalName == "ellipse")
            .Select(e => ((double)e.Attribute("cx")!, (double)e.Attribute("cy")!)).Order()];
        Assert.Equal([(columns[0] + 6.5, rows[2] + 6.5), (columns[1] + 6.5, rows[1] + 6.5)], dots);
        Assert.Contains("step 70: 2 of 12", Texts("a.svg"));
        Assert.Contains("5", Texts("a.svg")); // the last evaluation
        Assert.All(
            XDocument.Load(_folder.File("a.svg")).Descendants().Where(e => e.Name.LocalName == "text"),
            e => Assert.Equal("DejaVu Sans, Verdana, sans-serif", (string?)e.Attribute("font-family")));

        PngDecoder picture = PngDecoder.Decode(File.ReadAllBytes(_folder.File("a.png")));
        Assert.All(cells, cell => Assert.Equal(
            cell.Fill, "#" + Convert.ToHexString(picture.Pixels.AsSpan(3 * (((cell.Y + 1) * picture.Width) + cell.X + 1), 3))));

        // Nearly amber and nearly blue: the score is within 0.0002 of the end of its scale.
        static string Fill(float logit) => logit < 0 ? "#F2A71B" : "#1F5A96";
    }

    [Fact]
    public void Of_many_snapshots_twelve_are_drawn_with_the_first_and_the_last()
    {
        Write("a.svg", [.. Enumerable.Range(0, 100).Select(i => new RouterSnapshot(10 * i, new float[Evaluations * Branches]))]);
        string[] captions = [.. Texts("a.svg").Where(text => text.StartsWith("step ", StringComparison.Ordinal))];
        Assert.Equal(12, captions.Length);
        Assert.Equal(("step 0: 0 of 12", "step 990: 0 of 12"), (captions[0], captions[^1]));
        Assert.Equal(12 * 12, Cells("a.svg").Length);
    }

    [Fact]
    public void A_routers_other_kind_has_other_rows_and_files_are_kept_unless_asked_for()
    {
        RouterSnapshot[] one = [new RouterSnapshot(0, new float[Evaluations * Branches])];
        EvolutionPlot.Draw("u", Shape(RouterTarget.UVit), 0.9, one).Write(_folder.File("u.svg"), overwrite: false);
        Assert.Equal(2 * Branches, Cells("u.svg").Length);
        Assert.Throws<IOException>(() => Write("u.svg", one));
        Assert.Throws<ArgumentOutOfRangeException>(() => Write("v.svg", []));
    }

    public void Dispose() => _folder.Dispose();

    private void Write(string name, RouterSnapshot[] snapshots) =>
        EvolutionPlot.Draw("a title", Shape(RouterTarget.Dit), 0.1, snapshots).Write(_folder.File(name), overwrite: false);

    private static RouterShape Shape(RouterTarget target) =>
        new() { Name = "router", Target = target, Evaluations = Evaluations, Branches = Branches };

    private (int X, int Y, string Fill)[] Cells(string name) => [.. XDocument.Load(_folder.File(name)).Descendants()
        .Where(e => e.Name.LocalName == "rect" && (string?)e.Attribute("width") == "13" && (string?)e.Attribute("height") == "13")
        .Select(e => ((int)e.Attribute("x")!, (int)e.Attribute("y")!, (string)e.Attribute("fill")!))];

    private string[] Texts(string name) =>
        [.. XDocument.Load(_folder.File(name)).Descendants().Where(e => e.Name.LocalName == "text").Select(e => e.Value.Trim())];
}
