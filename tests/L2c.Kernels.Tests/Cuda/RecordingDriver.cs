using System.Runtime.InteropServices;
using System.Text;
using L2c.Native;

namespace L2c.Kernels.Tests.Cuda;

/// <summary>A driver that remembers what loading and launching a kernel asked of it, and whose events read a clock that the test moves. Nothing runs;
/// every other function is an error.</summary>
internal sealed class RecordingDriver : ICudaDriver
{
    private readonly byte[] _parameters = new byte[256];
    private int _parameterBytes;
    private int _eventsCreated;

    public List<string> Calls { get; } = [];

    public string ModuleText { get; private set; } = "";

    public string FunctionName { get; private set; } = "";

    public (uint X, uint Y, uint Z) Grid { get; private set; }

    public (uint X, uint Y, uint Z) Block { get; private set; }

    public uint SharedBytes { get; private set; }

    public CUstream Stream { get; private set; }

    public CUresult LaunchResult { get; set; }

    /// <summary>Milliseconds; what a fake library adds to it is the time that its work takes.</summary>
    public float Clock { get; set; }

    /// <summary>Events that have not been destroyed.</summary>
    public Dictionary<CUevent, float> Events { get; } = [];

    public int Synchronizations { get; private set; }

    public ReadOnlySpan<byte> Parameters => _parameters.AsSpan(0, _parameterBytes);

    public CUresult cuModuleLoadDataEx(out CUmodule hmod, ReadOnlySpan<byte> image, ReadOnlySpan<CUjit_option> options, Span<nint> optionValues)
    {
        Calls.Add(nameof(cuModuleLoadDataEx));
        Assert.Equal(0, image[^1]);
        ModuleText = Encoding.ASCII.GetString(image[..^1]);
        hmod = new CUmodule(11);
        return CUresult.CUDA_SUCCESS;
    }

    public CUresult cuModuleGetFunction(out CUfunction hfunc, CUmodule hmod, string name)
    {
        Calls.Add(nameof(cuModuleGetFunction));
        FunctionName = name;
        hfunc = new CUfunction(22);
        return hmod.Handle == 11 ? CUresult.CUDA_SUCCESS : CUresult.CUDA_ERROR_NOT_FOUND;
    }

    public CUresult cuModuleUnload(CUmodule hmod)
    {
        Calls.Add($"{nameof(cuModuleUnload)} {hmod.Handle}");
        return CUresult.CUDA_SUCCESS;
    }

    public CUresult cuFuncLoad(CUfunction hfunc)
    {
        Calls.Add($"{nameof(cuFuncLoad)} {hfunc.Handle}");
        return CUresult.CUDA_SUCCESS;
    }

    public CUresult cuFuncSetAttribute(CUfunction hfunc, CUfunction_attribute attribute, int value)
    {
        Calls.Add($"{nameof(cuFuncSetAttribute)} {hfunc.Handle} {attribute} {value}");
        return CUresult.CUDA_SUCCESS;
    }

    // Allocates nothing, so that a test can see whether the code above it does.
    public CUresult cuLaunchKernel(
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
        ReadOnlySpan<nint> extra)
    {
        bool packed = kernelParams.IsEmpty && extra.Length == 5 && extra[0] == CudaLaunchParam.BufferPointer
            && extra[2] == CudaLaunchParam.BufferSize && extra[4] == CudaLaunchParam.End;
        if (hfunc.Handle != 22 || !packed)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        _parameterBytes = (int)Marshal.ReadIntPtr(extra[3]);
        Marshal.Copy(extra[1], _parameters, 0, _parameterBytes);
        Grid = (gridDimX, gridDimY, gridDimZ);
        Block = (blockDimX, blockDimY, blockDimZ);
        SharedBytes = sharedMemBytes;
        Stream = stream;
        return LaunchResult;
    }

    public CUresult cuGetErrorName(CUresult status, out string? name)
    {
        name = status.ToString();
        return CUresult.CUDA_SUCCESS;
    }

    public CUresult cuGetErrorString(CUresult status, out string? text)
    {
        text = "text of the recording driver";
        return CUresult.CUDA_SUCCESS;
    }

    public CUresult cuInit(uint flags) => throw Unexpected(nameof(cuInit));

    public CUresult cuDriverGetVersion(out int driverVersion) => throw Unexpected(nameof(cuDriverGetVersion));

    public CUresult cuDeviceGetCount(out int count) => throw Unexpected(nameof(cuDeviceGetCount));

    public CUresult cuDeviceGet(out CUdevice device, int ordinal) => throw Unexpected(nameof(cuDeviceGet));

    public CUresult cuDeviceGetName(Span<byte> name, CUdevice device) => throw Unexpected(nameof(cuDeviceGetName));

    public CUresult cuDeviceTotalMem_v2(out nuint bytes, CUdevice device) => throw Unexpected(nameof(cuDeviceTotalMem_v2));

    public CUresult cuDeviceGetAttribute(out int value, CUdevice_attribute attribute, CUdevice device) =>
        throw Unexpected(nameof(cuDeviceGetAttribute));

