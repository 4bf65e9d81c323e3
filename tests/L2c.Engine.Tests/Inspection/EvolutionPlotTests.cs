using System.Xml.Linq;
using L2c.Testing;
using L2c.Weights.Layouts;

namespace L2c.Engine.Tests;

public sealed class EvolutionPlotTests : IDisposable
{
    private const int Evaluations = 6, Branches = 4;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Every_score_that_is_read_has_a_cell_and_what_is_reused_another_hue()
    {
        // Rows 4, 2, 0 are read, in this order; others hold logits that would be reused.
        float[] logits = [.. Enumerable.Range(0, Evaluations * Branches).Select(i => i / Branches % 2 == 1 ? -9f : 9f)];
        logits[0] = -9; // row 0: the last evaluation, attention of block 0
        logits[(2 * Branches) + 1] = MathF.Log(0.1f / 0.9f); // score at the threshold: reused
        logits[(2 * Branches) + 3] = MathF.Log(0.101f / 0.899f); // just above it: computed
        Write("a.svg", [new RouterSnapshot(70, logits)]);
        Write("a.png", [new RouterSnapshot(70, logits)]);
        (int X, int Y, string Fill)[] cells = Cells("a.svg");
        Assert.Equal(3 * Branches, cells.Length);
        int[] columns = [.. cells.Select(c => c.X).Distinct().Order()], rows = [.. cells.Select(c => c.Y).Distinct().Order()];
        Assert.Equal((Branches, 3), (columns.Length, rows.Length)); // attention of both blocks, then the MLPs
        (int X, int Y)[] reused = [.. cells.Where(c => IsReused(c.Fill)).Select(c => (c.X, c.Y)).Order()];
        Assert.Equal([(columns[0], rows[2]), (columns[2], rows[1])], reused);
        Assert.Equal("#FBDD9C", cells.Single(c => (c.X, c.Y) == reused[1]).Fill);
        Assert.Equal(9, cells.Count(c => c.Fill == "#1D4E89"));
        Assert.Contains("step 70: 2 reused (16.7 %)", Texts("a.svg"));
        Assert.Contains("5", Texts("a.svg")); // the last evaluation
        Assert.All(
            XDocument.Load(_folder.File("a.svg")).Descendants().Where(e => e.Name.LocalName == "text"),
            e => Assert.Equal("DejaVu Sans, Verdana, sans-serif", (string?)e.Attribute("font-family")));

        PngDecoder picture = PngDecoder.Decode(File.ReadAllBytes(_folder.File("a.png")));
        Assert.All(cells, cell => Assert.Equal(
            cell.Fill, "#" + Convert.ToHexString(picture.Pixels.AsSpan(3 * (((cell.Y + 1) * picture.Width) + cell.X + 1), 3))));

        static bool IsReused(string fill) => Convert.ToInt32(fill[1..3], 16) > Convert.ToInt32(fill[5..7], 16);
    }

    [Theory]
    [InlineData(2, 2, 1)]
    [InlineData(20, 16, 30)]
    [InlineData(50, 56, 5)]
    [InlineData(1000, 56, 2)]
    public void Text_stays_inside_whatever_the_size(int evaluations, int branches, int count)
    {
        RouterShape shape = new() { Name = "router", Target = RouterTarget.Dit, Evaluations = evaluations, Branches = branches };
        float[] logits = new float[evaluations * branches];
        RouterSnapshot[] snapshots = [.. Enumerable.Range(0, count).Select(i => new RouterSnapshot(100_000 * i, logits))];
        SvgTexts.RequireInside(EvolutionPlot.Draw(new string('m', 200), shape, 0.1, snapshots));
    }

    [Fact]
    public void Of_many_snapshots_twelve_are_drawn_with_the_first_and_the_last()
    {
        Write("a.svg", [.. Enumerable.Range(0, 100).Select(i => new RouterSnapshot(10 * i, new float[Evaluations * Branches]))]);
        string[] captions = [.. Texts("a.svg").Where(text => text.StartsWith("step ", StringComparison.Ordinal))];
        Assert.Equal(12, captions.Length);
        Assert.Equal(("step 0: 0 reused (0.0 %)", "step 990: 0 reused (0.0 %)"), (captions[0], captions[^1]));
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

    private (int X, int Y, string Fill)[] Cells(string name) => SvgTexts.Cells(File.ReadAllText(_folder.File(name)), 13, 13);

    private string[] Texts(string name) =>
        [.. XDocument.Load(_folder.File(name)).Descendants().Where(e => e.Name.LocalName == "text").Select(e => e.Value.Trim())];
}
