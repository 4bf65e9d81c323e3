using System.CommandLine;
using L2c.Cli.Commands;
using L2c.Cli.Output;
using L2c.Kernels;
using L2c.Weights;
using L2c.Weights.Storage;

namespace L2c.Bench.Experiment;

/// <summary>
/// <c>experiment</c>: all caching methods at matched time, by their distance to the data. Work of hours in stages, each of which goes on where it
/// was: rows and schedules, samples, times, table.
/// </summary>
internal sealed class ExperimentVerb
{
    private static readonly string[] _stages = ["prepare", "samples", "times", "table"];

    private readonly Option<int?> _steps = OptionFactory.Whole("--steps", 2, "Evaluations of the uncached run [default: 20]", 1000);
    private readonly Option<string?> _out = OptionFactory.Text(
        "--out", "DIR", "Folder of the work and of experiment-STEPS.csv; what is there is kept [default: experiment-STEPS]");
    private readonly Option<string?> _stage = OptionFactory.Choice("--stage", "Only this stage; default all of them, one after the other", _stages);
    private readonly Option<string[]> _methods = OptionFactory.Texts(
        "--method", "NAME", "A method; may be given several times; default all of them; no caching is always among them");
    private readonly Option<double[]?> _budgets = OptionFactory.NonNegatives("--budgets", "Shares of the uncached time [default: 0.85,0.7,0.55]");
    private readonly Option<int?> _images = OptionFactory.Whole("--images", 2, "Images of every row [default: 2000]", EvaluateRequest.MaxCount);
    private readonly Option<int?> _best = OptionFactory.Whole(
        "--best-images",
        2,
        "Images of no caching, fewer steps and the best three: a multiple of --images [default: 10000]",
        EvaluateRequest.MaxCount);
    private readonly Option<string?> _checkpoint = OptionFactory.Text("--ckpt", "FILE", "Checkpoint; default the demo model");
    private readonly Option<string?> _data = OptionFactory.Text("--data", "SET", $"What distances are to [default: {ImageSets.Default}]");
    private readonly Option<int?> _dataCount = OptionFactory.Whole(
        "--data-count", 2, $"Images of it [default: {EvaluateRequest.DefaultCount}]", EvaluateRequest.MaxCount);
    private readonly Option<double[]?> _lambdas = OptionFactory.NonNegatives("--l1", "Lambdas of routers of the published loss");
    private readonly Option<double[]?> _nextLambdas = OptionFactory.NonNegatives("--next-l1", "Lambdas of routers of the next-state loss");
    private readonly Option<int?> _routerSteps = OptionFactory.Whole("--router-steps", 1, "Steps of a router's training [default: 1000]");
    private readonly Option<int?> _resamples = OptionFactory.Whole("--resamples", 2, "Resamples of an interval [default: 100]", 10_000);
    private readonly Option<int?> _rounds = OptionFactory.Whole("--rounds", 1, "Rounds of a time [default: 22]");
    private readonly Option<int?> _threads = OptionFactory.Whole("--threads", 1, "CPU threads; default one per core", most: 1024);

    /// <summary>The verb.</summary>
    public static Command Create(Terminal terminal)
    {
        ExperimentVerb self = new();
        Command command = new(
            "experiment", "All caching methods at matched time: Fréchet distance, paired intervals, measured time. Goes on where it was.");
        foreach (Option option in (Option[])[
            self._steps, self._out, self._stage, self._methods, self._budgets, self._images, self._best, self._checkpoint, self._data,
            self._dataCount, self._lambdas, self._nextLambdas, self._routerSteps, self._resamples, self._rounds, self._threads])
        {
            command.Add(option);
        }

        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        int steps = parsed.GetValue(_steps) ?? 20;
        string path = parsed.GetValue(_out) ?? $"experiment-{steps}";
        using OpenedModel opened = OpenedModel.Open(parsed.GetValue(_checkpoint));
        ExperimentSettings settings = Settings(parsed, steps, opened);
        ExperimentFolder folder = new(path);
        using FolderLock locked = WorkFolder.Take(path);
        settings.Settle(folder);
        using LoadedModel model = opened.Load(DeviceChoice.Cpu with { Threads = settings.Threads });
        TaskContext context = new(new Remarks(terminal), terminal.Cancel);
        string[] stages = parsed.GetValue(_stage) is { } stage ? [stage] : _stages;
        Certify(settings, folder, (CpuDevice)model.Device, stages);
        ExperimentTable table = new(settings, folder, model, context);
        if (stages.Contains("prepare"))
        {
            new ExperimentPreparation(settings, folder, opened, model, context).Run();
        }

        if (stages.Contains("samples"))
        {
            Sample(settings, table, new ExperimentSampling(settings, folder, model, context), terminal);
        }

        if (stages.Contains("times"))
        {
            ExperimentTimes times = new(settings, folder, model, context);
            foreach (ExperimentRow row in table.Rows)
            {
                times.Complete(row);
            }
        }

        if (stages.Contains("table"))
        {
            string file = folder.File($"experiment-{steps}.csv"), csv = ExperimentFigures.ToCsv(table.Make());
            AtomicFile.Write(file, overwrite: true, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(csv)));
            terminal.Out.Write(csv);
        }

