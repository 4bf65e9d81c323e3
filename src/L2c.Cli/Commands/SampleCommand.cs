using System.CommandLine;
using System.Diagnostics;
using L2c.Cli.Output;
using L2c.Cli.Printing;
using L2c.Model.Autoencoder;
using L2c.Model.Runs;
using L2c.Model.Samplers;

namespace L2c.Cli.Commands;

/// <summary><c>l2c sample</c>: pictures or latents from a DiT or U-ViT.</summary>
internal sealed class SampleCommand
{
    private readonly Option<string?> _ckpt =
        OptionFactory.Text("--ckpt", "FILE", "Checkpoint of a DiT or U-ViT: .safetensors, or .pt of torch.save; default the demo model beside the program");
    private readonly WeightsOptions _checkpoint = new();
    private readonly Option<string?> _classes =
        OptionFactory.Text(
            "--classes", "A,B,...",
            "Classes in turn, as numbers or names; image i has class i modulo their number. Default: all classes, or eight of a large model");
    private readonly Option<int?> _count =
        OptionFactory.Whole("--count", 1, "Images in total; default one per class listed, or eight per class of a small model");
    private readonly Option<string?> _steps =
        OptionFactory.Text(
            "--steps", "STEPS",
            "Evaluations: '20', of ddim and ddpm (which stride fractionally) also 'ddim20' (integer stride) or '10,15,20' (sections) [default: 20]",
            "--num-sampling-steps");
    private readonly Option<string?> _sampler =
        OptionFactory.Choice("--sampler", "Sampler; default: what the network's authors use, ddim for a DiT", [.. SamplerCatalog.Names]);
    private readonly Option<string?> _grid =
        OptionFactory.Choice("--grid", $"How the times of a DPM-Solver are spaced [default: {SamplerCatalog.Grids[0]}]", [.. SamplerCatalog.Grids]);
    private readonly Option<double?> _eta = OptionFactory.NonNegative("--eta", "DDIM's noise, 0 (none) to 1 [default: 0]");
    private readonly Option<double?> _cfgScale =
        OptionFactory.NonNegative("--cfg-scale", "Guidance scale; 1 means no guidance and half the work [default: 1.5]");
    private readonly Option<string> _guidance =
        OptionFactory.OneOf(
            "--guidance",
            "Channels that guidance acts on: the first three, as the published code does, all, or none", "published", "all", "none");
    private readonly Option<bool> _clip = OptionFactory.Switch("--clip-denoised", "Clamp the predicted x0 to [-1, 1] at every step");
    private readonly Option<ulong?> _seed = OptionFactory.Seed("--seed", "Seed of all noise [default: 0]", "--global-seed");
    private readonly Option<string> _rng =
        OptionFactory.OneOf(
            "--rng",
            "Noise: l2c depends on seed and image only; torch is PyTorch's CPU stream, which depends on the number of images too", "l2c", "torch");
    private readonly Option<string?> _noise = OptionFactory.Text("--noise", "FILE", "Start from the tensor x_T [N,C,H,W] of this file");
    private readonly Option<int?> _batch = OptionFactory.Whole(
        "--batch", 1, "Images computed together; default as many as make 1024 tokens on the CPU, 16384 on CUDA; changes speed and memory");
    private readonly Option<string?> _vae =
        OptionFactory.Text("--vae", "FILE", "Decode latents by this autoencoder, of Stable Diffusion's kind: .safetensors, or .pt of torch.save");
    private readonly Option<int?> _vaeTile = OptionFactory.Whole(
        "--vae-tile", ImageDecoder.SmallestTile,
        "Side in latents of the tiles in which larger ones are decoded, which bounds memory and changes the picture slightly "
        + $"[default: {ImageDecoder.DefaultTile}]");
    private readonly CacheOptions _cache = new();
    private readonly DeviceOptions _device;
    private readonly Option<string?> _out =
        OptionFactory.Text(
            "--out", "DIR|FILE.png|FILE.npz",
            "Where to write; in a folder under the next free number [default: samples]; FILE.npz: one array for metrics, continued if interrupted");
    private readonly SampleSetOptions _set = new();
    private readonly Option<bool> _separate = OptionFactory.Switch("--separate", "One PNG per image, at its own size, instead of a labelled grid");
    private readonly Option<string?> _trajectory =
        OptionFactory.Text(
            "--trajectory", "FILE",
            "Also write the state after every evaluation: safetensors, x_steps [evaluations,N,C,H,W] and timesteps");
    private readonly Option<bool> _force = OptionFactory.Switch("--force", "Overwrite files that were named");
    private readonly Option<bool> _json = OptionFactory.Switch("--json", "Print one JSON object on standard output");
    private readonly Option<bool> _saveResult = OptionFactory.Switch(
        "--save-result", "Also write what --json prints, with the command line and the schedule, as STEM.json: l2c report shows it");
    private readonly Option<bool> _noProgress = OptionFactory.Switch("--no-progress", "Draw no progress bar");

    /// <param name="cuda">How CUDA devices are found and opened.</param>
    public SampleCommand(CudaAccess cuda) => _device = new DeviceOptions(cuda);

