using System.CommandLine;
using System.Diagnostics;
using L2c.Cli.Benchmarks;
using L2c.Cli.Devices;
using L2c.Cli.Output;
using L2c.Cli.Profiling;
using L2c.Cli.Sampling;
using L2c.Model.Accounting;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Randomness;
using L2c.Model.Samplers;
using L2c.Model.Sampling;
using L2c.Weights.Layouts;

namespace L2c.Cli.Commands;

/// <summary><c>l2c bench sample</c>: a whole sampling run; with a schedule, in turn with the run that computes everything.</summary>
internal sealed class BenchSampleCommand(CudaAccess cuda)
{
    private const int DefaultImages = 8, DefaultRepeat = 8;
    private const double DefaultCfgScale = 1.5;

    private readonly BenchOptions _options = new(cuda, DefaultRepeat);
    private readonly CacheOptions _cache = new();
    private readonly Option<int?> _images = Words.Whole("--images", 1, $"Images of a run, all in one batch [default: {DefaultImages}]", most: 65536);
    private readonly Option<string?> _steps = Words.Text("--steps", "STEPS", "DDIM steps, as for l2c sample [default: 20]");
    private readonly Option<double?> _cfgScale = Words.NonNegative(
        "--cfg-scale", $"Guidance scale; 1 is no guidance and half the work [default: {DefaultCfgScale}]");

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CudaAccess cuda)
    {
        BenchSampleCommand self = new(cuda);
        Command command = new("sample", "A whole sampling run; with a router or a rule in turn with the run that computes everything.");
        foreach (Option option in (Option[])[self._images, self._steps, self._cfgScale])
        {
            command.Add(option);
        }

        self._cache.AddScheduleTo(command);
        self._options.AddTo(command);
        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        int images = parsed.GetValue(_images) ?? DefaultImages;
        double scale = parsed.GetValue(_cfgScale) ?? DefaultCfgScale;
        CacheRequest request = _cache.Read(parsed);
        SamplerTable sampler = MakeSampler(parsed.GetValue(_steps) ?? "20");
        DeviceChoice choice = _options.Decide(parsed);
        CacheChoice? cache = null;
        using BenchSubject subject = _options.Open(parsed, choice, a => cache = Decide(request, a, sampler, scale), terminal);

        cache?.PrintRemark(terminal);
        Network model = subject.Model;
        SamplingOptions options = new()
        {
            Guidance = scale == 1 ? Guidance.None : Guidance.Published,
            OneSequence = choice.OneSequence,
            Switches = choice.Switches,
        };
        var none = CacheSchedule.Full(sampler.Evaluations.Count, model.Architecture.Branches);
        Peak peak = DeviceFacts.MeasurePeak(model.Device);
        long began = Stopwatch.GetTimestamp();
        using SamplingRun run = SamplingRun.Plan(model, sampler, cache?.Schedule ?? none, images, options);
        double planMs = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        using SamplingRun? full = cache is null ? null : SamplingRun.Plan(model, sampler, none, images, options);

        int[] labels = [.. Enumerable.Range(0, images).Select(i => i % model.Architecture.NumClasses)];
        CounterNoiseSource noise = new(seed: 0);
        SamplingRun[] runs = full is null ? [run] : [run, full];
        Action[] contestants = [.. runs.Select<SamplingRun, Action>(r => () => r.Run(labels, (float)scale, noise, cancel: terminal.Cancel))];
        double[][] milliseconds = Contest.Measure(contestants, Rounds(parsed, runs.Length), terminal.Cancel, BenchOptions.WarmUp);

        float[] samples = new float[run.StateShape.Count];
        run.ReadState(samples);
        long flops = PaperRun.Of(model.Architecture, model.Device, sampler, run.Schedule, images, options).Ops.Sum(op => op.Flops);
        BenchReport report = BenchReport.Of(subject, peak, images, flops, run.RunBytes, milliseconds[0], planMs, samples) with
        {
            Evaluations = sampler.Evaluations.Count,
            CfgScale = scale,
            Cache = cache?.Text,
            GraphNodes = choice.OneSequence ? run.Launches : null,
        };
        _options.Print(parsed, full is null ? report : Compare(report, run, milliseconds), terminal);
        return ExitCode.Ok;
    }

    /// <summary>A multiple of the contestants, so that each goes first equally often.</summary>
    private int Rounds(ParseResult parsed, int contestants) => (_options.Repeat(parsed) + contestants - 1) / contestants * contestants;

    private static BenchReport Compare(BenchReport report, SamplingRun run, double[][] milliseconds)
    {
        RunCost cost = new(run.Schedule, NetworkCost.Of(run.Model.Architecture));
        double time = Median.Of(Contest.Ratios(milliseconds[0], milliseconds[1])), macs = (double)cost.MacsAfter / cost.MacsBefore;
        return report with
        {
            FullMedianMs = Math.Round(Median.Of(milliseconds[1]), 4),
            TimeRatio = time,
            MacRatio = macs,
            TimeToMacRatio = time / macs,
        };
    }

    private static CacheChoice? Decide(CacheRequest request, TransformerArchitecture architecture, SamplerTable sampler, double scale) =>
        scale != 1 && !architecture.HasNullClass
            ? throw new UsageException($"{architecture.Name} has no null class, so it cannot be guided; give --cfg-scale 1")
            : CacheChoice.Decide(request, architecture, sampler);

    private static SamplerTable MakeSampler(string steps)
    {
        try
        {
            return Ddim.Table(steps);
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"--steps {steps}: {e.Message}", e);
        }
    }
}
