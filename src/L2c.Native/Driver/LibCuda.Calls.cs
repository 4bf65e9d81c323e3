using System.Runtime.InteropServices;
using System.Text;

namespace L2c.Native;

// The only place that knows the C signatures. A wrong one corrupts the stack silently, so each is written once, next to the call.
internal sealed unsafe partial class LibCuda
{
    private readonly nint _cuInit, _cuDriverGetVersion, _cuGetErrorName, _cuGetErrorString;
    private readonly nint _cuDeviceGetCount, _cuDeviceGet, _cuDeviceGetName, _cuDeviceTotalMem_v2, _cuDeviceGetAttribute;
    private readonly nint _cuDevicePrimaryCtxRetain, _cuDevicePrimaryCtxRelease_v2, _cuCtxSetCurrent, _cuCtxSynchronize;
    private readonly nint _cuMemGetInfo_v2, _cuMemAlloc_v2, _cuMemFree_v2, _cuMemsetD8_v2, _cuMemsetD8Async;
    private readonly nint _cuMemcpyHtoD_v2, _cuMemcpyDtoH_v2, _cuMemcpyHtoDAsync_v2, _cuMemcpyDtoHAsync_v2, _cuMemcpyDtoDAsync_v2;
    private readonly nint _cuEventCreate, _cuEventRecord, _cuEventSynchronize, _cuEventElapsedTime, _cuEventDestroy_v2;
    private readonly nint _cuStreamBeginCapture_v2, _cuStreamEndCapture;
    private readonly nint _cuGraphInstantiateWithFlags, _cuGraphLaunch, _cuGraphGetNodes, _cuGraphExecDestroy, _cuGraphDestroy;
    private readonly nint _cuStreamCreate, _cuStreamSynchronize, _cuStreamDestroy_v2;
    private readonly nint _cuModuleLoadDataEx, _cuModuleGetFunction, _cuModuleUnload, _cuFuncLoad, _cuFuncGetAttribute, _cuFuncSetAttribute;
    private readonly nint _cuLaunchKernel;

    public CUresult cuInit(uint flags) => ((delegate* unmanaged<uint, CUresult>)_cuInit)(flags);

    public CUresult cuDriverGetVersion(out int driverVersion) =>
        ((delegate* unmanaged<out int, CUresult>)_cuDriverGetVersion)(out driverVersion);

    public CUresult cuGetErrorName(CUresult status, out string? name)
    {
        CUresult result = ((delegate* unmanaged<CUresult, out nint, CUresult>)_cuGetErrorName)(status, out nint text);
        name = Marshal.PtrToStringUTF8(text);
        return result;
    }

    public CUresult cuGetErrorString(CUresult status, out string? text)
    {
        CUresult result = ((delegate* unmanaged<CUresult, out nint, CUresult>)_cuGetErrorString)(status, out nint address);
        text = Marshal.PtrToStringUTF8(address);
        return result;
    }

    public CUresult cuDeviceGetCount(out int count) => ((delegate* unmanaged<out int, CUresult>)_cuDeviceGetCount)(out count);

    public CUresult cuDeviceGet(out CUdevice device, int ordinal) =>
        ((delegate* unmanaged<out CUdevice, int, CUresult>)_cuDeviceGet)(out device, ordinal);

    public CUresult cuDeviceGetName(Span<byte> name, CUdevice device)
    {
        fixed (byte* buffer = name)
        {
            return ((delegate* unmanaged<byte*, int, CUdevice, CUresult>)_cuDeviceGetName)(buffer, name.Length, device);
        }
    }

    public CUresult cuDeviceTotalMem_v2(out nuint bytes, CUdevice device) =>
        ((delegate* unmanaged<out nuint, CUdevice, CUresult>)_cuDeviceTotalMem_v2)(out bytes, device);

    public CUresult cuDeviceGetAttribute(out int value, CUdevice_attribute attribute, CUdevice device) =>
        ((delegate* unmanaged<out int, CUdevice_attribute, CUdevice, CUresult>)_cuDeviceGetAttribute)(out value, attribute, device);

    public CUresult cuDevicePrimaryCtxRetain(out CUcontext context, CUdevice device) =>
        ((delegate* unmanaged<out CUcontext, CUdevice, CUresult>)_cuDevicePrimaryCtxRetain)(out context, device);

