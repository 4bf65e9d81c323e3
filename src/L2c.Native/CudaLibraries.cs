using L2c.Native.Libraries;

namespace L2c.Native;

/// <summary>The default providers of the seam: the vendor's own libraries, found as docs/cuda.md describes. Neither call needs a device.</summary>
public static class CudaLibraries
{
    /// <summary>Finds and loads the CUDA driver.</summary>
    /// <exception cref="CudaUnavailableException">The library or one of its symbols is missing; the message has what was looked for and
    /// where.</exception>
    public static ICudaDriver LoadDriver() => LibCuda.Load(new SystemLibraryLoader());

    /// <summary>Finds and loads cuBLASLt.</summary>
    /// <exception cref="CudaUnavailableException">The library or one of its symbols is missing; the message has what was looked for and
    /// where.</exception>
    public static ICublasLt LoadCublasLt() => LibCublasLt.Load(new SystemLibraryLoader());
}
