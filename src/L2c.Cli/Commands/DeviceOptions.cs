using System.CommandLine;
using System.Globalization;
using L2c.Cli.Emulated;
using L2c.Cli.Output;
using L2c.Kernels;
using L2c.Weights;

namespace L2c.Cli.Commands;

/// <summary>Where to compute and in which precision.</summary>
internal sealed class DeviceOptions
{
    private static readonly string[] _devices = ["auto", "cpu", "cuda", EmulatedMachine.Word];

    private readonly CudaAccess _cuda;
    private readonly CudaPrecision _preset;
    private readonly Option<string?> _device = OptionFactory.Text(
        "--device", "auto|cpu|cuda[:n]|emulator",
        "Where to compute; auto is cuda:0 where it can be used and --threads is not given, otherwise cpu; emulator: interprets a GPU's kernels, "
        + "very slowly and with its own rounding [default: auto]")
        .Offering(_devices);
    private readonly Option<string?> _dtype;
    private readonly Option<int?> _threads = OptionFactory.Whole("--threads", 1, "CPU threads; default one per core", most: 1024);
    private readonly Option<string> _graph = OptionFactory.OneOf(
        "--graph", "Whether a run is recorded once and replayed: on CUDA one graph, one launch; off enqueues every op anew", "on", "off");
    private readonly Option<bool> _tune = OptionFactory.Switch(
        "--tune", "CUDA: time cuBLASLt's algorithms for every new shape and keep the fastest; the choices are kept on disk");
    private readonly Option<string> _fusedGelu = OptionFactory.OneOf(
        "--fused-gelu", "CUDA: GELU inside the product's kernel or in one of its own; auto is inside for fp16 and bf16 from sm_90 on", "auto", "on", "off");

    /// <param name="cuda">How CUDA devices are found and opened.</param>
    /// <param name="preset">Precision on CUDA unless the user says so.</param>
    /// <param name="refused">Precisions that the command does not compute in.</param>
    public DeviceOptions(CudaAccess cuda, CudaPrecision preset = CudaPrecision.BF16, params CudaPrecision[] refused)
    {
        (_cuda, _preset) = (cuda, preset);
        _dtype = OptionFactory.Choice(
            "--dtype",
            $"Storage type of weights and activations; tf32 stores fp32 and rounds in products. The CPU has fp32 [default: {preset.Label()} on CUDA]",
            [.. Enum.GetValues<CudaPrecision>().Except(refused).Select(p => p.Label())],
            " (on the CPU fp32)");
    }

    /// <summary>The options that every command has which computes.</summary>
    public IReadOnlyList<Option> All => [_device, _dtype, _threads, _tune, _fusedGelu];

    /// <summary>Those of them that do not say in which precision, for what computes in one alone.</summary>
    public IEnumerable<Option> AllButPrecision => All.Except([_dtype]);

    /// <summary>Adds them.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in All)
        {
            command.Add(option);
        }
    }

    /// <summary>Adds the choice between replaying and enqueuing anew.</summary>
    public void AddGraphTo(Command command) => command.Add(_graph);

    /// <summary>Decides, and makes sure that what was decided is there. Starts nothing.</summary>
    /// <exception cref="UsageException">The word is no device, or the device does not have what the other options ask for.</exception>
    /// <exception cref="DeviceUnavailableException">A CUDA device was asked for that cannot be used.</exception>
    public DeviceChoice Decide(ParseResult parsed)
    {
        string word = (parsed.GetValue(_device) ?? "auto").ToLowerInvariant();
        int? threads = parsed.GetValue(_threads);
        DeviceChoice choice = word switch
        {
            "auto" when threads is null => DeviceChoice.Auto(_cuda),
            "auto" or "cpu" => DeviceChoice.Cpu,
            EmulatedMachine.Word => new DeviceChoice { Ordinal = 0, Note = EmulatedMachine.Note },
            _ => new DeviceChoice { Ordinal = Require(word) },
        };
        (int? ordinal, string? lack) = (choice.Ordinal, choice.Lack);
        string? dtype = parsed.GetValue(_dtype);
        bool tune = parsed.GetValue(_tune);
        if (ordinal is null && dtype is not (null or "fp32"))
        {
            throw new UsageException($"--dtype {dtype} is not available on the CPU, which computes in fp32; omit --dtype{Because(lack)}");
        }

        if (ordinal is null && tune)
        {
            throw new UsageException($"--tune chooses among cuBLASLt's algorithms, which the CPU does not use; omit it{Because(lack)}");
        }

        string? fusedGelu = parsed.GetValue(_fusedGelu);
        if (ordinal is null && fusedGelu is "on" or "off")
        {
            throw new UsageException($"--fused-gelu {fusedGelu} applies to CUDA only; omit it{Because(lack)}");
        }

        bool graph = parsed.GetValue(_graph) != "off";
        if (tune && !graph)
        {
            throw new UsageException("--tune chooses algorithms while a run is recorded, and --graph off does not record it; omit one of them");
        }

        if (ordinal is not null && threads is not null)
        {
            throw new UsageException("--threads applies to the CPU; omit it, or use --device cpu");
        }

        return choice with
        {
            Cuda = word == EmulatedMachine.Word ? EmulatedMachine.Access : _cuda,
            Precision = dtype is null ? _preset : Enum.GetValues<CudaPrecision>().First(p => p.Label() == dtype),
            Threads = threads ?? 0,
            Graph = graph,
            Tune = tune,
            FusedGelu = fusedGelu switch { "on" => true, "off" => false, _ => null },
        };
    }

    private int Require(string word)
    {
        int ordinal = 0;
        if (word != "cuda"
            && !(word.StartsWith("cuda:", StringComparison.Ordinal)
                && int.TryParse(word.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out ordinal)))
        {
            throw new UsageException($"--device needs auto, cpu, cuda, cuda:N or emulator, not '{word}'{KnownWords.DidYouMean(word, _devices)}");
        }

        return _cuda.FindProblem(ordinal) is { } problem
            ? throw new DeviceUnavailableException($"--device {word}: {problem}, or use --device cpu")
            : ordinal;
    }

    private static string Because(string? lack) => lack is null ? "" : $", or use a CUDA device ({lack})";
}
