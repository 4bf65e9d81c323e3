using L2c.Emulation;
using L2c.Kernels;
using L2c.Native;

namespace L2c.Cli.Emulated;

/// <summary>A machine whose one CUDA device is the emulator.</summary>
internal static class EmulatedMachine
{
    /// <summary>The word for it after <c>--device</c>.</summary>
    public const string Word = "emulator";

    /// <summary>What a person is told who computes on it.</summary>
    public const string Note =
        "computing on the emulator of a GPU: it interprets the kernels that a GPU would get, slowly; rounding and times are not those of a GPU";

    private static readonly CudaLibraryInfo _library = new("emulated", new Version(13, 0), null);

    /// <summary>A machine that computes.</summary>
    public static CudaAccess Access { get; } = Of(() => new EmulatedDriver());

    /// <summary>Whether a choice is for the machine that computes.</summary>
    public static bool Is(DeviceChoice choice) => ReferenceEquals(choice.Cuda, Access);

    /// <summary>A machine for counting what is recorded, with the size of a GPU; nothing that it computes matters.</summary>
    /// <param name="gpu">The GPU.</param>
    /// <param name="opened">Given the driver when a device is opened.</param>
    public static CudaAccess Counting(GpuModel gpu, Action<EmulatedDriver> opened) => Of(() =>
    {
        EmulatedDriver driver = new()
        {
            ComputeCapability = gpu.ComputeCapability,
            Multiprocessors = gpu.Multiprocessors,
            TotalBytes = gpu.MemoryBytes,
            KeepsValues = false,
        };
        opened(driver);
        return driver;
    });

    // A driver's memory goes with the last context of its device.
    private static CudaAccess Of(Func<EmulatedDriver> create) => new(
        () =>
        {
            using EmulatedDriver driver = new();
            driver.Check(driver.cuInit(0));
            return new CudaInventory(_library, _library, [CudaInventory.Describe(driver, 0)]);
        },
        (ordinal, precision, options) =>
        {
            EmulatedDriver driver = create();
            driver.Check(driver.cuInit(0));
            return new CudaDevice(driver, new EmulatedCublasLt(driver), ordinal, precision, options);
        });
}