    public CUresult cuDevicePrimaryCtxRetain(out CUcontext context, CUdevice device) => throw Unexpected(nameof(cuDevicePrimaryCtxRetain));

    public CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) => throw Unexpected(nameof(cuDevicePrimaryCtxRelease_v2));

    public CUresult cuCtxSetCurrent(CUcontext context) => throw Unexpected(nameof(cuCtxSetCurrent));

    public CUresult cuCtxSynchronize() => throw Unexpected(nameof(cuCtxSynchronize));

    public CUresult cuMemGetInfo_v2(out nuint free, out nuint total) => throw Unexpected(nameof(cuMemGetInfo_v2));

    public CUresult cuMemAlloc_v2(out CUdeviceptr address, nuint bytes) => throw Unexpected(nameof(cuMemAlloc_v2));

    public CUresult cuMemFree_v2(CUdeviceptr address) => throw Unexpected(nameof(cuMemFree_v2));

    public CUresult cuMemcpyHtoD_v2(CUdeviceptr destination, nint source, nuint bytes) => throw Unexpected(nameof(cuMemcpyHtoD_v2));

    public CUresult cuMemcpyDtoH_v2(nint destination, CUdeviceptr source, nuint bytes) => throw Unexpected(nameof(cuMemcpyDtoH_v2));

    public CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr destination, nint source, nuint bytes, CUstream stream) =>
        throw Unexpected(nameof(cuMemcpyHtoDAsync_v2));

    public CUresult cuMemcpyDtoHAsync_v2(nint destination, CUdeviceptr source, nuint bytes, CUstream stream) =>
        throw Unexpected(nameof(cuMemcpyDtoHAsync_v2));

    public CUresult cuMemsetD8_v2(CUdeviceptr destination, byte value, nuint count) => throw Unexpected(nameof(cuMemsetD8_v2));

    public CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr destination, CUdeviceptr source, nuint bytes, CUstream stream) =>
        throw Unexpected(nameof(cuMemcpyDtoDAsync_v2));

    public CUresult cuEventCreate(out CUevent phEvent, CUevent_flags flags)
    {
        phEvent = new CUevent(100 + _eventsCreated++);
        Events.Add(phEvent, float.NaN);
        return flags == CUevent_flags.CU_EVENT_DEFAULT ? CUresult.CUDA_SUCCESS : CUresult.CUDA_ERROR_INVALID_VALUE;
    }

    public CUresult cuEventRecord(CUevent hEvent, CUstream stream)
    {
        Events[hEvent] = Clock;
        Stream = stream;
        return CUresult.CUDA_SUCCESS;
    }

    public CUresult cuEventSynchronize(CUevent hEvent) => throw Unexpected(nameof(cuEventSynchronize));

    public CUresult cuEventElapsedTime(out float milliseconds, CUevent hStart, CUevent hEnd)
    {
        milliseconds = Events[hEnd] - Events[hStart];
        return CUresult.CUDA_SUCCESS;
    }

    public CUresult cuEventDestroy_v2(CUevent hEvent) =>
        Events.Remove(hEvent) ? CUresult.CUDA_SUCCESS : CUresult.CUDA_ERROR_INVALID_HANDLE;

    public CUresult cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode mode) => throw Unexpected(nameof(cuStreamBeginCapture_v2));

    public CUresult cuStreamEndCapture(CUstream stream, out CUgraph graph) => throw Unexpected(nameof(cuStreamEndCapture));

    public CUresult cuGraphInstantiateWithFlags(out CUgraphExec graphExec, CUgraph graph, ulong flags) =>
        throw Unexpected(nameof(cuGraphInstantiateWithFlags));

    public CUresult cuGraphLaunch(CUgraphExec graphExec, CUstream stream) => throw Unexpected(nameof(cuGraphLaunch));

    public CUresult cuGraphGetNodes(CUgraph graph, Span<CUgraphNode> nodes, out nuint count) => throw Unexpected(nameof(cuGraphGetNodes));

    public CUresult cuGraphExecDestroy(CUgraphExec graphExec) => throw Unexpected(nameof(cuGraphExecDestroy));

    public CUresult cuGraphDestroy(CUgraph graph) => throw Unexpected(nameof(cuGraphDestroy));

    public CUresult cuMemsetD8Async(CUdeviceptr destination, byte value, nuint count, CUstream stream) => throw Unexpected(nameof(cuMemsetD8Async));

    public CUresult cuStreamCreate(out CUstream stream, CUstream_flags flags) => throw Unexpected(nameof(cuStreamCreate));

    public CUresult cuStreamSynchronize(CUstream stream)
    {
        Synchronizations++;
        return CUresult.CUDA_SUCCESS;
    }

    public CUresult cuStreamDestroy_v2(CUstream stream) => throw Unexpected(nameof(cuStreamDestroy_v2));

    public CUresult cuFuncGetAttribute(out int value, CUfunction_attribute attribute, CUfunction hfunc) =>
        throw Unexpected(nameof(cuFuncGetAttribute));

    private static InvalidOperationException Unexpected(string call) => new($"the test did not expect {call}");
}
