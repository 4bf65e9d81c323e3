using System.CommandLine;
using System.Globalization;
using L2c.Cli.Commands;
using L2c.Cli.Output;
using L2c.Kernels;
using L2c.Model.Accounting;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Randomness;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Bench.Caching;

/// <summary>
/// <c>router</c>: does a published router of U-ViT-H/2 make a run faster by as much as it saves? A network as deep, of any width, with random weights.
/// </summary>
internal sealed class RouterBench
{
    private const int Images = 2, Rounds = 7, Width = 256, HeadWidth = 72;
    private const string Model = "U-ViT-H/2";
    private const double Bound = 1.05;

    private readonly BenchOptions _options = new(Rounds);
    private readonly Option<string?> _router = OptionFactory.Text("--router", "FILE", "Router of the network's depth, as dpm50_router.pth; needed");
    private readonly Option<double?> _threshold = OptionFactory.NonNegative("--threshold", "Of the router; default as published");
    private readonly Option<int?> _images = OptionFactory.Whole("--images", 1, $"Images per run [default: {Images}]");
    private readonly Option<int?> _width = OptionFactory.Whole("--width", 8, $"Width of the network; {Model} has 1152 [default: {Width}]");

    /// <summary>The verb.</summary>
    public static Command Create(Terminal terminal)
    {
        RouterBench self = new();
        Command command = new("router", $"A network of {Model}'s depth: time of a run with a published router against its MACs.");
        foreach (Option option in (Option[])[self._router, self._threshold, self._images, self._width])
        {
            command.Add(option);
        }

        self._options.AddTo(command);
        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        string path = parsed.GetValue(_router) ?? throw new UsageException("--router is missing; name a router's file");
        int images = parsed.GetValue(_images) ?? Images, rounds = _options.Rounds(parsed);
        TransformerArchitecture architecture = OfWidth(parsed.GetValue(_width) ?? Width);
        NetworkInfo network = NetworkFamilies.Describe(architecture);
        RouterLogits router = Load(path);
        SamplerTable sampler = SamplerCatalog.Create(network, router.Architecture.Evaluations.ToString(CultureInfo.InvariantCulture));
        double threshold = parsed.GetValue(_threshold) ?? network.Family.Recipe(architecture, sampler.Evaluations.Count).Threshold;
        CacheSchedule schedule = RouterSchedule.From(router, threshold, sampler);
        RunCost cost = new(schedule, network.Cost);

        string load = BirthCertificate.Load();
        using CpuDevice device = _options.OpenCpu(parsed);
        using Network model = NetworkFamilies.Load(architecture, new RandomWeights(architecture).Read, device);
        SamplingOptions options = new() { Guidance = Guidance.None };
        using SamplingRun full = SamplingRun.Plan(model, sampler, images, options);
        using SamplingRun cached = SamplingRun.Plan(model, sampler, schedule, images, options);
        int[] labels = [.. Enumerable.Range(0, images)];
        CounterNoiseSource noise = new(seed: 0);
        var timing = InterleavedTiming.Measure(
            [() => full.Run(labels, 1, noise), () => cached.Run(labels, 1, noise)], rounds, warmUpRounds: 1, cancel: terminal.Cancel);

        var ratio = MedianInterval.Of(timing.Ratios(1, 0));
        double macs = (double)cost.MacsAfter / cost.MacsBefore;
        bool isMet = ratio.Median / macs <= Bound;
        _options.Publish(parsed, terminal, Markdown.Report(
            "A published router: time against multiply-accumulates",
            BirthCertificate.Of(
                device,
                load,
                ("model", $"{architecture.Blocks} blocks, width {architecture.HiddenSize}, {architecture.Tokens} tokens, random weights"),
                ("run", $"{images} images, {sampler.Evaluations.Count} {sampler.Name} evaluations, no guidance, noise and uploads included"),
                ("router", $"{Path.GetFileName(path)}, threshold {Number(threshold)}: {schedule.SkippedText} of {schedule.CacheBranches}"),
                ("rounds", $"{rounds}, each both runs once in turn")),
            ["run", "ms", "MACs / uncached", "time / uncached", "time ratio / MAC ratio"],
            [
                ["uncached", Quartiles.Of(timing.Milliseconds[0]).Text("0.0"), Number(1), Number(1), ""],
                ["router", Quartiles.Of(timing.Milliseconds[1]).Text("0.0"), Number(macs), ratio.Text("0.000"), Number(ratio.Median / macs)],
            ],
            $"Values are medians over the rounds, with quartiles in brackets; the time ratio is taken round by round, "
            + $"with {MedianInterval.Words(rounds)} in brackets.",
            $"Bound: time ratio / MAC ratio at most {Bound}. {(isMet ? "Met." : "**Missed.**")}"));
        return isMet ? ExitCode.Ok : ExitCode.RunTime;
    }

    private static TransformerArchitecture OfWidth(int width)
    {
        // Heads as wide as the published ones, or as near as divides the width.
        int heads = Enumerable.Range(1, width).Where(count => width % count == 0).MinBy(count => Math.Abs((width / (double)count) - HeadWidth));
        return PublishedModels.Find(Model)! with { Name = $"{Model} of width {width}", HiddenSize = width, Heads = heads };
    }

    private static RouterLogits Load(string path)
    {
        using TensorFile file = TensorFiles.Open(path);
        return RouterLogits.Load(file);
    }

    private static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
