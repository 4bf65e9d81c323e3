using L2c.Cli.Output;
using L2c.Testing;

namespace L2c.Bench.Tests;

/// <summary>`l2c-bench decoder` and `l2c-bench inception`, on little.</summary>
public sealed class ImageBenchTests
{
    [Theory]
    [InlineData("decoder", "--side", "16", "| decoder, 16 pixels | 1 | 2.4 |", "decoder-16.onnx")]
    [InlineData("inception", "--batch", "1", "| FID Inception, to its pool | 1 | 11.4 |", "inception-batch1.onnx")]
    public void Speed_is_compared_with_the_peak_and_what_is_not_there_with_nothing(string verb, string option, string value, string row, string peer)
    {
        using TemporaryFolder folder = new();
        (int code, string report) = Run(verb, option, value, "--rounds", "1", "--peers", folder.Path);
        Assert.Equal(ExitCode.Ok, code);
        Assert.Contains("| opponent | ONNX Runtime 1.31.1", report, StringComparison.Ordinal);
        string line = Assert.Single(report.Split('\n'), line => line.StartsWith(row, StringComparison.Ordinal));
        Assert.Contains("| not found |", line, StringComparison.Ordinal);
        Assert.Contains($"Not compared, because the peer was not found: {Path.Combine(folder.Path, peer)}", report, StringComparison.Ordinal);
        Assert.DoesNotContain("Bounds", report, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("decoder", "--side", "16", "decoder-16.onnx")]
    [InlineData("inception", "--batch", "1", "inception-batch1.onnx")]
    public void A_peer_that_is_no_network_is_refused(string verb, string option, string value, string peer)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(Path.Combine(folder.Path, peer), "no network");
        Assert.Equal((ExitCode.Malformed, ""), Run(verb, option, value, "--rounds", "1", "--peers", folder.Path));
    }

    private static (int Code, string Output) Run(params string[] args)
    {
        StringWriter output = new(), error = new();
        int code = Program.Run(args, new Terminal(output, error, Interactive: false, TestContext.Current.CancellationToken));
        return (code, output.ToString());
    }
}
