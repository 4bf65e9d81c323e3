using System.CommandLine;
using L2c.Cli.Commands;
using L2c.Kernels;

namespace L2c.Bench.Peers;

/// <summary>Runs of networks on the CPU against ONNX Runtime on the same shapes and threads, in turn with it and with the peak loop: a table.</summary>
/// <param name="device">Ours.</param>
/// <param name="folder">Where the opponents' networks are.</param>
/// <param name="rounds">Rounds for each network.</param>
/// <param name="cancel">Ends a measurement between two runs.</param>
internal sealed class PeerComparison(CpuDevice device, string folder, int rounds, CancellationToken cancel)
{
    /// <summary>What the columns are.</summary>
    public static readonly string[] Header =
        ["network", "batch", "GFLOP", "ms", "ONNX Runtime ms", "time ratio", "bound", "GFLOP/s", "share of peak"];

    /// <summary>How to read the table.</summary>
    public string Reading =>
        "Values are medians over the rounds, with quartiles in brackets; time ratio (ours / ONNX Runtime) and share are taken round by "
        + "round, with " + MedianInterval.Words(rounds) + " in brackets. "
        + "GFLOP counts matrix products only, two operations per multiply-add. The peak is a loop of multiply-adds in registers on all threads. ";

    private readonly List<string> _missing = [];

    /// <summary>Whether no ratio measured so far is above its bound.</summary>
    public bool IsMet { get; private set; } = true;

    /// <summary>Rows of the certificate.</summary>
    public (string, string)[] Certificate =>
    [
        ("opponent", $"ONNX Runtime {OnnxNetwork.Version}, CPU provider, fp32, {device.Threads} intra-op threads, all optimisations"),
        ("rounds", $"{rounds} for each network, each ours, ONNX Runtime and the peak once in rotating order"),
    ];

    /// <summary>What was not compared, and whether the bounds are met.</summary>
    public string Verdict
    {
        get
        {
            string verdict = !IsMet ? "Bounds: **missed** where the ratio is above." : _missing.Count == 0 ? "Bounds: all met." : "";
            return (_missing.Count == 0 ? "" : $"Not compared, because the peer was not found: {string.Join(", ", _missing)}. ") + verdict;
        }
    }

    /// <summary>The option by which the opponents' folder is named.</summary>
    /// <param name="files">Whose folder.</param>
    public static Option<string?> FolderOption(params string[] files) => OptionFactory.Text(
        "--peers", "DIR", $"Where {string.Join(" and ", files)} are [default: ../shared/peers beside the repository]");

    /// <summary>The folder that the user names; by default beside the repository that the program lies in, or the working directory where it lies in
    /// none.</summary>
    public static string Folder(ParseResult parsed, Option<string?> option)
    {
        DirectoryInfo? repository = new(AppContext.BaseDirectory);
        while (repository is not null && !File.Exists(Path.Combine(repository.FullName, "L2c.sln")))
        {
            repository = repository.Parent;
        }

        return parsed.GetValue(option) ?? Path.GetFullPath(Path.Combine(repository?.FullName ?? Directory.GetCurrentDirectory(), "..", "shared", "peers"));
    }

    /// <summary>Measures one network.</summary>
    /// <param name="network">Its name.</param>
    /// <param name="batch">What a run takes.</param>
    /// <param name="run">Ours.</param>
    /// <param name="flops">Of our matrix products.</param>
    /// <param name="peer">File name of the opponent's network.</param>
    /// <param name="bound">Our time over the opponent's, at most.</param>
    /// <param name="inputs">The opponent's.</param>
    /// <returns>A row of the table.</returns>
    public string[] Measure(string network, string batch, Action run, long flops, string peer, double bound, params OnnxInput[] inputs)
    {
        using PeakLoop peak = new(device, flops);
        string path = Path.Combine(folder, peer);
        using OnnxNetwork? opponent = File.Exists(path) ? new OnnxNetwork(path, device.Threads, inputs) : null;
        var timing = InterleavedTiming.Measure(
            opponent is null ? [run, peak.Run] : [run, peak.Run, opponent.Run], rounds, BenchOptions.WarmUp, cancel: cancel);
        double[] speeds = PeakLoop.Gflops(timing.Milliseconds[0], flops), peaks = PeakLoop.Gflops(timing.Milliseconds[1], peak.Flops);
        var share = MedianInterval.Of(speeds.Zip(peaks, (speed, at) => speed / at));
        string[] comparison = ["not found", "", ""];
        if (opponent is null)
        {
            _missing.Add(path);
        }
        else
        {
            var ratio = MedianInterval.Of(timing.Ratios(0, 2));
            bool isAbove = ratio.Median > bound;
            IsMet &= !isAbove;
            string text = FormattableString.Invariant($"{bound:0.00}");
            comparison = [Quartiles.Of(timing.Milliseconds[2]).Text("0.0"), ratio.Text("0.000"), isAbove ? $"{text} missed" : text];
        }

        return
        [
            network, batch, FormattableString.Invariant($"{flops / 1e9:0.0}"),
            Quartiles.Of(timing.Milliseconds[0]).Text("0.0"), .. comparison, Quartiles.Of(speeds).Text("0"), share.Text("0.000"),
        ];
    }
}
