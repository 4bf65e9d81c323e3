using System.Globalization;
using L2c.Cli.Output;

namespace L2c.Bench.Tests;

public sealed class GemmBenchTests
{
    [Fact]
    public void Every_product_is_held_against_the_peak_and_its_bound()
    {
        StringWriter output = new(), error = new();
        int code = Program.Run(
            ["gemm", "--rounds", "1", "--threads", "1"], new Terminal(output, error, Interactive: false, TestContext.Current.CancellationToken));
        Assert.Equal("", error.ToString());
        string report = output.ToString();
        Assert.Contains(", 1 thread) |", report, StringComparison.Ordinal);
        string[][] rows = [.. report[report.IndexOf("| product |", StringComparison.Ordinal)..].Split('\n')
            .Skip(2).TakeWhile(line => line.StartsWith('|')).Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries))];
        Assert.Equal(["2048, 1152, 384", "2048, 384, 1536", "1024, 576, 192", "1024, 192, 768", "512, 4608, 1152", "512, 1152, 4608"],
            rows.Where(row => row[5] != "").Select(row => row[1]));
        Assert.All(rows, row =>
        {
            // One round each. Rates are printed without decimals, shares with three.
            double rate = Median(row[2]), peak = Median(row[3]), share = Median(row[4]);
            Assert.InRange(rate, ((share - 0.0006) * (peak - 0.51)) - 0.51, ((share + 0.0006) * (peak + 0.51)) + 0.51);
            double bound = row[5] == "" ? 0 : Median(row[5]);
            bool isRounded = Math.Abs(share - bound) < 0.001; // either verdict is right
            bool hasPeers = !row[0].Contains("attention", StringComparison.Ordinal) && !row[1].Contains('x');
            Assert.Equal(hasPeers, row[8] != "");
            AssertRatio(rate, row[8..]);
            AssertRatio(rate, row[6..]);
            Assert.True(isRounded || row[5].EndsWith(" missed", StringComparison.Ordinal) == share < bound, string.Join(" | ", row));
        });
        bool isOpenBlasThere = !report.Contains("OpenBLAS was not found", StringComparison.Ordinal);
        Assert.Equal(isOpenBlasThere ? 16 : 0, rows.Count(row => row[6] != ""));
        bool isMet = !report.Contains("missed", StringComparison.Ordinal);
        Assert.Equal(isMet ? ExitCode.Ok : ExitCode.RunTime, code);
    }

    [Fact]
    public void A_pattern_that_fits_no_product_is_refused_instead_of_meeting_every_bound()
    {
        StringWriter output = new(), error = new();
        int code = Program.Run(["gemm", "--only", "Inception"], new Terminal(output, error, Interactive: false, TestContext.Current.CancellationToken));
        Assert.Equal(ExitCode.Usage, code);
        Assert.Equal("", output.ToString());
        Assert.Contains("--only Inception: no product has such a name", error.ToString(), StringComparison.Ordinal);
    }

    // Ours over the peer's speed, empty where it has no such op.
    private static void AssertRatio(double rate, string[] cells)
    {
        if (cells[0] != "")
        {
            double peer = Median(cells[0]), ratio = Median(cells[1]);
            Assert.InRange(rate, ((ratio - 0.0006) * (peer - 0.51)) - 0.51, ((ratio + 0.0006) * (peer + 0.51)) + 0.51);
        }
    }

    private static double Median(string cell) => double.Parse(cell.Split(' ')[0], CultureInfo.InvariantCulture);
}
