namespace L2c.Emulation;

/// <summary>A kernel's launch.</summary>
public sealed record KernelLaunch : DeviceWork
{
    private readonly FunctionState _function;

    internal KernelLaunch(FunctionState function, LaunchDimensions size, ReadOnlyMemory<byte> parameters) =>
        (_function, Size, Parameters) = (function, size, parameters);

    /// <summary>The entry's name.</summary>
    public string Kernel => _function.Entry.Name;

    /// <summary>Grid, block and dynamic shared memory.</summary>
    public LaunchDimensions Size { get; }

    /// <summary>The packed parameters, as they were when the launch was enqueued or recorded.</summary>
    public ReadOnlyMemory<byte> Parameters { get; }

    /// <summary>The text of the kernel's module.</summary>
    public string ModuleText => _function.Module.Module.Text;

    internal override void Run(DeviceMemory memory) => PtxMachine.Run(RequireLoaded(), Size, Parameters.Span, memory);

    internal KernelCounts Count(DeviceMemory memory, CountedBlocks blocks, bool unique) =>
        KernelCounter.Count(RequireLoaded(), Size, Parameters.Span, memory, blocks, unique);

    private PtxEntry RequireLoaded() => _function.Module.Loaded
        ? _function.Entry
        : throw new DeviceFault(FaultKind.Failed, "its module is no longer loaded").At(Kernel);
}

/// <summary>A loaded module.</summary>
internal sealed class ModuleState(PtxModule module)
{
    public PtxModule Module { get; } = module;

    public bool Loaded { get; set; } = true;

    /// <summary>Handles of the functions that were asked for, by name.</summary>
    public Dictionary<string, nint> Functions { get; } = [];

    public override string ToString() => $"the module of {string.Join(", ", Module.Entries.Select(e => e.Name))}";
}

/// <summary>A kernel of a loaded module.</summary>
internal sealed class FunctionState(ModuleState module, PtxEntry entry)
{
    private const int DefaultSharedBytes = 48 << 10;

    public ModuleState Module { get; } = module;

    public PtxEntry Entry { get; } = entry;

    /// <summary>Whether it is on the device: that is put off until it is asked for or first launched.</summary>
    public bool Loaded { get; set; }

    /// <summary>Threads of the largest block: the kernel's own limit, or the device's.</summary>
    public int MaxThreads { get; } = entry.MaxThreads is var (x, y, z) ? x * y * z : EmulatedDriver.MaxBlockThreads;

    /// <summary>Largest dynamic shared memory of a launch in bytes; more than what 48 KiB leave must be asked for.</summary>
    public int MaxDynamicSharedBytes { get; set; } = Math.Max(0, DefaultSharedBytes - entry.StaticSharedBytes);
}
