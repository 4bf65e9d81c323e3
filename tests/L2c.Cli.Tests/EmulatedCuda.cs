using L2c.Emulation;
using L2c.Native;
using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary>A machine with one CUDA device, which is the emulator (or with L2C_CUDA=cuda the machine's own).</summary>
public sealed class EmulatedCuda : IDisposable
{
    private static readonly CudaLibraryInfo _present = new("here", new Version(13, 0), null);
    private readonly List<CudaUnderTest> _opened = [];

    /// <summary>A machine without CUDA libraries.</summary>
    public static CudaAccess Missing { get; } = new(
        static () => new CudaInventory(Lacks("libcuda"), Lacks("libcublasLt"), []),
        (_, _, _) => throw new InvalidOperationException("opened a device that is not there"));

    /// <summary>What the program is given.</summary>
    public CudaAccess Access => new(() => Inventory(), (_, precision, options) =>
    {
        _opened.Add(new CudaUnderTest(precision, options));
        return _opened[^1].Device;
    });

    /// <summary>Graphs that the last device launched.</summary>
    public int GraphLaunches
    {
        get
        {
            Assert.SkipWhen(CudaUnderTest.IsReal, "a GPU does not count launches");
            return _opened[^1].Emulator!.GraphLaunches;
        }
    }

    /// <summary>What has run on the last device, in order.</summary>
    public IReadOnlyList<DeviceWork> Log
    {
        get
        {
            Assert.SkipWhen(CudaUnderTest.IsReal, "a GPU does not tell what ran");
            return _opened[^1].Emulator!.Log;
        }
    }

    /// <summary>What <c>Probe</c> finds.</summary>
    public static CudaInventory Inventory(Version? computeCapability = null, CudaLibraryInfo? cublasLt = null) =>
        new(_present, cublasLt ?? _present, [new CudaDeviceInfo(0, "Test GPU", 16L << 30, computeCapability ?? new Version(9, 0), 132)]);

    /// <summary>A library that was not found.</summary>
    public static CudaLibraryInfo Lacks(string library) => new(null, null, $"{library}: not found; looked for {library}.so; install it");

    public void Dispose() => _opened.ForEach(device => device.Dispose());
}
