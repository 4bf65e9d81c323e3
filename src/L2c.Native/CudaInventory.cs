using System.Text;
using L2c.Native.Libraries;

namespace L2c.Native;

/// <summary>One CUDA device, as the driver describes it.</summary>
/// <param name="Ordinal">Number from 0, as in <c>--device cuda:0</c>.</param>
/// <param name="Name">The vendor's name.</param>
/// <param name="TotalMemoryBytes">Memory of the device in bytes.</param>
/// <param name="ComputeCapability">9.0 for sm_90.</param>
/// <param name="Multiprocessors">Streaming multiprocessors.</param>
public sealed record CudaDeviceInfo(int Ordinal, string Name, long TotalMemoryBytes, Version ComputeCapability, int Multiprocessors);

/// <summary>A vendor library: where it came from, or why it cannot be used.</summary>
/// <param name="File">The file it was loaded from; null when it was not loaded.</param>
/// <param name="Version">For the driver the CUDA version that it supports, for cuBLASLt its own; null when unknown.</param>
/// <param name="Problem">One line: what is missing or fails, where it was looked for, what to do; null when all is well.</param>
public sealed record CudaLibraryInfo(string? File, Version? Version, string? Problem);

/// <summary>What CUDA offers on this machine.</summary>
/// <param name="Driver">The driver; its problem is also the reason why <paramref name="Devices"/> is empty.</param>
/// <param name="CublasLt">The matrix library.</param>
/// <param name="Devices">Every device, in the order of the ordinals; empty when there is none or the driver cannot be used.</param>
public sealed record CudaInventory(CudaLibraryInfo Driver, CudaLibraryInfo CublasLt, IReadOnlyList<CudaDeviceInfo> Devices)
{
    /// <summary>Looks. Creates no context and allocates no device memory; anything that is missing is in the result, not thrown.</summary>
    public static CudaInventory Probe() => Probe(new SystemLibraryLoader());

    internal static CudaInventory Probe(ILibraryLoader loader)
    {
        List<CudaDeviceInfo> devices = [];
        CudaLibraryInfo driver = new(null, null, null);
        try
        {
            LibCuda cuda = LibCuda.Load(loader);
            driver = driver with { File = cuda.File };
            cuda.Check(cuda.cuDriverGetVersion(out int version));
            driver = driver with { Version = LibCuda.CudaVersion(version) };
            cuda.Check(cuda.cuInit(0));
            cuda.Check(cuda.cuDeviceGetCount(out int count));
            for (int ordinal = 0; ordinal < count; ordinal++)
            {
                devices.Add(Describe(cuda, ordinal));
            }

            if (count == 0)
            {
                driver = driver with { Problem = $"{cuda.File}: the driver has no device; check CUDA_VISIBLE_DEVICES" };
            }
        }
        catch (CudaException e)
        {
            driver = driver with { Problem = $"{driver.File}: {e.Message}" };
        }
        catch (CudaUnavailableException e)
        {
            driver = driver with { Problem = e.Message };
        }

        return new CudaInventory(driver, ProbeCublasLt(loader), devices);
    }

    private static CudaLibraryInfo ProbeCublasLt(ILibraryLoader loader)
    {
        try
        {
            LibCublasLt library = LibCublasLt.Load(loader);
            return new CudaLibraryInfo(library.File, CublasLtVersion.Parse(library.cublasLtGetVersion()), null);
        }
        catch (CudaUnavailableException e)
        {
            return new CudaLibraryInfo(null, null, e.Message);
        }
    }

    /// <summary>Describes one device of an initialised driver.</summary>
    /// <exception cref="CudaException">The driver has no such device.</exception>
    public static CudaDeviceInfo Describe(ICudaDriver cuda, int ordinal)
    {
        cuda.Check(cuda.cuDeviceGet(out CUdevice device, ordinal));
        byte[] name = new byte[256]; // the last byte stays 0 whatever the driver writes
        cuda.Check(cuda.cuDeviceGetName(name.AsSpan(0, 255), device));
        cuda.Check(cuda.cuDeviceTotalMem_v2(out nuint bytes, device));
        cuda.Check(cuda.cuDeviceGetAttribute(out int major, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device));
        cuda.Check(cuda.cuDeviceGetAttribute(out int minor, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device));
        cuda.Check(cuda.cuDeviceGetAttribute(out int multiprocessors, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device));
        string text = Encoding.UTF8.GetString(name, 0, Array.IndexOf(name, (byte)0));
        return new CudaDeviceInfo(ordinal, text, checked((long)bytes), new Version(major, minor), multiprocessors);
    }
}
