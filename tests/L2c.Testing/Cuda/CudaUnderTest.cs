using L2c.Emulation;
using L2c.Kernels;
using L2c.Kernels.Cuda;

namespace L2c.Testing;

/// <summary>The CUDA device that tests run on: the emulator, or the machine's first device where the environment has <c>L2C_CUDA=cuda</c>.</summary>
public sealed class CudaUnderTest : IDisposable
{
    // One folder per process, so that its devices share compiled kernels and nothing of the user's is read or written.
    private static readonly Lazy<string> _cache = new(() =>
    {
        string folder = Directory.CreateTempSubdirectory("l2c-cuda-cache-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, true);
        return folder;
    });

    /// <summary>Opens the device.</summary>
    /// <param name="precision">What it stores.</param>
    /// <param name="options">Choices; the cache folder is the tests' own.</param>
    public CudaUnderTest(CudaPrecision precision, CudaOptions? options = null)
    {
        options = (options ?? new CudaOptions()) with { CacheFolder = _cache.Value };
        if (IsReal)
        {
            Device = SharedCuda.OfThisMachine.Open(precision, options);
        }
        else
        {
            Emulator = new EmulatedDriver();
            Library = new EmulatedCublasLt(Emulator);
            Device = new CudaDevice(Emulator, Library, 0, precision, options);
        }
    }

    /// <summary>Whether tests run on a GPU.</summary>
    public static bool IsReal => Environment.GetEnvironmentVariable("L2C_CUDA") == "cuda";

    /// <summary>The device.</summary>
    public CudaDevice Device { get; }

    /// <summary>What the device runs on, to be asked what ran; null on a GPU.</summary>
    public EmulatedDriver? Emulator { get; }

    /// <summary>Its matrix library; null on a GPU.</summary>
    public EmulatedCublasLt? Library { get; }

    /// <summary>Closes the device, then the emulator.</summary>
    public void Dispose()
    {
        Device.Dispose();
        Emulator?.Dispose();
    }
}
