using System.Globalization;
using L2c.Cli.Output;

namespace L2c.Bench.Tests;

public sealed class FrechetBenchTests
{
    [Fact]
    public void Statistics_and_distance_are_held_against_a_product_and_the_bound()
    {
        StringWriter output = new(), error = new();
        int code = Program.Run(
            ["frechet", "--rounds", "1", "--threads", "1", "--count", "1200", "--features", "200"],
            new Terminal(output, error, Interactive: false, TestContext.Current.CancellationToken));
        Assert.Equal("", error.ToString());
        string report = output.ToString();
        string[] row = report.Split('\n').Single(line => line.StartsWith("| 1200 x 200 |", StringComparison.Ordinal))
            .Trim('|').Split('|', StringSplitOptions.TrimEntries);
        double ratio = double.Parse(row[6].Split(' ')[0], CultureInfo.InvariantCulture);
        bool isMissed = row[8].EndsWith(" missed", StringComparison.Ordinal);
        Assert.True(Math.Abs(ratio - 3) < 0.01 || isMissed == ratio > 3, report);
        Assert.Equal(isMissed ? ExitCode.RunTime : ExitCode.Ok, code);
    }
}
