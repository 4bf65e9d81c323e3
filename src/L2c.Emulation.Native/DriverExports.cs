using System.Runtime.InteropServices;
using L2c.Native;

namespace L2c.Emulation.Native;

/// <summary>The driver's functions with the signatures of cuda.h: device, context, errors.</summary>
/// <remarks>Every pointer that the vendor's function writes through is checked; the rest is the emulator's. Source: CUDA driver API.</remarks>
internal static unsafe partial class DriverExports
{
    private const CUresult Invalid = CUresult.CUDA_ERROR_INVALID_VALUE;

    [UnmanagedCallersOnly(EntryPoint = nameof(cuInit))]
    public static CUresult cuInit(uint flags) => Gpu.Driver.cuInit(flags);

    [UnmanagedCallersOnly(EntryPoint = nameof(cuDriverGetVersion))]
    public static CUresult cuDriverGetVersion(int* driverVersion) =>
        driverVersion is null ? Invalid : Gpu.Driver.cuDriverGetVersion(out *driverVersion);

    [UnmanagedCallersOnly(EntryPoint = nameof(cuGetErrorName))]
    public static CUresult cuGetErrorName(CUresult error, nint* pStr)
    {
        if (pStr is null)
        {
            return Invalid;
        }

        CUresult status = Gpu.Driver.cuGetErrorName(error, out string? name);
        *pStr = Gpu.Text(name);
        return status;
    }

    [UnmanagedCallersOnly(EntryPoint = nameof(cuGetErrorString))]
    public static CUresult cuGetErrorString(CUresult error, nint* pStr)
    {
        if (pStr is null)
        {
            return Invalid;
        }

        CUresult status = Gpu.Driver.cuGetErrorString(error, out string? text);
        *pStr = Gpu.Text(text);
        return status;
    }

    [UnmanagedCallersOnly(EntryPoint = nameof(cuDeviceGetCount))]
    public static CUresult cuDeviceGetCount(int* count) => count is null ? Invalid : Gpu.Driver.cuDeviceGetCount(out *count);

    [UnmanagedCallersOnly(EntryPoint = nameof(cuDeviceGet))]
    public static CUresult cuDeviceGet(CUdevice* device, int ordinal) => device is null ? Invalid : Gpu.Driver.cuDeviceGet(out *device, ordinal);

    [UnmanagedCallersOnly(EntryPoint = nameof(cuDeviceGetName))]
    public static CUresult cuDeviceGetName(byte* name, int len, CUdevice dev) =>
        name is null || len <= 0 ? Invalid : Gpu.Driver.cuDeviceGetName(new Span<byte>(name, len), dev);

    [UnmanagedCallersOnly(EntryPoint = nameof(cuDeviceTotalMem_v2))]
    public static CUresult cuDeviceTotalMem_v2(nuint* bytes, CUdevice dev) =>
        bytes is null ? Invalid : Gpu.Driver.cuDeviceTotalMem_v2(out *bytes, dev);

    [UnmanagedCallersOnly(EntryPoint = nameof(cuDeviceGetAttribute))]
    public static CUresult cuDeviceGetAttribute(int* pi, CUdevice_attribute attrib, CUdevice dev) =>
        pi is null ? Invalid : Gpu.Driver.cuDeviceGetAttribute(out *pi, attrib, dev);

    [UnmanagedCallersOnly(EntryPoint = nameof(cuDevicePrimaryCtxRetain))]
    public static CUresult cuDevicePrimaryCtxRetain(CUcontext* pctx, CUdevice dev) =>
        pctx is null ? Invalid : Gpu.Driver.cuDevicePrimaryCtxRetain(out *pctx, dev);

    [UnmanagedCallersOnly(EntryPoint = nameof(cuDevicePrimaryCtxRelease_v2))]
    public static CUresult cuDevicePrimaryCtxRelease_v2(CUdevice dev) => Gpu.Driver.cuDevicePrimaryCtxRelease_v2(dev);

    [UnmanagedCallersOnly(EntryPoint = nameof(cuCtxSetCurrent))]
    public static CUresult cuCtxSetCurrent(CUcontext ctx) => Gpu.Driver.cuCtxSetCurrent(ctx);

    [UnmanagedCallersOnly(EntryPoint = nameof(cuCtxSynchronize))]
    public static CUresult cuCtxSynchronize() => Gpu.Tell(Gpu.Driver.cuCtxSynchronize());
}
