using System.Runtime.InteropServices;
using L2c.Native;

namespace L2c.Emulation.Native;

// Memory, streams, events.
internal static unsafe partial class DriverExports
{
    [UnmanagedCallersOnly(EntryPoint = nameof(cuMemGetInfo_v2))]
    public static CUresult cuMemGetInfo_v2(nuint* free, nuint* total) =>
        free is null || total is null ? Invalid : Gpu.Driver.cuMemGetInfo_v2(out *free, out *total);

    [UnmanagedCallersOnly(EntryPoint = nameof(cuMemAlloc_v2))]
    public static CUresult cuMemAlloc_v2(CUdeviceptr* dptr, nuint bytesize) =>
        dptr is null ? Invalid : Gpu.Tell(Gpu.Driver.cuMemAlloc_v2(out *dptr, bytesize));

    [UnmanagedCallersOnly(EntryPoint = nameof(cuMemFree_v2))]
    public static CUresult cuMemFree_v2(CUdeviceptr dptr) => Gpu.Tell(Gpu.Driver.cuMemFree_v2(dptr));

    [UnmanagedCallersOnly(EntryPoint = nameof(cuMemcpyHtoD_v2))]
    public static CUresult cuMemcpyHtoD_v2(CUdeviceptr dstDevice, nint srcHost, nuint byteCount) =>
        Gpu.Tell(Gpu.Driver.cuMemcpyHtoD_v2(dstDevice, srcHost, byteCount));

    [UnmanagedCallersOnly(EntryPoint = nameof(cuMemcpyDtoH_v2))]
    public static CUresult cuMemcpyDtoH_v2(nint dstHost, CUdeviceptr srcDevice, nuint byteCount) =>
        Gpu.Tell(Gpu.Driver.cuMemcpyDtoH_v2(dstHost, srcDevice, byteCount));

    [UnmanagedCallersOnly(EntryPoint = nameof(cuMemcpyHtoDAsync_v2))]
    public static CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dstDevice, nint srcHost, nuint byteCount, CUstream hStream) =>
        Gpu.Tell(Gpu.Driver.cuMemcpyHtoDAsync_v2(dstDevice, srcHost, byteCount, hStream));

    [UnmanagedCallersOnly(EntryPoint = nameof(cuMemcpyDtoHAsync_v2))]
    public static CUresult cuMemcpyDtoHAsync_v2(nint dstHost, CUdeviceptr srcDevice, nuint byteCount, CUstream hStream) =>
        Gpu.Tell(Gpu.Driver.cuMemcpyDtoHAsync_v2(dstHost, srcDevice, byteCount, hStream));

    [UnmanagedCallersOnly(EntryPoint = nameof(cuMemcpyDtoDAsync_v2))]
    public static CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr dstDevice, CUdeviceptr srcDevice, nuint byteCount, CUstream hStream) =>
        Gpu.Tell(Gpu.Driver.cuMemcpyDtoDAsync_v2(dstDevice, srcDevice, byteCount, hStream));

    [UnmanagedCallersOnly(EntryPoint = nameof(cuMemsetD8_v2))]
    public static CUresult cuMemsetD8_v2(CUdeviceptr dstDevice, byte uc, nuint n) => Gpu.Tell(Gpu.Driver.cuMemsetD8_v2(dstDevice, uc, n));

    [UnmanagedCallersOnly(EntryPoint = nameof(cuMemsetD8Async))]
    public static CUresult cuMemsetD8Async(CUdeviceptr dstDevice, byte uc, nuint n, CUstream hStream) =>
        Gpu.Tell(Gpu.Driver.cuMemsetD8Async(dstDevice, uc, n, hStream));

    [UnmanagedCallersOnly(EntryPoint = nameof(cuStreamCreate))]
    public static CUresult cuStreamCreate(CUstream* phStream, CUstream_flags flags) =>
        phStream is null ? Invalid : Gpu.Driver.cuStreamCreate(out *phStream, flags);

    [UnmanagedCallersOnly(EntryPoint = nameof(cuStreamSynchronize))]
    public static CUresult cuStreamSynchronize(CUstream hStream) => Gpu.Tell(Gpu.Driver.cuStreamSynchronize(hStream));

    [UnmanagedCallersOnly(EntryPoint = nameof(cuStreamDestroy_v2))]
    public static CUresult cuStreamDestroy_v2(CUstream hStream) => Gpu.Tell(Gpu.Driver.cuStreamDestroy_v2(hStream));

    [UnmanagedCallersOnly(EntryPoint = nameof(cuEventCreate))]
    public static CUresult cuEventCreate(CUevent* phEvent, CUevent_flags flags) =>
        phEvent is null ? Invalid : Gpu.Driver.cuEventCreate(out *phEvent, flags);

    [UnmanagedCallersOnly(EntryPoint = nameof(cuEventRecord))]
    public static CUresult cuEventRecord(CUevent hEvent, CUstream hStream) => Gpu.Tell(Gpu.Driver.cuEventRecord(hEvent, hStream));

    [UnmanagedCallersOnly(EntryPoint = nameof(cuEventSynchronize))]
    public static CUresult cuEventSynchronize(CUevent hEvent) => Gpu.Tell(Gpu.Driver.cuEventSynchronize(hEvent));

    // A driver for CUDA 13 has both names.
    [UnmanagedCallersOnly(EntryPoint = nameof(cuEventElapsedTime))]
    public static CUresult cuEventElapsedTime(float* pMilliseconds, CUevent hStart, CUevent hEnd) => ElapsedTime(pMilliseconds, hStart, hEnd);

    [UnmanagedCallersOnly(EntryPoint = nameof(cuEventElapsedTime_v2))]
    public static CUresult cuEventElapsedTime_v2(float* pMilliseconds, CUevent hStart, CUevent hEnd) => ElapsedTime(pMilliseconds, hStart, hEnd);

    [UnmanagedCallersOnly(EntryPoint = nameof(cuEventDestroy_v2))]
    public static CUresult cuEventDestroy_v2(CUevent hEvent) => Gpu.Driver.cuEventDestroy_v2(hEvent);

    private static CUresult ElapsedTime(float* milliseconds, CUevent start, CUevent end) =>
        milliseconds is null ? Invalid : Gpu.Driver.cuEventElapsedTime(out *milliseconds, start, end);
}
