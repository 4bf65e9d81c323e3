using System.Globalization;
using L2c.Cli.Output;
using L2c.Testing;

namespace L2c.Bench.Tests;

public sealed class ForwardBenchTests
{
    private const string Small = "dit-s2-batch8.onnx", Tiny = "dit-tiny-batch32.onnx";
    private static readonly string[] _short = ["forward", "--rounds", "1", "--threads", "2"];

    [Fact]
    public void Time_is_compared_with_the_peer_and_speed_with_the_peak()
    {
        string peers = Peers();
        (int code, string report, string error) = Run([.. _short, "--peers", peers]);
        Assert.Equal("", error);
        Assert.Contains("| opponent | ONNX Runtime 1.31.1", report, StringComparison.Ordinal);
        Assert.Contains("2 intra-op threads", report, StringComparison.Ordinal);
        Assert.Contains("AVX512-BF16 libtorch's bf16 is faster", report, StringComparison.Ordinal);
        string[][] rows = Rows(report);
        Assert.Equal(["DiT-S/2 256", "12x192x3/2 128"], rows.Select(row => row[0]));
        Assert.Equal(["96.9", "23.2"], rows.Select(row => row[2])); // the peers' README counts 96.6 and 23.0, without embeddings
        bool isMet = true;
        Assert.All(rows, row =>
        {
            double ours = Median(row[3]), theirs = Median(row[4]), ratio = Median(row[5]);
            Assert.Equal(ours / theirs, ratio, 0.01 * ratio);
            Assert.Equal(Median(row[2]) / ours * 1000, Median(row[7]), 2 + (0.02 * Median(row[7])));
            Assert.True(Median(row[8]) > 0);
            isMet &= !row[6].EndsWith(" missed", StringComparison.Ordinal);
        });
        Assert.Equal(isMet ? ExitCode.Ok : ExitCode.RunTime, code);
    }

    [Fact]
    public void Without_peers_ours_is_measured_and_the_report_says_so()
    {
        using TemporaryFolder folder = new();
        (int code, string report, string error) = Run([.. _short, "--peers", folder.Path]);
        Assert.Equal("", error);
        Assert.Equal(ExitCode.Ok, code);
        Assert.All(Rows(report), row => Assert.Equal(["not found", "", ""], row[4..7]));
        string expected = $"Not compared, because the peer was not found: {Path.Combine(folder.Path, Small)}, {Path.Combine(folder.Path, Tiny)}.";
        Assert.Contains(expected, report, StringComparison.Ordinal);
    }

    [Fact]
    public void A_peer_that_cannot_be_read_or_is_another_network_is_refused()
    {
        using TemporaryFolder folder = new();
        string file = Path.Combine(folder.Path, Small);
        File.WriteAllText(file, "no network");
        (int code, string report, string error) = Run([.. _short, "--peers", folder.Path]);
        Assert.Equal((ExitCode.Malformed, ""), (code, report));
        Assert.StartsWith($"l2c: error: {file}: ONNX Runtime cannot read it", error, StringComparison.Ordinal);

        File.Copy(Path.Combine(Peers(), Tiny), file, overwrite: true);
        (code, report, error) = Run([.. _short, "--peers", folder.Path]);
        Assert.Equal((ExitCode.Malformed, ""), (code, report));
        Assert.Contains($"{file}: input x [8, 4, 32, 32] expected, found [32, 4, 16, 16]", error, StringComparison.Ordinal);
    }

    private static string Peers()
    {
        DirectoryInfo? repository = new(AppContext.BaseDirectory);
        while (repository is not null && !File.Exists(Path.Combine(repository.FullName, "L2c.sln")))
        {
            repository = repository.Parent;
        }

        string peers = Path.Combine(repository!.FullName, "..", "shared", "peers");
        Assert.SkipUnless(File.Exists(Path.Combine(peers, Tiny)), "no ../shared/peers beside the repository");
        return peers;
    }

    private static string[][] Rows(string report) => [.. report[report.IndexOf("| network |", StringComparison.Ordinal)..].Split('\n')
        .Skip(2).TakeWhile(line => line.StartsWith('|')).Select(line => line[1..^1].Split('|', StringSplitOptions.TrimEntries))];

    private static double Median(string cell) => double.Parse(cell.Split(' ')[0], CultureInfo.InvariantCulture);

    private static (int Code, string Output, string Error) Run(string[] args)
    {
        StringWriter output = new(), error = new();
        int code = Program.Run(args, new Terminal(output, error, Interactive: false, TestContext.Current.CancellationToken));
        return (code, output.ToString(), error.ToString());
    }
}
