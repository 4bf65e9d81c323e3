using System.CommandLine;
using L2c.Cli.Commands;
using L2c.Cli.Output;
using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Bench.Forward;

/// <summary>
/// <c>forward</c>: is a call of a whole network faster than ONNX Runtime's? Same shapes, same threads, in turn with it and with the peak loop.
/// </summary>
internal sealed class ForwardBench
{
    private const int Rounds = 15;
    private const string DefaultPeers = "../shared/peers beside the repository";

    private static readonly Contestant[] _contestants =
    [
        new("DiT-S/2", null, 8, "dit-s2-batch8.onnx", 0.80),
        new("12x192x3/2", 128, 32, "dit-tiny-batch32.onnx", 0.75),
    ];

    private readonly BenchOptions _options = new(Rounds);
    private readonly Option<string?> _peers = OptionFactory.Text(
        "--peers", "DIR", $"Where {string.Join(" and ", _contestants.Select(c => c.Peer))} are [default: {DefaultPeers}]");

    /// <summary>The verb.</summary>
    public static Command Create(Terminal terminal)
    {
        ForwardBench self = new();
        Command command = new("forward", "Calls of whole networks on the CPU, against ONNX Runtime on the same shapes and threads.");
        command.Add(self._peers);
        self._options.AddTo(command);
        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        int rounds = _options.Rounds(parsed);
        string folder = parsed.GetValue(_peers) ?? FindPeers();
        string load = BirthCertificate.Load();
        using CpuDevice device = _options.OpenCpu(parsed);
        bool isMet = true;
        List<string> missing = [];
        List<string[]> rows = [.. _contestants.Select(Measure)];
        string verdict = !isMet ? "Bounds: **missed** where the ratio is above." : missing.Count == 0 ? "Bounds: all met." : "";
        string uncompared = missing.Count == 0 ? "" : $"Not compared, because the peer was not found: {string.Join(", ", missing)}. ";
        _options.Publish(parsed, terminal, Markdown.Report(
            "Whole forwards: against ONNX Runtime",
            BirthCertificate.Of(
                device,
                load,
                ("opponent", $"ONNX Runtime {OnnxNetwork.Version}, CPU provider, fp32, {device.Threads} intra-op threads, all optimisations"),
                ("rounds", $"{rounds} for each network, each ours, ONNX Runtime and the peak once in rotating order")),
            ["network", "batch", "GFLOP", "ms", "ONNX Runtime ms", "time ratio", "bound", "GFLOP/s", "share of peak"],
            rows,
            "Values are medians over the rounds, with quartiles in brackets; time ratio (ours / ONNX Runtime) and share are taken round by round. "
            + "GFLOP counts matrix products only, two operations per multiply-add. The peak is a loop of multiply-adds in registers on all threads. "
            + "Both networks have random weights; the peer's blocks share one block's weights, which favours it: fewer bytes to read.",
            "This is fp32 against fp32. On machines with AVX512-BF16 libtorch's bf16 is faster than either (DiT-S/2, batch 8, two cores of a Zen 4: "
            + "396 ms, where ONNX Runtime took 616 ms in fp32); .NET 10 does not expose these instructions.",
            uncompared + verdict));
        return isMet ? ExitCode.Ok : ExitCode.RunTime;

        string[] Measure(Contestant contestant)
        {
            using OpenedModel opened = OpenedModel.Random(contestant.Model, contestant.ImageSize);
            using LoadedModel model = opened.Load(device);
            TransformerArchitecture architecture = model.Architecture;
            using var forward = PlannedForward.Plan(model.Network, contestant.Batch, record: true, parts: false);
            long flops = forward.Ops.Sum(op => op.Flops);
            using PeakLoop peak = new(device, flops);
            string path = Path.Combine(folder, contestant.Peer);
            using OnnxNetwork? peer = File.Exists(path) ? new OnnxNetwork(path, architecture, contestant.Batch, device.Threads) : null;
            var timing = InterleavedTiming.Measure(
                peer is null ? [forward.Run, peak.Run] : [forward.Run, peak.Run, peer.Run], rounds, BenchOptions.WarmUp, cancel: terminal.Cancel);
            double[] speeds = PeakLoop.Gflops(timing.Milliseconds[0], flops), peaks = PeakLoop.Gflops(timing.Milliseconds[1], peak.Flops);
            Quartiles share = Quartiles.Of(speeds.Zip(peaks, (speed, at) => speed / at));
            string[] comparison = ["not found", "", ""];
            if (peer is null)
            {
                missing.Add(path);
            }
            else
            {
                var ratio = Quartiles.Of(timing.Ratios(0, 2));
                bool isAbove = ratio.Median > contestant.Bound;
                isMet &= !isAbove;
                string bound = FormattableString.Invariant($"{contestant.Bound:0.00}");
                comparison = [Quartiles.Of(timing.Milliseconds[2]).Text("0.0"), ratio.Text("0.000"), isAbove ? $"{bound} missed" : bound];
            }

            return
            [
                architecture.Name, $"{contestant.Batch} x {architecture.Tokens} tokens", FormattableString.Invariant($"{flops / 1e9:0.0}"),
                Quartiles.Of(timing.Milliseconds[0]).Text("0.0"), .. comparison, Quartiles.Of(speeds).Text("0"), share.Text("0.000"),
            ];
        }
    }

    /// <summary>Beside the repository that the program lies in; beside the working directory where it lies in none.</summary>
    private static string FindPeers()
    {
        DirectoryInfo? repository = new(AppContext.BaseDirectory);
        while (repository is not null && !File.Exists(Path.Combine(repository.FullName, "L2c.sln")))
        {
            repository = repository.Parent;
        }

        return Path.GetFullPath(Path.Combine(repository?.FullName ?? Directory.GetCurrentDirectory(), "..", "shared", "peers"));
    }

    /// <summary>A network and its opponent.</summary>
    /// <param name="Model">As <c>l2c bench</c> names it.</param>
    /// <param name="ImageSize">Side in pixels; null for the model's.</param>
    /// <param name="Batch">Rows of a call.</param>
    /// <param name="Peer">File name of the opponent's network.</param>
    /// <param name="Bound">Our time over the opponent's, at most.</param>
    private sealed record Contestant(string Model, int? ImageSize, int Batch, string Peer, double Bound);
}