        return ExitCode.Ok;
    }

    /// <summary>Adds to the certificates of what was run here before: work that goes on may go on at another load or commit.</summary>
    private static void Certify(ExperimentSettings settings, ExperimentFolder folder, CpuDevice device, string[] stages)
    {
        IReadOnlyList<(string Name, string Value)> certificate = BirthCertificate.Of(
            device, BirthCertificate.Load(), ("stages", string.Join(", ", stages)), ("weights", settings.Weights),
            ("rounds", $"{settings.Rounds}, each a row and no caching in rotating order"));
        File.AppendAllText(folder.File($"experiment-{settings.Steps}.md"), Markdown.Certificate("A run of l2c-bench experiment", certificate) + "\n");
    }

    private static void Sample(ExperimentSettings settings, ExperimentTable table, ExperimentSampling sampling, Terminal terminal)
    {
        Complete(table.Rows, settings.Images);
        if (settings.BestImages > settings.Images)
        {
            Complete(table.BestRows(), settings.BestImages);
        }

        void Complete(IReadOnlyList<ExperimentRow> rows, int images)
        {
            for (int i = 0; i < rows.Count; i++)
            {
                terminal.Remark($"row {i + 1} of {rows.Count}, {images} images: {rows[i].Method} {rows[i].Parameter}");
                sampling.Complete(rows[i], table.Rows[0], images);
            }
        }
    }

    private ExperimentSettings Settings(ParseResult parsed, int steps, OpenedModel opened)
    {
        string[] wanted = parsed.GetValue(_methods) ?? [];
        if (Array.Find(wanted, name => !ExperimentMethods.Names.Contains(name)) is { } unknown)
        {
            throw new UsageException($"--method {unknown}: there is no such method; write {string.Join("; ", ExperimentMethods.Names)}");
        }

        ExperimentSettings preset = new()
        {
            Steps = steps,
            Checkpoint = parsed.GetValue(_checkpoint),
            Weights = FileHash.Sha256(opened.Source, CancellationToken.None),
            Methods = [.. ExperimentMethods.Names.Where(name => wanted.Length == 0 || name == ExperimentMethods.NoCaching || wanted.Contains(name))],
        };
        ExperimentSettings settings = preset with
        {
            Budgets = parsed.GetValue(_budgets) is { Length: > 0 } budgets ? budgets : preset.Budgets,
            Images = parsed.GetValue(_images) ?? preset.Images,
            BestImages = parsed.GetValue(_best) ?? preset.BestImages,
            Data = parsed.GetValue(_data) ?? preset.Data,
            DataCount = parsed.GetValue(_dataCount) ?? preset.DataCount,
            Lambdas = parsed.GetValue(_lambdas) is { Length: > 0 } lambdas ? lambdas : preset.Lambdas,
            NextStateLambdas = parsed.GetValue(_nextLambdas) is { Length: > 0 } others ? others : preset.NextStateLambdas,
            RouterSteps = parsed.GetValue(_routerSteps) ?? preset.RouterSteps,
            Resamples = parsed.GetValue(_resamples) ?? preset.Resamples,
            Rounds = parsed.GetValue(_rounds) ?? preset.Rounds,
            Threads = parsed.GetValue(_threads) ?? preset.Threads,
        };
        return settings.BestImages % settings.Images == 0
            ? settings
            : throw new UsageException($"--best-images {settings.BestImages} is not a multiple of --images {settings.Images}; give one");
    }

    /// <summary>What a person should know, one line each; how far single runs are is not told.</summary>
    private sealed class Remarks(Terminal terminal) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => terminal.Remark(value.Remark);
    }
}