    /// <summary>The options of the device.</summary>
    internal DeviceOptions Where => _device;

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CudaAccess cuda)
    {
        SampleCommand self = new(cuda);
        Command command = new(
            "sample", "Samples images and writes them as PNG; without options, a grid by the demo model with its router (without it: --cache none).");
        command.Add(self._ckpt);
        self._checkpoint.AddTo(command);
        foreach (Option option in (Option[])[
            self._classes, self._count, self._steps, self._sampler, self._grid, self._eta, self._cfgScale, self._guidance, self._clip,
            self._seed, self._rng, self._noise, self._batch, self._vae, self._vaeTile])
        {
            command.Add(option);
        }

        self._cache.AddTo(command);
        self._device.AddTo(command);
        self._device.AddGraphTo(command);
        command.Add(self._out);
        self._set.AddTo(command);
        foreach (Option option in (Option[])[self._separate, self._trajectory, self._saveResult, self._force, self._json, self._noProgress])
        {
            command.Add(option);
        }

        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    /// <summary>Adds the options that choose model, sampler, batch, schedule and device to another command that makes the same run.</summary>
    /// <param name="command">The command.</param>
    /// <param name="withSchedule">Whether it takes a schedule.</param>
    /// <param name="withCacheType">Whether it takes the type that outputs are kept in.</param>
    internal void AddRunOptionsTo(Command command, bool withSchedule = false, bool withCacheType = false)
    {
        command.Add(_ckpt);
        _checkpoint.AddTo(command);
        foreach (Option option in (Option[])[_classes, _steps, _sampler, _grid, _eta, _cfgScale, _guidance, _clip, _seed, _batch])
        {
            command.Add(option);
        }

        if (withSchedule)
        {
            _cache.AddScheduleTo(command);
        }

        if (withCacheType)
        {
            _cache.AddTypeTo(command);
        }

        _device.AddTo(command);
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        Stopwatch clock = Stopwatch.StartNew();
        RunRequest run = Read(parsed);
        if (_set.Read(parsed, parsed.GetValue(_out), run.Sample, parsed.GetValue(_force)) is { } set)
        {
            return RunSet(run, set, parsed, terminal);
        }

        SampleOutput output = new()
        {
            Separate = parsed.GetValue(_separate),
            States = parsed.GetValue(_trajectory),
            Schedule = _cache.SaveSchedule(parsed),
            AsSmoothCache = _cache.SavesAsSmoothCache(parsed),
            SavesResult = parsed.GetValue(_saveResult),
            Overwrite = parsed.GetValue(_force),
        };
        using OutputTarget target = OutputTarget.Parse(parsed.GetValue(_out), output.Overwrite);
        using OpenedModel opened = OpenedModel.Open(run.Checkpoint, run.Hints);
        SampleJob job = new(run.Sample, opened.Architecture, run.Device);
        output.Prepare(job, target, run.Inputs);
        bool json = parsed.GetValue(_json);
        SampleSummary.Announce(job, terminal, json);
        terminal.Note(job.Remark);
        terminal.Note(run.Device.Note);

        using LoadedModel model = opened.Load(run.Device, demand: job.Demand);
        double loadMs = clock.Elapsed.TotalMilliseconds;
        using ProgressBar progress = new(terminal, !parsed.GetValue(_noProgress));
        SampleResult result = model.Sample(job, progress, terminal.Cancel);
        IReadOnlyList<string> files = output.Write(
            result,
            target,
            paths => ResultFile.Of(
                parsed,
                SampleSummary.ToJson(result, paths, opened.Source, loadMs, clock.Elapsed.TotalMilliseconds),
                SampleFiles.ScheduleText(job, asSmoothCache: false)));
        SampleSummary.Print(result, files, opened.Source, loadMs, clock.Elapsed.TotalMilliseconds, terminal, json);
        return ExitCode.Ok;
    }

    private int RunSet(RunRequest run, SampleSetRequest request, ParseResult parsed, Terminal terminal)
    {
        if (parsed.GetValue(_separate) || parsed.GetValue(_saveResult) || _cache.SaveSchedule(parsed) is not null)
        {
            throw new UsageException(
                $"--out {request.Out} is a set of images, beside which nothing is written; omit --separate, --save-schedule and --save-result");
        }

        NamedFiles.Check([("--out", request.Out)], run.Inputs);
        using OpenedModel opened = OpenedModel.Open(run.Checkpoint, run.Hints);
        SampleSetJob job = new(request, opened.Architecture, run.Device);
        terminal.Note(job.Sample.Remark);
        terminal.Note(run.Device.Note);
        using ProgressBar progress = new(terminal, !parsed.GetValue(_noProgress));
        return SampleSetText.Print(opened.SampleSet(job, progress, terminal.Cancel), terminal, parsed.GetValue(_json));
    }

    /// <summary>What was asked for; options that the command does not have are left at their defaults.</summary>
    /// <param name="parsed">The command line.</param>
    internal RunRequest Read(ParseResult parsed)
    {
        string? checkpoint = parsed.GetValue(_ckpt);
        SampleRequest request = new()
        {
            Steps = parsed.GetValue(_steps) ?? "20",
            Sampler = parsed.GetValue(_sampler),
            Grid = parsed.GetValue(_grid),
            Eta = parsed.GetValue(_eta),
            CfgScale = parsed.GetValue(_cfgScale),
            Guidance = parsed.GetValue(_guidance) switch { "all" => Guidance.AllChannels, "none" => Guidance.None, _ => Guidance.Published },
            Seed = parsed.GetValue(_seed) ?? 0,
            TorchNoise = parsed.GetValue(_rng) == "torch",
            Classes = parsed.GetValue(_classes),
            Count = parsed.GetValue(_count),
            Batch = parsed.GetValue(_batch),
            Noise = parsed.GetValue(_noise),
            KeepStates = parsed.GetValue(_trajectory) is not null,
            Vae = parsed.GetValue(_vae),
            VaeTile = parsed.GetValue(_vaeTile),
            ClipDenoised = parsed.GetValue(_clip),
            Cache = _cache.Read(parsed, isOfDemo: checkpoint is null),
        };
        return new RunRequest(checkpoint, _checkpoint.Read(parsed), _device.Decide(parsed), _cache.Compare(parsed, request));
    }
}
