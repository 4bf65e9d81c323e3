namespace L2c.Native;

/// <summary>The seam to the CUDA driver: exactly the functions in use, with the vendor's names, argument order and status codes.</summary>
/// <remarks>
/// Everything above speaks to this interface; docs/cuda.md lists the providers. Three rules make it implementable by bindings, by an emulator and by
/// a wrapper library alike:
/// a C output pointer is <c>out</c>, a C array with a count is a span (empty is NULL), host memory is an address as <c>nint</c>.
/// No function throws for a failed call: the status is the return value, and <see cref="CudaDriverExtensions.Check"/> turns it into a <see
/// cref="CudaException"/>.
/// Sizes are in bytes. Source: CUDA driver API reference.
/// </remarks>
public interface ICudaDriver
{
    /// <summary>Initialises the driver; must come before every call but <see cref="cuDriverGetVersion"/>. Repeating it is harmless.</summary>
    CUresult cuInit(uint flags);

    /// <summary>The CUDA version that the driver supports, as 1000·major + 10·minor: 13000 is CUDA 13.0.</summary>
    CUresult cuDriverGetVersion(out int driverVersion);

    /// <summary>The identifier of a status code, as <c>CUDA_ERROR_OUT_OF_MEMORY</c>; null when the driver does not know the code.</summary>
    CUresult cuGetErrorName(CUresult status, out string? name);

    /// <summary>The sentence for a status code, as <c>out of memory</c>; null when the driver does not know the code.</summary>
    CUresult cuGetErrorString(CUresult status, out string? text);

    /// <summary>Number of devices; ordinals run from 0 to count - 1.</summary>
    CUresult cuDeviceGetCount(out int count);

    /// <summary>The device of an ordinal.</summary>
    CUresult cuDeviceGet(out CUdevice device, int ordinal);

    /// <summary>Name as NUL-terminated text, cut to the buffer.</summary>
    CUresult cuDeviceGetName(Span<byte> name, CUdevice device);

    /// <summary>Total memory of the device in bytes.</summary>
    CUresult cuDeviceTotalMem_v2(out nuint bytes, CUdevice device);

    /// <summary>One property of the device.</summary>
    CUresult cuDeviceGetAttribute(out int value, CUdevice_attribute attribute, CUdevice device);

    /// <summary>Takes a reference to the device's primary context, creating it when it is the first.</summary>
    CUresult cuDevicePrimaryCtxRetain(out CUcontext context, CUdevice device);

