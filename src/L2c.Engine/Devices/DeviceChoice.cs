using L2c.Kernels;
using L2c.Kernels.Cuda;
using L2c.Model.Runs;
using L2c.Native;
using L2c.Weights.Memory;

namespace L2c;

/// <summary>The device that a task computes on, and how: decided and known to be there, not started.</summary>
public sealed record DeviceChoice
{
    /// <summary>The CPU with a thread per core.</summary>
    public static DeviceChoice Cpu { get; } = new();

    /// <summary>How CUDA devices are opened.</summary>
    public CudaAccess Cuda { get; init; } = CudaAccess.Libraries;

    /// <summary>Memory of the host: a task that needs more than is free does not begin.</summary>
    public HostMemory Memory { get; init; } = HostMemory.Machine;

    /// <summary>Number of the CUDA device; null for the CPU.</summary>
    public int? Ordinal { get; init; }

    /// <summary>What a CUDA device stores.</summary>
    public CudaPrecision Precision { get; init; }

    /// <summary>CPU threads; 0 for one per core.</summary>
    public int Threads { get; init; }

    /// <summary>Whether runs are recorded once and replayed.</summary>
    public bool Graph { get; init; } = true;

    /// <summary>See <see cref="CudaOptions.Tune"/>.</summary>
    public bool Tune { get; init; }

    /// <summary>See <see cref="CudaOptions.FusedGelu"/>.</summary>
    public bool? FusedGelu { get; init; }

    /// <summary>What a person should know of the decision, one line; null for nothing.</summary>
    public string? Note { get; init; }

    /// <summary>Why <see cref="Auto"/> has taken the CPU; null otherwise.</summary>
    public string? Lack { get; init; }

    /// <summary>Storage type of weights and activations: fp32, tf32, fp16 or bf16.</summary>
    public string Dtype => Ordinal is null ? "fp32" : Precision.Label();

    /// <summary>The same as tensors have it.</summary>
    internal DType StorageType => Ordinal is null ? DType.F32 : Precision.StorageType();

    /// <summary>Tokens of a batch, guidance included, unless the user says how many images.</summary>
    /// <remarks>
    /// CPU: measured on the demo model with two cores: 8 images a batch take the least time per image, because the activations stay in the caches,
    /// and 1024 rows per matrix are enough to hide the reading of the weights of any published model. CUDA: 32 images of DiT-XL/2 at 256 pixels, not
    /// measured.
    /// </remarks>
    internal int TokensPerBatch => Ordinal is null ? 1024 : 16384;

    /// <summary>Whether a whole run is one recording: one CUDA graph, one launch. On the CPU nothing would be gained, and progress lost.</summary>
    internal bool OneSequence => Ordinal is not null && Graph;

    /// <summary>What planning may save.</summary>
    internal PlanSwitches Switches => PlanSwitches.All with { Replay = Graph };

    /// <summary>The first CUDA device where it can be used, otherwise the CPU, with a <see cref="Note"/> that says why.</summary>
    /// <param name="cuda">How CUDA devices are found and opened; null for the machine's libraries.</param>
    public static DeviceChoice Auto(CudaAccess? cuda = null)
    {
        cuda ??= CudaAccess.Libraries;

        // What is wrong, without where it was looked for.
        return cuda.FindProblem(0)?.Split(';')[0] is { } lack
            ? new DeviceChoice
            {
                Cuda = cuda,
                Lack = lack,
                Note = $"computing on the CPU, because no CUDA device can be used ({lack}); "
                    + "use --device cuda for details, --device cpu to silence this",
            }
            : new DeviceChoice { Cuda = cuda, Ordinal = 0, Precision = CudaPrecision.BF16 };
    }

    /// <summary>What a device that is open already was chosen as.</summary>
    internal static DeviceChoice Of(Device device) => device switch
    {
        CudaDevice cuda => new DeviceChoice
        {
            Ordinal = cuda.Ordinal,
            Precision = cuda.Precision,
            Tune = cuda.Options.Tune,
            FusedGelu = cuda.Options.FusedGelu,
        },
        CpuDevice cpu => new DeviceChoice { Threads = cpu.Threads },
        _ => throw new ArgumentException($"{device.Name}: a device of an unknown kind"),
    };

    /// <summary>What of the device decides bits, found out without starting a GPU: on the CPU vectors, but not threads or batch.</summary>
    /// <param name="batch">Images computed together.</param>
    internal string Rounding(int batch)
    {
        if (Ordinal is { } ordinal)
        {
            // By its kind: ranks have GPUs of other numbers. One that is not there is told of where it is opened.
            return $"{Cuda.Probe().Devices.ElementAtOrDefault(ordinal)?.Name ?? "cuda"}, {Dtype}, batch {batch}";
        }

        using CpuDevice cpu = new(threads: 1);
        return $"cpu, {cpu.Isa}, {Dtype}";
    }

    /// <summary>Starts the device.</summary>
    /// <exception cref="DeviceUnavailableException">It is there and cannot be opened.</exception>
    public Device Open()
    {
        if (Ordinal is not { } ordinal)
        {
            return new CpuDevice(Threads);
        }

        try
        {
            return Cuda.Open(ordinal, Precision, new CudaOptions { Tune = Tune, FusedGelu = FusedGelu });
        }
        catch (Exception e) when (e is CudaException or CublasLtException or CudaUnavailableException)
        {
            throw new DeviceUnavailableException($"cuda:{ordinal} cannot be opened: {e.Message}; use --device cpu", e);
        }
    }
}
