using System.CommandLine;
using System.Globalization;
using System.IO.Enumeration;
using L2c.Bench.Peers;
using L2c.Cli.Commands;
using L2c.Cli.Output;
using L2c.Cli.Printing;
using L2c.Kernels;
using L2c.Weights;

namespace L2c.Bench.Gemm;

/// <summary>
/// <c>gemm</c>: which share of the cores' multiply-adds do the CPU's matrix products reach, and how fast are OpenBLAS and ONNX Runtime in the
/// same minute? The linear maps, attentions and gradients of three networks and of the demo model's training; the convolutions of a decoder and of Inception.
/// </summary>
internal sealed class GemmBench
{
    private const int Rounds = 31;
    private const double SmallBound = 0.92, LargeBound = 0.85;

    private static readonly Window _same = Window.Square(3, padding: 1);
    private static readonly Window _line = new(1, 7, Left: 3, Right: 3);
    private static readonly Window _column = new(7, 1, Top: 3, Bottom: 3);

    private static readonly Contestant[] _contestants =
    [
        Linear("DiT-S qkv", 2048, 1152, 384, SmallBound),
        Linear("DiT-S fc2", 2048, 384, 1536, SmallBound),
        Linear("tiny qkv", 1024, 576, 192, SmallBound),
        Linear("tiny fc2", 1024, 192, 768, SmallBound),
        Linear("DiT-XL fc1", 512, 4608, 1152, LargeBound),
        Linear("DiT-XL fc2", 512, 1152, 4608, LargeBound),
        Linear("DiT-S fc1", 2048, 1536, 384, null),
        Linear("tiny fc1", 1024, 768, 192, null),
        Linear("demo proj", 8192, 128, 128, null),
        Linear("demo fc1", 8192, 512, 128, null),
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
        Convolution("decoder, from latents", 1, 32, 32, 4, 512, _same),
        Convolution("decoder, 32", 1, 32, 32, 512, 512, _same),
        Convolution("decoder, 64", 1, 64, 64, 512, 512, _same),
        Convolution("decoder, 128", 1, 128, 128, 256, 256, _same),
        Convolution("decoder, 256", 1, 256, 256, 128, 128, _same),
        Convolution("decoder, to pixels", 1, 256, 256, 128, 3, _same),
        Attention("decoder, attention", 1, 1024, 512, 1),
        Attention("decoder, attention of 512 px", 1, 4096, 512, 1),
        Convolution("Inception 1a", 4, 299, 299, 3, 32, Window.Square(3, stride: 2)),
        Convolution("Inception 2a", 4, 149, 149, 32, 32, Window.Square(3)),
        Convolution("Inception 2b", 4, 147, 147, 32, 64, _same),
        Convolution("Inception 4a", 4, 73, 73, 80, 192, Window.Square(3)),
        Convolution("Inception 5b, 5x5", 8, 35, 35, 48, 64, Window.Square(5, padding: 2)),
        Convolution("Inception 5b, 3x3", 8, 35, 35, 96, 96, _same),
        Convolution("Inception 6a", 8, 35, 35, 288, 384, Window.Square(3, stride: 2)),
        Convolution("Inception 6c, 1x7", 8, 17, 17, 160, 160, _line),
        Convolution("Inception 6c, 7x1", 8, 17, 17, 160, 160, _column),
        Convolution("Inception 7b, 3x3", 16, 8, 8, 448, 384, _same),
        Convolution("Inception 7b, 1x3", 16, 8, 8, 384, 384, new Window(1, 3, Left: 1, Right: 1)),
    ];

    private readonly BenchOptions _options = new(Rounds);
    private readonly Option<string?> _only = OptionFactory.Text("--only", "PATTERN", "Products whose names fit; * and ? stand for anything");