    /// <summary>Gives that reference back; the last one destroys the context.</summary>
    CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device);

    /// <summary>Makes the context current on the calling thread.</summary>
    CUresult cuCtxSetCurrent(CUcontext context);

    /// <summary>Waits until the current context has no work left.</summary>
    CUresult cuCtxSynchronize();

    /// <summary>Free and total memory of the current context's device in bytes.</summary>
    CUresult cuMemGetInfo_v2(out nuint free, out nuint total);

    /// <summary>Allocates device memory, aligned to 256 bytes or more.</summary>
    CUresult cuMemAlloc_v2(out CUdeviceptr address, nuint bytes);

    /// <summary>Frees an address that <see cref="cuMemAlloc_v2"/> returned.</summary>
    CUresult cuMemFree_v2(CUdeviceptr address);

    /// <summary>Copies host memory to the device; returns when the host memory may be reused.</summary>
    CUresult cuMemcpyHtoD_v2(CUdeviceptr destination, nint source, nuint bytes);

    /// <summary>Copies device memory to the host; returns when it is there.</summary>
    CUresult cuMemcpyDtoH_v2(nint destination, CUdeviceptr source, nuint bytes);

    /// <summary>Enqueues a copy to the device; the host memory must stay in place until the stream has passed it.</summary>
    CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr destination, nint source, nuint bytes, CUstream stream);

    /// <summary>Enqueues a copy to the host; the host memory must stay in place until the stream has passed it.</summary>
    CUresult cuMemcpyDtoHAsync_v2(nint destination, CUdeviceptr source, nuint bytes, CUstream stream);

    /// <summary>Enqueues a copy within the device.</summary>
    CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr destination, CUdeviceptr source, nuint bytes, CUstream stream);

    /// <summary>Sets every byte.</summary>
    CUresult cuMemsetD8_v2(CUdeviceptr destination, byte value, nuint count);

    /// <summary>Enqueues setting every byte.</summary>
    CUresult cuMemsetD8Async(CUdeviceptr destination, byte value, nuint count, CUstream stream);

    /// <summary>Creates a stream.</summary>
    CUresult cuStreamCreate(out CUstream stream, CUstream_flags flags);

    /// <summary>Waits until the stream has no work left; also returns the error of earlier asynchronous work.</summary>
    CUresult cuStreamSynchronize(CUstream stream);

    /// <summary>Destroys a stream; work already enqueued still finishes.</summary>
    CUresult cuStreamDestroy_v2(CUstream stream);

    /// <summary>Creates an event, a mark in a stream.</summary>
    CUresult cuEventCreate(out CUevent phEvent, CUevent_flags flags);

    /// <summary>Enqueues the mark; a later call moves it.</summary>
    CUresult cuEventRecord(CUevent hEvent, CUstream stream);

    /// <summary>Waits until the stream has passed the mark.</summary>
    CUresult cuEventSynchronize(CUevent hEvent);

    /// <summary>Milliseconds between two marks that have been passed; resolution about half a microsecond.</summary>
    /// <remarks>Or <c>cuEventElapsedTime_v2</c>, the only one that CUDA 13's headers have; a driver needs one of them.</remarks>
    CUresult cuEventElapsedTime(out float milliseconds, CUevent hStart, CUevent hEnd);

    /// <summary>Destroys an event.</summary>
    CUresult cuEventDestroy_v2(CUevent hEvent);

    /// <summary>From now on what is enqueued on the stream is recorded and does not run. Not for the null stream.</summary>
    CUresult cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode mode);

    /// <summary>Ends the recording.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="graph">What was recorded, or null when the recording has been invalidated by a forbidden call.</param>
    CUresult cuStreamEndCapture(CUstream stream, out CUgraph graph);

    /// <summary>Makes a graph launchable: everything that can be checked and uploaded ahead is.</summary>
    CUresult cuGraphInstantiateWithFlags(out CUgraphExec graphExec, CUgraph graph, ulong flags);

    /// <summary>Enqueues all of a graph with one call. It reads its buffers when it runs.</summary>
    CUresult cuGraphLaunch(CUgraphExec graphExec, CUstream stream);

    /// <summary>Counts a graph's nodes, and lists them when there is room.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="nodes">Receives handles; empty to count only.</param>
    /// <param name="count">Nodes listed, or with an empty <paramref name="nodes"/> all there are.</param>
    CUresult cuGraphGetNodes(CUgraph graph, Span<CUgraphNode> nodes, out nuint count);

    /// <summary>Destroys an instantiated graph; a running launch still finishes.</summary>
    CUresult cuGraphExecDestroy(CUgraphExec graphExec);

    /// <summary>Destroys a graph; what was instantiated from it stays valid.</summary>
    CUresult cuGraphDestroy(CUgraph graph);

    /// <summary>Loads PTX text, cubin or fatbin.</summary>
    /// <param name="hmod">The module, when the call succeeds.</param>
    /// <param name="image">For PTX: ASCII text with a closing NUL.</param>
    /// <param name="options">What to set or ask for.</param>
    /// <param name="optionValues">One value per option, passed as the pointer itself; some are written back.</param>
    CUresult cuModuleLoadDataEx(out CUmodule hmod, ReadOnlySpan<byte> image, ReadOnlySpan<CUjit_option> options, Span<nint> optionValues);

    /// <summary>Finds a kernel by its entry name.</summary>
    CUresult cuModuleGetFunction(out CUfunction hfunc, CUmodule hmod, string name);

    /// <summary>Unloads a module and its kernels.</summary>
    CUresult cuModuleUnload(CUmodule hmod);

    /// <summary>Brings a kernel onto the device now: drivers may put that off until its first launch, which a recording forbids. Does nothing where it
    /// is there.</summary>
    /// <remarks>Since CUDA 12.4; a provider does without on older drivers.</remarks>
    CUresult cuFuncLoad(CUfunction hfunc);

    /// <summary>Reads a property of a kernel.</summary>
    CUresult cuFuncGetAttribute(out int value, CUfunction_attribute attribute, CUfunction hfunc);

    /// <summary>Sets a property of a kernel.</summary>
    CUresult cuFuncSetAttribute(CUfunction hfunc, CUfunction_attribute attribute, int value);

    /// <summary>Enqueues a kernel.</summary>
    /// <param name="hfunc">The kernel.</param>
    /// <param name="gridDimX">Blocks in x, 1 to 2^31 - 1.</param>
    /// <param name="gridDimY">Blocks in y, 1 to 65535.</param>
    /// <param name="gridDimZ">Blocks in z, 1 to 65535.</param>
    /// <param name="blockDimX">Threads per block in x.</param>
    /// <param name="blockDimY">Threads per block in y.</param>
    /// <param name="blockDimZ">Threads per block in z.</param>
    /// <param name="sharedMemBytes">Dynamic shared memory per block in bytes.</param>
    /// <param name="stream">The stream to enqueue on.</param>
    /// <param name="kernelParams">Addresses of the parameters, one by one; empty when <paramref name="extra"/> is used.</param>
    /// <param name="extra">Markers of <see cref="CudaLaunchParam"/> with their values; empty when <paramref name="kernelParams"/> is used.</param>
    CUresult cuLaunchKernel(
        CUfunction hfunc,
        uint gridDimX,
        uint gridDimY,
        uint gridDimZ,
        uint blockDimX,
        uint blockDimY,
        uint blockDimZ,
        uint sharedMemBytes,
        CUstream stream,
        ReadOnlySpan<nint> kernelParams,
        ReadOnlySpan<nint> extra);
}
