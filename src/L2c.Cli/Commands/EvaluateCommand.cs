using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using L2c.Cli.Devices;
using L2c.Cli.Evaluation;
using L2c.Cli.Output;
using L2c.Cli.Sampling;

namespace L2c.Cli.Commands;

/// <summary><c>l2c evaluate</c>: how far samples are from data.</summary>
internal sealed class EvaluateCommand
{
    private const string DefaultLadder = "5,10,20,50";

    private readonly Argument<string?> _samples = new("SAMPLES")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description = "Images to compare: .npz, .npy, .safetensors, or a folder of PNG; without it, a model is sampled",
    };

    private readonly SampleCommand _sample;
    private readonly Command _runOptions = new("run");
    private readonly Option<int?> _count = Words.Whole(
        "--count", 2,
        $"Images to sample; of a file or folder the first N [default: {DataOptions.DefaultCount}; of a file or folder all]",
        FrechetMeter.MostImages);
    private readonly DataOptions _data = new();
    private readonly Option<string?> _ladder = Words.Text(
        "--ddim", "LIST|none", $"Also measure DDIM without caching at these numbers of steps, from the same noise [default: {DefaultLadder}]");
    private readonly Option<bool> _json = Words.Switch("--json", "Print one JSON object on standard output");
    private readonly Option<bool> _noProgress = Words.Switch("--no-progress", "Draw no progress bar");

    private EvaluateCommand(CudaAccess cuda) => _sample = new SampleCommand(cuda);

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CudaAccess cuda)
    {
        EvaluateCommand self = new(cuda);
        Command command = new(
            "evaluate",
            "Fréchet distance between samples and data in fixed random-convolution features, with a bootstrap interval, for small images.")
        {
            self._samples,
        };
        self._sample.AddRunOptionsTo(self._runOptions);
        foreach (Option option in (Option[])[
            .. self._runOptions.Options, self._count, .. self._data.All, self._ladder, self._json, self._noProgress])
        {
            command.Add(option);
        }

        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        Stopwatch clock = Stopwatch.StartNew();
        EvaluateReport report = parsed.GetValue(_samples) is { } samples ? OfImages(parsed, samples, terminal) : OfModel(parsed, terminal);
        report = report with { ElapsedMs = Math.Round(clock.Elapsed.TotalMilliseconds, 3) };
        if (parsed.GetValue(_json))
        {
            terminal.PrintJson(report);
        }
        else
        {
            report.Print(terminal);
        }

        return ExitCode.Ok;
    }

    private EvaluateReport OfImages(ParseResult parsed, string text, Terminal terminal)
    {
        if (_runOptions.Options.Append(_ladder).FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } option)
        {
            throw new UsageException($"{option.Name} belongs to sampling, but {text} is given; leave one away");
        }

        using IImageSet images = ImageSets.Open(text);
        using IImageSet data = ImageSets.Open(_data.Text(parsed), images.Height);
        int wanted = parsed.GetValue(_count) ?? (images.Count is null ? DataOptions.DefaultCount : FrechetMeter.MostImages);
        int count = (int)Math.Min(wanted, images.Count ?? long.MaxValue);
        FrechetMeter meter = Meter(parsed, data, threads: 0, terminal);
        meter.WarnOfFew(count, images.Name);
        return Report(meter, data, DistanceReport.Of(images.Name, null, count, meter.Of(images, 0, count)), terminal);
    }

    private EvaluateReport OfModel(ParseResult parsed, Terminal terminal)
    {
        int count = parsed.GetValue(_count) ?? DataOptions.DefaultCount;
        string[] ladder = Ladder(parsed.GetValue(_ladder) ?? DefaultLadder);
        using ModelSamples model = new(_sample.Read(parsed) with { Count = count, ShowProgress = !parsed.GetValue(_noProgress) }, terminal);
        SampleJob[] jobs = [.. ladder.Select(steps => new SampleJob(Plain(model.Request, steps), model.Architecture))];
        using IImageSet data = ImageSets.Open(_data.Text(parsed), model.Architecture.InputSize);
        model.RequireSizeOf(data);
        FrechetMeter meter = Meter(parsed, data, model.Request.Device.Threads, terminal);
        meter.WarnOfFew(count, "the samples");
        DistanceReport samples = Measure(model.Job, $"{model.Architecture.Name}, {model.Job.Sampler.Name}{Cache(model.Job)}");
        DistanceReport[] others = [.. jobs.Select(job =>
            IsPlain(model.Request) && job.Request.Steps == model.Request.Steps ? samples : Measure(job, model.Architecture.Name + ", ddim"))];
        return Report(meter, data, samples, terminal) with
        {
            Ddim = others,
            Parameters = SampleParameters.Of(model.Job, model.Checkpoint),
            Device = DeviceFacts.Of(model.Model.Device).Name,
        };

        DistanceReport Measure(SampleJob job, string name)
        {
            int steps = job.Sampler.Evaluations.Count;
            return DistanceReport.Of($"{name}, {steps} steps", steps, job.Count, meter.Of(model.Sample(job), name));
        }
    }

    private FrechetMeter Meter(ParseResult parsed, IImageSet data, int threads, Terminal terminal) =>
        new(data, _data.Count(parsed), threads, !parsed.GetValue(_noProgress), terminal);

    private static EvaluateReport Report(FrechetMeter meter, IImageSet data, DistanceReport samples, Terminal terminal)
    {
        DistanceReport? floor = meter.Floor(samples.Images) is { } other
            ? DistanceReport.Of($"other images of {data.Name}", null, other.Count, other.Estimate)
            : null;
        if (floor?.Images != samples.Images)
        {
            terminal.Err.WriteLine(
                $"l2c: note: {data.Name} leaves {floor?.Images ?? 0} images beside the {meter.Count} compared with, so the floor is "
                + $"{(floor is null ? "missing" : "of fewer images than the samples")}; a smaller --data-count leaves more");
        }

        return new EvaluateReport(EvaluateReport.FeatureName, data.Name, meter.Count, samples, floor, null, null, null, 0);
    }

    private static string Cache(SampleJob job) => job.Cache is null ? "" : $", {job.Cache.Text}";

    private static bool IsPlain(SampleRequest request) =>
        request is { Sampler: "ddim", Eta: null or 0, Cache: { Router: null, Rule: null } };

    private static SampleRequest Plain(SampleRequest request, string steps) =>
        request with { Steps = steps, Sampler = "ddim", Eta = null, Cache = new CacheRequest() };

    private static string[] Ladder(string list)
    {
        string[] steps = list == "none" ? [] : list.Split(',', StringSplitOptions.TrimEntries);
        return Array.TrueForAll(steps, text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0)
            ? steps
            : throw new UsageException($"--ddim needs numbers of steps separated by commas, or none, not '{list}'");
    }
}