    /// <summary>The verb.</summary>
    public static Command Create(Terminal terminal)
    {
        GemmBench self = new();
        Command command = new(
            "gemm", "Matrix products of DiT-S, a tiny network and DiT-XL, and gradients, on the CPU, against its peak of multiply-adds.");
        command.Add(self._only);
        self._options.AddTo(command);
        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        int rounds = _options.Rounds(parsed);
        string pattern = parsed.GetValue(_only) ?? "*";
        Contestant[] contestants = [.. _contestants.Where(c => FileSystemName.MatchesSimpleExpression(pattern, c.Name))];
        if (contestants.Length == 0)
        {
            throw new UsageException($"--only {FileText.Printable(pattern)}: no product has such a name; try *Inception* or *decoder*");
        }

        string load = BirthCertificate.Load();
        using CpuDevice device = _options.OpenCpu(parsed);
        ProductPeers peers = new(device);
        BestRate alone = new();
        FmaPeak.Measure(device, alone);
        bool isMet = true;
        List<string[]> rows = [.. contestants.Select(Measure)];
        FmaPeak.Measure(device, alone);
        string best = FormattableString.Invariant($"Alone, before and after all products, it reaches {alone.Value:0} GFLOP/s ({PeakText.Of(alone.Spread)}): ")
            + "a row whose peak is far below was measured beside other work.";
        _options.Publish(parsed, terminal, Markdown.Report(
            "Matrix products: share of the peak of multiply-adds",
            BirthCertificate.Of(device, load,
                [.. peers.Certificate, ("rounds", $"{rounds} for each product, each the product, the peak and the peers once in rotating order")]),
            ["product", "shape", "GFLOP/s", "peak GFLOP/s", "share of peak", "bound", .. ProductPeers.Header],
            rows,
            "Linear maps (M, N, K) on packed weights, bias added; dW is the gradient of their weights, dx of their inputs. Attention (batch x "
            + "tokens, width, heads), softmax included in the time but not in the operations; backward counts five products, one of them "
            + "recomputed. Convolutions (images x lines x columns, channels, outputs, window) of Stable Diffusion's decoder at 256 pixels and of "
            + "Inception. The peak is a loop of multiply-adds in registers on all threads, as many operations as the product, run in turn with it. "
            + "Values are medians over the rounds, with quartiles in brackets; shares are taken round by round, with "
            + MedianInterval.Words(rounds) + " in brackets. " + best,
            peers.Reading,
            isMet ? "Bounds: all met." : "Bounds: **missed** where the share is below."));
        return isMet ? ExitCode.Ok : ExitCode.RunTime;

        string[] Measure(Contestant contestant)
        {
            using MatrixWork work = contestant.Create(device);
            using PeakLoop peak = new(device, work.Flops);
            using ProductPeers.Entry entry = peers.Enter(contestant.Product);
            var timing = InterleavedTiming.Measure([work.Run, peak.Run, .. entry.Runs], rounds, BenchOptions.WarmUp, cancel: terminal.Cancel);
            double[] products = PeakLoop.Gflops(timing.Milliseconds[0], work.Flops), peaks = PeakLoop.Gflops(timing.Milliseconds[1], peak.Flops);
            var share = MedianInterval.Of(products.Zip(peaks, (product, at) => product / at));
            bool isBelow = share.Median < contestant.Bound;
            isMet &= !isBelow;
            return
            [
                contestant.Name, contestant.Shape, Quartiles.Of(products).Text("0"), Quartiles.Of(peaks).Text("0"), share.Text("0.000"),
                contestant.Bound is { } bound ? $"{bound.ToString("0.00", CultureInfo.InvariantCulture)}{(isBelow ? " missed" : "")}" : "",
                .. entry.Cells(timing, 0, 2, work.Flops),
            ];
        }
    }

    private static Contestant Linear(string name, int m, int n, int k, double? bound, Activation activation = Activation.None) =>
        new(name, $"{m}, {n}, {k}", bound, device => MatrixWork.Linear(device, m, n, k, activation),
            new MatrixProduct(ProductForm.Forward, m, n, k, activation));

    private static Contestant Convolution(string name, int batch, int height, int width, int channels, int outputs, Window window) => new(
        name, $"{batch} x {height} x {width}, {channels}, {outputs}, {window.Height} x {window.Width}", null,
        device => MatrixWork.Convolution(device, new Shape(batch, height, width, channels), outputs, window));

    private static Contestant Attention(string name, int batch, int tokens, int width, int heads) =>
        new(name, $"{batch} x {tokens}, {width}, {heads}", null, device => MatrixWork.Attention(device, batch, tokens, width, heads));

    private static Contestant InputGradient(string name, int m, int n, int k) =>
        new(name, $"{m}, {n}, {k}", null, device => MatrixWork.InputGradient(device, m, n, k),
            new MatrixProduct(ProductForm.InputGradient, m, n, k));

    private static Contestant WeightGradient(string name, int m, int n, int k) =>
        new(name, $"{m}, {n}, {k}", null, device => MatrixWork.WeightGradient(device, m, n, k),
            new MatrixProduct(ProductForm.WeightGradient, m, n, k));

    private static Contestant AttentionBackward(string name, int batch, int tokens, int width, int heads) =>
        new(name, $"{batch} x {tokens}, {width}, {heads}", null, device => MatrixWork.AttentionBackward(device, batch, tokens, width, heads));

    /// <summary>What is measured.</summary>
    /// <param name="Name">Network and layer.</param>
    /// <param name="Shape">Sizes, as the report explains them.</param>
    /// <param name="Bound">Least share of the peak; null where none is set.</param>
    /// <param name="Create">Records it.</param>
    /// <param name="Product">What peers compute beside it; null where they have no such op.</param>
    private sealed record Contestant(
        string Name, string Shape, double? Bound, Func<CpuDevice, MatrixWork> Create, MatrixProduct? Product = null);
}
