using L2c.Native;

namespace L2c.Emulation;

// Device memory: allocation, copies, fills.
public sealed partial class EmulatedDriver
{
    /// <inheritdoc/>
    public CUresult cuMemGetInfo_v2(out nuint free, out nuint total)
    {
        lock (Gate)
        {
            CUresult status = Enter(out _);
            free = (nuint)(TotalBytes - AllocatedBytes);
            total = (nuint)TotalBytes;
            return status;
        }
    }

    /// <inheritdoc/>
    public CUresult cuMemAlloc_v2(out CUdeviceptr address, nuint bytes)
    {
        lock (Gate)
        {
            address = default;
            CUresult status = EnterUnsafe(out ContextState context);
            if (status != CUresult.CUDA_SUCCESS || bytes == 0)
            {
                return status != CUresult.CUDA_SUCCESS ? status : CUresult.CUDA_ERROR_INVALID_VALUE;
            }

            if (bytes > (nuint)(TotalBytes - AllocatedBytes))
            {
                return CUresult.CUDA_ERROR_OUT_OF_MEMORY;
            }

            address = new CUdeviceptr(context.Memory.Allocate((long)bytes));
            return CUresult.CUDA_SUCCESS;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Waits for the device first, as the real one does.</remarks>
    public CUresult cuMemFree_v2(CUdeviceptr address)
    {
        lock (Gate)
        {
            CUresult status = EnterUnsafe(out ContextState context);
            status = status == CUresult.CUDA_SUCCESS ? DrainAll(context) : status;
            return status != CUresult.CUDA_SUCCESS ? status
                : context.Memory.Free(address.Value) ? CUresult.CUDA_SUCCESS
                : CUresult.CUDA_ERROR_INVALID_VALUE;
        }
    }

    /// <inheritdoc/>
    public CUresult cuMemcpyHtoD_v2(CUdeviceptr destination, nint source, nuint bytes) =>
        Copy(new MemoryCopy(CopyDirection.HostToDevice, destination.Value, (ulong)source, (long)bytes), null);

    /// <inheritdoc/>
    public CUresult cuMemcpyDtoH_v2(nint destination, CUdeviceptr source, nuint bytes) =>
        Copy(new MemoryCopy(CopyDirection.DeviceToHost, (ulong)destination, source.Value, (long)bytes), null);

    /// <inheritdoc/>
    public CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr destination, nint source, nuint bytes, CUstream stream) =>
        Copy(new MemoryCopy(CopyDirection.HostToDevice, destination.Value, (ulong)source, (long)bytes), stream);

    /// <inheritdoc/>
    public CUresult cuMemcpyDtoHAsync_v2(nint destination, CUdeviceptr source, nuint bytes, CUstream stream) =>
        Copy(new MemoryCopy(CopyDirection.DeviceToHost, (ulong)destination, source.Value, (long)bytes), stream);

    /// <inheritdoc/>
    public CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr destination, CUdeviceptr source, nuint bytes, CUstream stream) =>
        Copy(new MemoryCopy(CopyDirection.DeviceToDevice, destination.Value, source.Value, (long)bytes), stream);

    /// <inheritdoc/>
    public CUresult cuMemsetD8_v2(CUdeviceptr destination, byte value, nuint count) =>
        Set(new MemorySet(destination.Value, value, (long)count), null);

    /// <inheritdoc/>
    public CUresult cuMemsetD8Async(CUdeviceptr destination, byte value, nuint count, CUstream stream) =>
        Set(new MemorySet(destination.Value, value, (long)count), stream);

    // A copy without a stream is one of the null stream that the caller waits for.
    private CUresult Copy(MemoryCopy copy, CUstream? stream)
    {
        lock (Gate)
        {
            CUresult status = stream is null ? EnterUnsafe(out ContextState context) : Enter(out context);
            if (status != CUresult.CUDA_SUCCESS || copy.Bytes == 0)
            {
                return status;
            }

            if (!TryGetStream(context, stream ?? default, out StreamState state))
            {
                return CUresult.CUDA_ERROR_INVALID_HANDLE;
            }

            bool host = (copy.Direction == CopyDirection.HostToDevice ? copy.Source : copy.Destination) != 0;
            bool fits = host && (copy.Direction == CopyDirection.DeviceToHost || Fits(context, copy.Destination, copy.Bytes))
                && (copy.Direction == CopyDirection.HostToDevice || Fits(context, copy.Source, copy.Bytes));
            status = fits ? Enqueue(context, state, copy) : CUresult.CUDA_ERROR_INVALID_VALUE;
            return stream is null && status == CUresult.CUDA_SUCCESS ? Drain(context, state.Queue) : status;
        }
    }

    // Unlike a copy, a fill without a stream is not waited for.
    private CUresult Set(MemorySet set, CUstream? stream)
    {
        lock (Gate)
        {
            CUresult status = stream is null ? EnterUnsafe(out ContextState context) : Enter(out context);
            return status != CUresult.CUDA_SUCCESS || set.Bytes == 0 ? status
                : !TryGetStream(context, stream ?? default, out StreamState state) ? CUresult.CUDA_ERROR_INVALID_HANDLE
                : Fits(context, set.Destination, set.Bytes) ? Enqueue(context, state, set)
                : CUresult.CUDA_ERROR_INVALID_VALUE;
        }
    }

    // The driver knows its allocations: a range that is none is refused at once and costs nothing but the call.
    private bool Fits(ContextState context, ulong address, long bytes)
    {
        try
        {
            context.Memory.Check(address, bytes);
            return true;
        }
        catch (DeviceFault fault)
        {
            LastFault = fault;
            if (ThrowOnFault)
            {
                throw;
            }

            return false;
        }
    }
}
