using System.Runtime.InteropServices;
using L2c.Native;

namespace L2c.Emulation.Native;

// Recording, graphs, modules, launches.
internal static unsafe partial class DriverExports
{
    [UnmanagedCallersOnly(EntryPoint = nameof(cuStreamBeginCapture_v2))]
    public static CUresult cuStreamBeginCapture_v2(CUstream hStream, CUstreamCaptureMode mode) =>
        Gpu.Driver.cuStreamBeginCapture_v2(hStream, mode);

    [UnmanagedCallersOnly(EntryPoint = nameof(cuStreamEndCapture))]
    public static CUresult cuStreamEndCapture(CUstream hStream, CUgraph* phGraph) =>
        phGraph is null ? Invalid : Gpu.Driver.cuStreamEndCapture(hStream, out *phGraph);

    [UnmanagedCallersOnly(EntryPoint = nameof(cuGraphInstantiateWithFlags))]
    public static CUresult cuGraphInstantiateWithFlags(CUgraphExec* phGraphExec, CUgraph hGraph, ulong flags) =>
        phGraphExec is null ? Invalid : Gpu.Driver.cuGraphInstantiateWithFlags(out *phGraphExec, hGraph, flags);

    [UnmanagedCallersOnly(EntryPoint = nameof(cuGraphLaunch))]
    public static CUresult cuGraphLaunch(CUgraphExec hGraphExec, CUstream hStream) => Gpu.Tell(Gpu.Driver.cuGraphLaunch(hGraphExec, hStream));

    [UnmanagedCallersOnly(EntryPoint = nameof(cuGraphGetNodes))]
    public static CUresult cuGraphGetNodes(CUgraph hGraph, CUgraphNode* nodes, nuint* numNodes)
    {
        if (numNodes is null)
        {
            return Invalid;
        }

        Span<CUgraphNode> list = nodes is null ? [] : new Span<CUgraphNode>(nodes, checked((int)*numNodes));
        return Gpu.Driver.cuGraphGetNodes(hGraph, list, out *numNodes);
    }

    [UnmanagedCallersOnly(EntryPoint = nameof(cuGraphExecDestroy))]
    public static CUresult cuGraphExecDestroy(CUgraphExec hGraphExec) => Gpu.Driver.cuGraphExecDestroy(hGraphExec);

    [UnmanagedCallersOnly(EntryPoint = nameof(cuGraphDestroy))]
    public static CUresult cuGraphDestroy(CUgraph hGraph) => Gpu.Driver.cuGraphDestroy(hGraph);

    // An image has no size: text ends with its NUL, and so does as much of a binary as the emulator looks at.
    [UnmanagedCallersOnly(EntryPoint = nameof(cuModuleLoadDataEx))]
    public static CUresult cuModuleLoadDataEx(CUmodule* module, byte* image, uint numOptions, CUjit_option* options, nint* optionValues)
    {
        if (module is null || image is null || (numOptions > 0 && (options is null || optionValues is null)))
        {
            return Invalid;
        }

        int length = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(image).Length + 1, count = checked((int)numOptions);
        return Gpu.Driver.cuModuleLoadDataEx(
            out *module,
            new ReadOnlySpan<byte>(image, length),
            new ReadOnlySpan<CUjit_option>(options, count),
            new Span<nint>(optionValues, count));
    }

    [UnmanagedCallersOnly(EntryPoint = nameof(cuModuleGetFunction))]
    public static CUresult cuModuleGetFunction(CUfunction* hfunc, CUmodule hmod, byte* name) =>
        hfunc is null || name is null ? Invalid : Gpu.Driver.cuModuleGetFunction(out *hfunc, hmod, Marshal.PtrToStringUTF8((nint)name)!);

    [UnmanagedCallersOnly(EntryPoint = nameof(cuModuleUnload))]
    public static CUresult cuModuleUnload(CUmodule hmod) => Gpu.Tell(Gpu.Driver.cuModuleUnload(hmod));

    [UnmanagedCallersOnly(EntryPoint = nameof(cuFuncLoad))]
    public static CUresult cuFuncLoad(CUfunction function) => Gpu.Driver.cuFuncLoad(function);

    [UnmanagedCallersOnly(EntryPoint = nameof(cuFuncGetAttribute))]
    public static CUresult cuFuncGetAttribute(int* pi, CUfunction_attribute attrib, CUfunction hfunc) =>
        pi is null ? Invalid : Gpu.Driver.cuFuncGetAttribute(out *pi, attrib, hfunc);

    [UnmanagedCallersOnly(EntryPoint = nameof(cuFuncSetAttribute))]
    public static CUresult cuFuncSetAttribute(CUfunction hfunc, CUfunction_attribute attrib, int value) =>
        Gpu.Driver.cuFuncSetAttribute(hfunc, attrib, value);

    // Neither list has a length in C: parameters are as many as the kernel has, the other list ends with its marker.
    [UnmanagedCallersOnly(EntryPoint = nameof(cuLaunchKernel))]
    public static CUresult cuLaunchKernel(
        CUfunction f,
        uint gridDimX,
        uint gridDimY,
        uint gridDimZ,
        uint blockDimX,
        uint blockDimY,
        uint blockDimZ,
        uint sharedMemBytes,
        CUstream hStream,
        nint* kernelParams,
        nint* extra)
    {
        if (kernelParams is not null && extra is not null)
        {
            return Invalid;
        }

        int markers = 0;
        while (extra is not null && extra[markers] != CudaLaunchParam.End)
        {
            markers += 2;
        }

        return Gpu.Tell(Gpu.Driver.cuLaunchKernel(
            f,
            gridDimX,
            gridDimY,
            gridDimZ,
            blockDimX,
            blockDimY,
            blockDimZ,
            sharedMemBytes,
            hStream,
            kernelParams is null ? [] : new ReadOnlySpan<nint>(kernelParams, Gpu.Driver.ParameterCount(f)),
            extra is null ? [] : new ReadOnlySpan<nint>(extra, markers + 1)));
    }
}
