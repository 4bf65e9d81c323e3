using System.CommandLine;
using L2c.Bench.Peers;
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

    private static readonly Contestant[] _contestants =
    [
        new("DiT-S/2", null, 8, "dit-s2-batch8.onnx", 0.80),
        new("12x192x3/2", 128, 32, "dit-tiny-batch32.onnx", 0.75),
    ];

    private readonly BenchOptions _options = new(Rounds);
    private readonly Option<string?> _peers = PeerComparison.FolderOption([.. _contestants.Select(c => c.Peer)]);

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
        string load = BirthCertificate.Load();
        using CpuDevice device = _options.OpenCpu(parsed);
        PeerComparison peers = new(device, PeerComparison.Folder(parsed, _peers), _options.Rounds(parsed), terminal.Cancel);
        List<string[]> rows = [.. _contestants.Select(contestant => Measure(contestant, device, peers))];
        _options.Publish(parsed, terminal, Markdown.Report(
            "Whole forwards: against ONNX Runtime",
            BirthCertificate.Of(device, load, peers.Certificate),
            PeerComparison.Header,
            rows,
            peers.Reading + "Both networks have random weights; the peer's blocks share one block's weights, which favours it: fewer bytes to read.",
            "This is fp32 against fp32. On machines with AVX512-BF16 libtorch's bf16 is faster than either (DiT-S/2, batch 8, two cores of a Zen 4: "
            + "396 ms, where ONNX Runtime took 616 ms in fp32); .NET 10 does not expose these instructions.",
            peers.Verdict));
        return peers.IsMet ? ExitCode.Ok : ExitCode.RunTime;
    }

    private static string[] Measure(Contestant contestant, CpuDevice device, PeerComparison peers)
    {
        using OpenedModel opened = OpenedModel.Random(contestant.Model, contestant.ImageSize);
        using LoadedModel model = opened.Load(device);
        TransformerArchitecture architecture = model.Architecture;
        int batch = contestant.Batch, side = architecture.InputSize;
        using var forward = PlannedForward.Plan(model.Network, batch, record: true, parts: false);
        return peers.Measure(
            architecture.Name,
            $"{batch} x {architecture.Tokens} tokens",
            forward.Run,
            forward.Ops.Sum(op => op.Flops),
            contestant.Peer,
            contestant.Bound,
            OnnxInput.Noise("x", batch, architecture.InChannels, side, side),
            OnnxInput.Of("t", [.. Enumerable.Range(0, batch).Select(i => 999f * i / batch)], batch),
            OnnxInput.Of("y", [.. Enumerable.Range(0, batch).Select(i => (long)i)], batch));
    }

    /// <summary>A network and its opponent.</summary>
    /// <param name="Model">As <c>l2c bench</c> names it.</param>
    /// <param name="ImageSize">Side in pixels; null for the model's.</param>
    /// <param name="Batch">Rows of a call.</param>
    /// <param name="Peer">File name of the opponent's network.</param>
    /// <param name="Bound">Our time over the opponent's, at most.</param>
    private sealed record Contestant(string Model, int? ImageSize, int Batch, string Peer, double Bound);
}
