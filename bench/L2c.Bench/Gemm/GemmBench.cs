using System.CommandLine;
using System.Globalization;
using L2c.Cli.Output;
using L2c.Kernels;

namespace L2c.Bench.Gemm;

/// <summary>
/// <c>gemm</c>: which share of the cores' multiply-adds do the CPU's matrix products reach? The linear maps, attentions and
/// gradients of three networks and of the demo model's training.
/// </summary>
internal sealed class GemmBench
{
    private const int Rounds = 31;
    private const double SmallBound = 0.92, LargeBound = 0.85;

    private static readonly Contestant[] _contestants =
    [
        Linear("DiT-S qkv", 2048, 1152, 384, SmallBound),
        Linear("DiT-S fc2", 2048, 384, 1536, SmallBound),
        Linear("tiny qkv", 1024, 576, 192, SmallBound),
        Linear("tiny fc2", 1024, 192, 768, SmallBound),
        Linear("DiT-XL fc1", 512, 4608, 1152, LargeBound),
        Linear("DiT-XL fc2", 512, 1152, 4608, LargeBound),
        Linear("DiT-S fc1, GELU", 2048, 1536, 384, null, Activation.GeluTanh),
        Linear("tiny fc1, GELU", 1024, 768, 192, null, Activation.GeluTanh),
        Linear("DiT-XL fc1, GELU", 512, 4608, 1152, null, Activation.GeluTanh),
        WeightGradient("DiT-S qkv, dW", 2048, 1152, 384),
        WeightGradient("DiT-S fc2, dW", 2048, 384, 1536),
        WeightGradient("demo proj, dW", 8192, 128, 128),
        WeightGradient("demo fc1, dW", 8192, 512, 128),
        InputGradient("DiT-S qkv, dx", 2048, 1152, 384),
        InputGradient("demo fc1, dx", 8192, 512, 128),
        Attention("DiT-S attention", 8, 256, 384, 6),
        Attention("tiny attention", 16, 64, 192, 3),
        Attention("DiT-XL attention", 2, 256, 1152, 16),
        Attention("demo attention", 128, 64, 128, 2),
        AttentionBackward("DiT-S attention, backward", 8, 256, 384, 6),
        AttentionBackward("DiT-XL attention, backward", 2, 256, 1152, 16),
        AttentionBackward("demo attention, backward", 128, 64, 128, 2),
    ];

    private readonly BenchOptions _options = new(Rounds);

    /// <summary>The verb.</summary>
    public static Command Create(Terminal terminal)
    {
        GemmBench self = new();
        Command command = new(
            "gemm", "Matrix products of DiT-S, a tiny network and DiT-XL, and gradients, on the CPU, against its peak of multiply-adds.");
        self._options.AddTo(command);
        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        int rounds = _options.Rounds(parsed);
        string load = BirthCertificate.Load();
        using CpuDevice device = _options.OpenCpu(parsed);
        bool isMet = true;
        List<string[]> rows = [.. _contestants.Select(Measure)];
        _options.Publish(parsed, terminal, Markdown.Report(
            "Matrix products: share of the peak of multiply-adds",
            BirthCertificate.Of(device, load, ("rounds", $"{rounds} for each product, each the product and the peak once in rotating order")),
            ["product", "shape", "GFLOP/s", "peak GFLOP/s", "share of peak", "bound"],
            rows,
            "Linear maps (M, N, K) on packed weights, bias added; dW is the gradient of their weights, dx of their inputs. Attention (batch x "
            + "tokens, width, heads), softmax included in the time but not in the operations; backward counts five products, one of them "
            + "recomputed. The peak is a loop of multiply-adds in registers on all threads, as many operations as the product, run in turn with it. "
            + "Values are medians over the rounds, with quartiles in brackets; shares are taken round by round.",
            isMet ? "Bounds: all met." : "Bounds: **missed** where the share is below."));
        return isMet ? ExitCode.Ok : ExitCode.RunTime;

        string[] Measure(Contestant contestant)
        {
            using MatrixWork work = contestant.Create(device);
            using PeakLoop peak = new(device, work.Flops);
            var timing = InterleavedTiming.Measure([work.Run, peak.Run], rounds, BenchOptions.WarmUp, cancel: terminal.Cancel);
            double[] products = PeakLoop.Gflops(timing.Milliseconds[0], work.Flops), peaks = PeakLoop.Gflops(timing.Milliseconds[1], peak.Flops);
            var share = Quartiles.Of(products.Zip(peaks, (product, at) => product / at));
            bool isBelow = share.Median < contestant.Bound;
            isMet &= !isBelow;
            return
            [
                contestant.Name, contestant.Shape, Quartiles.Of(products).Text("0"), Quartiles.Of(peaks).Text("0"), share.Text("0.000"),
                contestant.Bound is { } bound ? $"{bound.ToString("0.00", CultureInfo.InvariantCulture)}{(isBelow ? " missed" : "")}" : "",
            ];
        }
    }

    private static Contestant Linear(string name, int m, int n, int k, double? bound, Activation activation = Activation.None) =>
        new(name, $"{m}, {n}, {k}", bound, device => MatrixWork.Linear(device, m, n, k, activation));

    private static Contestant Attention(string name, int batch, int tokens, int width, int heads) =>
        new(name, $"{batch} x {tokens}, {width}, {heads}", null, device => MatrixWork.Attention(device, batch, tokens, width, heads));

    private static Contestant InputGradient(string name, int m, int n, int k) =>
        new(name, $"{m}, {n}, {k}", null, device => MatrixWork.InputGradient(device, m, n, k));

    private static Contestant WeightGradient(string name, int m, int n, int k) =>
        new(name, $"{m}, {n}, {k}", null, device => MatrixWork.WeightGradient(device, m, n, k));

    private static Contestant AttentionBackward(string name, int batch, int tokens, int width, int heads) =>
        new(name, $"{batch} x {tokens}, {width}, {heads}", null, device => MatrixWork.AttentionBackward(device, batch, tokens, width, heads));

    /// <summary>What is measured.</summary>
    /// <param name="Name">Network and layer.</param>
    /// <param name="Shape">Sizes, as the report explains them.</param>
    /// <param name="Bound">Least share of the peak; null where none is set.</param>
    /// <param name="Create">Records it.</param>
    private sealed record Contestant(string Name, string Shape, double? Bound, Func<CpuDevice, MatrixWork> Create);
}
