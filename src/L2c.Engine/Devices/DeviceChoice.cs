using L2c.Cli.Output;
using L2c.Kernels;
using L2c.Kernels.Cuda;
using L2c.Model.Sampling;
using L2c.Native;

namespace L2c.Cli.Devices;

/// <summary>The device that a command computes on, and how: decided and known to be there, not started.</summary>
internal sealed record DeviceChoice
{
    /// <summary>How CUDA devices are opened.</summary>
    public required CudaAccess Cuda { get; init; }

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

    /// <summary>What the user should know of the decision, one line; null for nothing.</summary>
    public string? Note { get; init; }

    /// <summary>As <c>--dtype</c> has it.</summary>
    public string Dtype => Ordinal is null ? "fp32" : Precision.Label();

    /// <summary>Tokens of a batch, guidance included, unless the user says how many images.</summary>
    /// <remarks>
    /// CPU: measured on the demo model with two cores: 8 images a batch take the least time per image, because the activations stay in the caches,
    /// and 1024 rows per matrix are enough to hide the reading of the weights of any published model. CUDA: 32 images of DiT-XL/2 at 256 pixels, not
    /// measured.
    /// </remarks>
    public int TokensPerBatch => Ordinal is null ? 1024 : 16384;

    /// <summary>Whether a whole run is one recording: one CUDA graph, one launch. On the CPU nothing would be gained, and progress lost.</summary>
    public bool OneSequence => Ordinal is not null && Graph;

    /// <summary>What planning may save.</summary>
    public PlanSwitches Switches => PlanSwitches.All with { Replay = Graph };

    /// <summary>Starts the device, and tells <see cref="Note"/>.</summary>
    /// <exception cref="DeviceUnavailableException">It is there and cannot be opened.</exception>
    public Device Open(Terminal terminal)
    {
        if (Note is not null)
        {
            terminal.Err.WriteLine($"l2c: note: {Note}");
        }

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
            throw new DeviceUnavailableException($"cuda:{ordinal} does not open: {e.Message}; use --device cpu", e);
        }
    }
}
