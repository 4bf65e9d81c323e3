using L2c.Kernels;
using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Testing;

/// <summary>CUDA libraries that all devices of a process share, and a reference to the primary context that is never given back.</summary>
/// <remarks>
/// Each test opens a device and closes it. Without the reference the context would end with every one, under cuBLASLt, which stays loaded with what it
/// keeps there; and each test would wait for a new one.
/// </remarks>
/// <param name="loadDriver">Called once, when the first device is opened.</param>
/// <param name="loadCublasLt">Likewise.</param>
public sealed class SharedCuda(Func<ICudaDriver> loadDriver, Func<ICublasLt> loadCublasLt)
{
    private readonly Lazy<(ICudaDriver Driver, ICublasLt CublasLt, CudaContext Kept)> _libraries = new(() =>
    {
        (ICudaDriver driver, ICublasLt cublasLt) = (loadDriver(), loadCublasLt());
        return (driver, cublasLt, new CudaContext(driver, 0));
    });

    /// <summary>The machine's own.</summary>
    public static SharedCuda OfThisMachine { get; } = new(CudaLibraries.LoadDriver, CudaLibraries.LoadCublasLt);

    /// <summary>Opens the first device.</summary>
    /// <inheritdoc cref="CudaDevice(int, CudaPrecision, CudaOptions)"/>
    public CudaDevice Open(CudaPrecision precision, CudaOptions options) =>
        new(_libraries.Value.Driver, _libraries.Value.CublasLt, 0, precision, options);
}
