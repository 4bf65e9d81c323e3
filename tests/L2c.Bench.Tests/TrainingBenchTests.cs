using System.Globalization;
using L2c.Cli.Output;

namespace L2c.Bench.Tests;

public sealed class TrainingBenchTests
{
    [Fact]
    public void The_report_tells_times_ops_and_predicted_memory_and_its_verdict_follows()
    {
        StringWriter output = new(), error = new();
        int code = Program.Run(
            ["training", "--batch", "1", "--rounds", "1", "--threads", "1"],
            new Terminal(output, error, Interactive: false, TestContext.Current.CancellationToken));
        string report = output.ToString();
        Assert.Equal("", error.ToString());
        Assert.Contains("| model | shapes-dit8", report, StringComparison.Ordinal);

        // Three forwards and a backward cost more than one forward, and ops of all four passes were seen.
        double ratio = double.Parse(Cell(report, "| router step |", 3).Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.InRange(ratio, 1.5, 50);
        Assert.Equal(ratio <= 4.5 ? ExitCode.Ok : ExitCode.RunTime, code);
        Assert.Contains(ratio <= 4.5 ? "Met." : "Missed.", report, StringComparison.Ordinal);
        Assert.Equal("", Cell(report, "| AttentionBackward |", 2));
        Assert.NotEqual("", Cell(report, "| AttentionBackward |", 5));
        Assert.NotEqual("", Cell(report, "| Attention |", 2));

        // 675 million parameters in fp32 are 2575 MiB.
        Assert.Equal(2575, double.Parse(Cell(report, "| weights |", 2), CultureInfo.InvariantCulture), 2.0);
        Assert.True(Megabytes(2) > Megabytes(3), report);

        double Megabytes(int cell) => double.Parse(Cell(report, "| total |", cell), CultureInfo.InvariantCulture);
    }

    private static string Cell(string report, string start, int cell) =>
        Assert.Single(report.Split('\n'), line => line.StartsWith(start, StringComparison.Ordinal)).Split('|')[cell].Trim();
}
