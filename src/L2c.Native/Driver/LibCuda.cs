using L2c.Native.Libraries;

namespace L2c.Native;

/// <summary>The default provider of <see cref="ICudaDriver"/>: the driver library itself, called through function pointers.</summary>
/// <remarks>
/// Every symbol is resolved while loading, so a driver that lacks one is refused at once and by name, not in the middle of a run;
/// and each instance belongs to one file, which an import attribute with its process-wide resolver could not say.
/// </remarks>
internal sealed partial class LibCuda : ICudaDriver
{
    private readonly LoadedLibrary _library;

    private LibCuda(LoadedLibrary library)
    {
        _library = library;
        _cuDriverGetVersion = library.Export(nameof(cuDriverGetVersion));
        if (cuDriverGetVersion(out int version) == CUresult.CUDA_SUCCESS)
        {
            library.Version = $"driver for CUDA {CudaVersion(version)}";
        }

        _cuInit = library.Export(nameof(cuInit));
        _cuGetErrorName = library.Export(nameof(cuGetErrorName));
        _cuGetErrorString = library.Export(nameof(cuGetErrorString));

        _cuDeviceGetCount = library.Export(nameof(cuDeviceGetCount));
        _cuDeviceGet = library.Export(nameof(cuDeviceGet));
        _cuDeviceGetName = library.Export(nameof(cuDeviceGetName));
        _cuDeviceTotalMem_v2 = library.Export(nameof(cuDeviceTotalMem_v2));
        _cuDeviceGetAttribute = library.Export(nameof(cuDeviceGetAttribute));

        _cuDevicePrimaryCtxRetain = library.Export(nameof(cuDevicePrimaryCtxRetain));
        _cuDevicePrimaryCtxRelease_v2 = library.Export(nameof(cuDevicePrimaryCtxRelease_v2));
        _cuCtxSetCurrent = library.Export(nameof(cuCtxSetCurrent));
        _cuCtxSynchronize = library.Export(nameof(cuCtxSynchronize));

        _cuMemGetInfo_v2 = library.Export(nameof(cuMemGetInfo_v2));
        _cuMemAlloc_v2 = library.Export(nameof(cuMemAlloc_v2));
        _cuMemFree_v2 = library.Export(nameof(cuMemFree_v2));
        _cuMemcpyHtoD_v2 = library.Export(nameof(cuMemcpyHtoD_v2));
        _cuMemcpyDtoH_v2 = library.Export(nameof(cuMemcpyDtoH_v2));
        _cuMemcpyHtoDAsync_v2 = library.Export(nameof(cuMemcpyHtoDAsync_v2));
        _cuMemcpyDtoHAsync_v2 = library.Export(nameof(cuMemcpyDtoHAsync_v2));
        _cuMemcpyDtoDAsync_v2 = library.Export(nameof(cuMemcpyDtoDAsync_v2));
        _cuMemsetD8_v2 = library.Export(nameof(cuMemsetD8_v2));
        _cuMemsetD8Async = library.Export(nameof(cuMemsetD8Async));

        _cuStreamCreate = library.Export(nameof(cuStreamCreate));
        _cuStreamSynchronize = library.Export(nameof(cuStreamSynchronize));
        _cuStreamDestroy_v2 = library.Export(nameof(cuStreamDestroy_v2));

        _cuEventCreate = library.Export(nameof(cuEventCreate));
        _cuEventRecord = library.Export(nameof(cuEventRecord));
        _cuEventSynchronize = library.Export(nameof(cuEventSynchronize));
        _cuEventElapsedTime = library.OptionalExport("cuEventElapsedTime_v2") is not 0 and var elapsed
            ? elapsed
            : library.Export(nameof(cuEventElapsedTime));
        _cuEventDestroy_v2 = library.Export(nameof(cuEventDestroy_v2));

        _cuStreamBeginCapture_v2 = library.Export(nameof(cuStreamBeginCapture_v2));
        _cuStreamEndCapture = library.Export(nameof(cuStreamEndCapture));
        _cuGraphInstantiateWithFlags = library.Export(nameof(cuGraphInstantiateWithFlags));
        _cuGraphLaunch = library.Export(nameof(cuGraphLaunch));
        _cuGraphGetNodes = library.Export(nameof(cuGraphGetNodes));
        _cuGraphExecDestroy = library.Export(nameof(cuGraphExecDestroy));
        _cuGraphDestroy = library.Export(nameof(cuGraphDestroy));

        _cuModuleLoadDataEx = library.Export(nameof(cuModuleLoadDataEx));
        _cuModuleGetFunction = library.Export(nameof(cuModuleGetFunction));
        _cuModuleUnload = library.Export(nameof(cuModuleUnload));
        _cuFuncLoad = library.OptionalExport(nameof(cuFuncLoad));
        _cuFuncGetAttribute = library.Export(nameof(cuFuncGetAttribute));
        _cuFuncSetAttribute = library.Export(nameof(cuFuncSetAttribute));
        _cuLaunchKernel = library.Export(nameof(cuLaunchKernel));
    }

    /// <summary>The file that the library was loaded from.</summary>
    public string File => _library.File;

    /// <summary>Finds and loads the driver; calls nothing that needs a device.</summary>
    /// <exception cref="CudaUnavailableException">The library or one of its symbols is missing.</exception>
    public static LibCuda Load(ILibraryLoader loader) => new(LibrarySearch.Driver.Load(loader));

    /// <summary>13020 is CUDA 13.2.</summary>
    public static Version CudaVersion(int driverVersion) => new(driverVersion / 1000, driverVersion % 1000 / 10);
}