    public CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) =>
        ((delegate* unmanaged<CUdevice, CUresult>)_cuDevicePrimaryCtxRelease_v2)(device);

    public CUresult cuCtxSetCurrent(CUcontext context) => ((delegate* unmanaged<CUcontext, CUresult>)_cuCtxSetCurrent)(context);

    public CUresult cuCtxSynchronize() => ((delegate* unmanaged<CUresult>)_cuCtxSynchronize)();

    public CUresult cuMemGetInfo_v2(out nuint free, out nuint total) =>
        ((delegate* unmanaged<out nuint, out nuint, CUresult>)_cuMemGetInfo_v2)(out free, out total);

    public CUresult cuMemAlloc_v2(out CUdeviceptr address, nuint bytes) =>
        ((delegate* unmanaged<out CUdeviceptr, nuint, CUresult>)_cuMemAlloc_v2)(out address, bytes);

    public CUresult cuMemFree_v2(CUdeviceptr address) => ((delegate* unmanaged<CUdeviceptr, CUresult>)_cuMemFree_v2)(address);

    public CUresult cuMemcpyHtoD_v2(CUdeviceptr destination, nint source, nuint bytes) =>
        ((delegate* unmanaged<CUdeviceptr, nint, nuint, CUresult>)_cuMemcpyHtoD_v2)(destination, source, bytes);

    public CUresult cuMemcpyDtoH_v2(nint destination, CUdeviceptr source, nuint bytes) =>
        ((delegate* unmanaged<nint, CUdeviceptr, nuint, CUresult>)_cuMemcpyDtoH_v2)(destination, source, bytes);

    public CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr destination, nint source, nuint bytes, CUstream stream) =>
        ((delegate* unmanaged<CUdeviceptr, nint, nuint, CUstream, CUresult>)_cuMemcpyHtoDAsync_v2)(destination, source, bytes, stream);

    public CUresult cuMemcpyDtoHAsync_v2(nint destination, CUdeviceptr source, nuint bytes, CUstream stream) =>
        ((delegate* unmanaged<nint, CUdeviceptr, nuint, CUstream, CUresult>)_cuMemcpyDtoHAsync_v2)(destination, source, bytes, stream);

    public CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr destination, CUdeviceptr source, nuint bytes, CUstream stream) =>
        ((delegate* unmanaged<CUdeviceptr, CUdeviceptr, nuint, CUstream, CUresult>)_cuMemcpyDtoDAsync_v2)(destination, source, bytes, stream);

    public CUresult cuMemsetD8_v2(CUdeviceptr destination, byte value, nuint count) =>
        ((delegate* unmanaged<CUdeviceptr, byte, nuint, CUresult>)_cuMemsetD8_v2)(destination, value, count);

    public CUresult cuMemsetD8Async(CUdeviceptr destination, byte value, nuint count, CUstream stream) =>
        ((delegate* unmanaged<CUdeviceptr, byte, nuint, CUstream, CUresult>)_cuMemsetD8Async)(destination, value, count, stream);

    public CUresult cuStreamCreate(out CUstream stream, CUstream_flags flags) =>
        ((delegate* unmanaged<out CUstream, CUstream_flags, CUresult>)_cuStreamCreate)(out stream, flags);

    public CUresult cuStreamSynchronize(CUstream stream) => ((delegate* unmanaged<CUstream, CUresult>)_cuStreamSynchronize)(stream);

    public CUresult cuStreamDestroy_v2(CUstream stream) => ((delegate* unmanaged<CUstream, CUresult>)_cuStreamDestroy_v2)(stream);

    public CUresult cuEventCreate(out CUevent phEvent, CUevent_flags flags) =>
        ((delegate* unmanaged<out CUevent, CUevent_flags, CUresult>)_cuEventCreate)(out phEvent, flags);

    public CUresult cuEventRecord(CUevent hEvent, CUstream stream) =>
        ((delegate* unmanaged<CUevent, CUstream, CUresult>)_cuEventRecord)(hEvent, stream);

    public CUresult cuEventSynchronize(CUevent hEvent) => ((delegate* unmanaged<CUevent, CUresult>)_cuEventSynchronize)(hEvent);

    public CUresult cuEventElapsedTime(out float milliseconds, CUevent hStart, CUevent hEnd) =>
        ((delegate* unmanaged<out float, CUevent, CUevent, CUresult>)_cuEventElapsedTime)(out milliseconds, hStart, hEnd);

    public CUresult cuEventDestroy_v2(CUevent hEvent) => ((delegate* unmanaged<CUevent, CUresult>)_cuEventDestroy_v2)(hEvent);

    public CUresult cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode mode) =>
        ((delegate* unmanaged<CUstream, CUstreamCaptureMode, CUresult>)_cuStreamBeginCapture_v2)(stream, mode);

    public CUresult cuStreamEndCapture(CUstream stream, out CUgraph graph) =>
        ((delegate* unmanaged<CUstream, out CUgraph, CUresult>)_cuStreamEndCapture)(stream, out graph);

    public CUresult cuGraphInstantiateWithFlags(out CUgraphExec graphExec, CUgraph graph, ulong flags) =>
        ((delegate* unmanaged<out CUgraphExec, CUgraph, ulong, CUresult>)_cuGraphInstantiateWithFlags)(out graphExec, graph, flags);

    public CUresult cuGraphLaunch(CUgraphExec graphExec, CUstream stream) =>
        ((delegate* unmanaged<CUgraphExec, CUstream, CUresult>)_cuGraphLaunch)(graphExec, stream);

    public CUresult cuGraphGetNodes(CUgraph graph, Span<CUgraphNode> nodes, out nuint count)
    {
        count = (nuint)nodes.Length;
        fixed (CUgraphNode* list = nodes)
        {
            return ((delegate* unmanaged<CUgraph, CUgraphNode*, ref nuint, CUresult>)_cuGraphGetNodes)(graph, list, ref count);
        }
    }

    public CUresult cuGraphExecDestroy(CUgraphExec graphExec) => ((delegate* unmanaged<CUgraphExec, CUresult>)_cuGraphExecDestroy)(graphExec);

    public CUresult cuGraphDestroy(CUgraph graph) => ((delegate* unmanaged<CUgraph, CUresult>)_cuGraphDestroy)(graph);

    public CUresult cuModuleLoadDataEx(out CUmodule hmod, ReadOnlySpan<byte> image, ReadOnlySpan<CUjit_option> options, Span<nint> optionValues)
    {
        fixed (byte* text = image)
        fixed (CUjit_option* names = options)
        fixed (nint* values = optionValues)
        {
            return ((delegate* unmanaged<out CUmodule, byte*, uint, CUjit_option*, nint*, CUresult>)_cuModuleLoadDataEx)(
                out hmod, text, (uint)options.Length, names, values);
        }
    }

    public CUresult cuModuleGetFunction(out CUfunction hfunc, CUmodule hmod, string name)
    {
        fixed (byte* text = Encoding.UTF8.GetBytes(name + '\0'))
        {
            return ((delegate* unmanaged<out CUfunction, CUmodule, byte*, CUresult>)_cuModuleGetFunction)(out hfunc, hmod, text);
        }
    }

    public CUresult cuModuleUnload(CUmodule hmod) => ((delegate* unmanaged<CUmodule, CUresult>)_cuModuleUnload)(hmod);

    // Before CUDA 12.4 nothing is documented to load a kernel but its launch; a question for a property, which needs the loaded code, is the best there is.
    public CUresult cuFuncLoad(CUfunction hfunc) => _cuFuncLoad != 0
        ? ((delegate* unmanaged<CUfunction, CUresult>)_cuFuncLoad)(hfunc)
        : cuFuncGetAttribute(out _, CUfunction_attribute.CU_FUNC_ATTRIBUTE_NUM_REGS, hfunc);

    public CUresult cuFuncGetAttribute(out int value, CUfunction_attribute attribute, CUfunction hfunc) =>
        ((delegate* unmanaged<out int, CUfunction_attribute, CUfunction, CUresult>)_cuFuncGetAttribute)(out value, attribute, hfunc);

    public CUresult cuFuncSetAttribute(CUfunction hfunc, CUfunction_attribute attribute, int value) =>
        ((delegate* unmanaged<CUfunction, CUfunction_attribute, int, CUresult>)_cuFuncSetAttribute)(hfunc, attribute, value);

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
        fixed (nint* parameters = kernelParams, list = extra)
        {
            return ((delegate* unmanaged<CUfunction, uint, uint, uint, uint, uint, uint, uint, CUstream, nint*, nint*, CUresult>)_cuLaunchKernel)(
                hfunc, gridDimX, gridDimY, gridDimZ, blockDimX, blockDimY, blockDimZ, sharedMemBytes, stream, parameters, list);
        }
    }
}
