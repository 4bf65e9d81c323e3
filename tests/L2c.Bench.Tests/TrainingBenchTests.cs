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

        // One round says little of the ratio, but the verdict follows from it; ops are listed under the passes that have them.
        double ratio = double.Parse(Cell(report, "| router step |", 3).Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.True(ratio > 0);
        bool isMet = code == ExitCode.Ok;
        Assert.Equal(isMet ? ExitCode.Ok : ExitCode.RunTime, code);
        Assert.Contains(isMet ? "Met." : "Missed.", report, StringComparison.Ordinal);
        bool isRounded = Math.Abs(ratio - 4.5) < 0.001; // either verdict is right
        Assert.True(isRounded || isMet == ratio <= 4.5, report);
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
