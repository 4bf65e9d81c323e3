using System.Text;
using L2c.Native;

namespace L2c.Emulation;

// Initialisation, the device, the primary context.
public sealed partial class EmulatedDriver
{
    private const int CudaVersion = 13000;
    private const nint FirstContext = 0x5400_0001;

    // Source: CUDA C++ programming guide, technical specifications per compute capability.
    private int SharedBytesOptIn => ComputeCapability switch
    {
        { Major: 8, Minor: 6 or 9 } => 99 << 10,
        { Major: 8 } => 163 << 10,
        _ => 227 << 10,
    };

    /// <inheritdoc/>
    public CUresult cuInit(uint flags)
    {
        if (flags != 0)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        _initialised = true;
        return CUresult.CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public CUresult cuDriverGetVersion(out int driverVersion)
    {
        driverVersion = CudaVersion;
        return CUresult.CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public CUresult cuGetErrorName(CUresult status, out string? name)
    {
        bool known = CudaErrors.TryGet(status, out (string Name, string Text) error);
        name = known ? error.Name : null;
        return known ? CUresult.CUDA_SUCCESS : CUresult.CUDA_ERROR_INVALID_VALUE;
    }

    /// <inheritdoc/>
    /// <remarks>The status of a context that a fault has lost comes with the fault: whichever call reports it, the message says why.</remarks>
    public CUresult cuGetErrorString(CUresult status, out string? text)
    {
        bool known = CudaErrors.TryGet(status, out (string Name, string Text) error);
        bool lost = status != CUresult.CUDA_SUCCESS && status == _context?.Status;
        text = !known ? null : lost ? $"{error.Text} ({LastFault?.Message})" : error.Text;
        return known ? CUresult.CUDA_SUCCESS : CUresult.CUDA_ERROR_INVALID_VALUE;
    }

    /// <inheritdoc/>
    public CUresult cuDeviceGetCount(out int count)
    {
        count = _initialised ? 1 : 0;
        return EnterDevice(default);
    }

    /// <inheritdoc/>
    public CUresult cuDeviceGet(out CUdevice device, int ordinal)
    {
        device = new CUdevice(ordinal);
        return EnterDevice(device);
    }

    /// <inheritdoc/>
    public CUresult cuDeviceGetName(Span<byte> name, CUdevice device)
    {
        CUresult status = name.IsEmpty ? CUresult.CUDA_ERROR_INVALID_VALUE : EnterDevice(device);
        if (status == CUresult.CUDA_SUCCESS)
        {
            byte[] text = Encoding.ASCII.GetBytes($"emulated sm_{ComputeCapability.Major}{ComputeCapability.Minor}");
            int length = Math.Min(text.Length, name.Length - 1);
            text.AsSpan(0, length).CopyTo(name);
            name[length] = 0;
        }

        return status;
    }

    /// <inheritdoc/>
    public CUresult cuDeviceTotalMem_v2(out nuint bytes, CUdevice device)
    {
        bytes = (nuint)TotalBytes;
        return EnterDevice(device);
    }

    /// <inheritdoc/>
    public CUresult cuDeviceGetAttribute(out int value, CUdevice_attribute attribute, CUdevice device)
    {
        value = attribute switch
        {
            CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN => SharedBytesOptIn,
            CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT => Multiprocessors,
            CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR => ComputeCapability.Major,
            CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR => ComputeCapability.Minor,
            _ => -1,
        };
        return value < 0 ? CUresult.CUDA_ERROR_INVALID_VALUE : EnterDevice(device);
    }

    /// <inheritdoc/>
    public CUresult cuDevicePrimaryCtxRetain(out CUcontext context, CUdevice device)
    {
        lock (Gate)
        {
            context = default;
            CUresult status = EnterDevice(device);
            if (status == CUresult.CUDA_SUCCESS)
            {
                _context ??= new ContextState(FirstContext + Contexts++, KeepsValues);
                _contextReferences++;
                context = new CUcontext(_context.Handle);
            }

            return status;
        }
    }

    /// <inheritdoc/>
    public CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device)
    {
        lock (Gate)
        {
            CUresult status = EnterDevice(device);
            if (status != CUresult.CUDA_SUCCESS || _context is null)
            {
                return status != CUresult.CUDA_SUCCESS ? status : CUresult.CUDA_ERROR_INVALID_CONTEXT;
            }

            if (--_contextReferences == 0)
            {
                _leaked.AddRange(_context.Alive());
                _context.Memory.Dispose();
                _context = null;
            }

            return CUresult.CUDA_SUCCESS;
        }
    }

    /// <inheritdoc/>
    public CUresult cuCtxSetCurrent(CUcontext context)
    {
        lock (Gate)
        {
            if (!_initialised)
            {
                return CUresult.CUDA_ERROR_NOT_INITIALIZED;
            }

            if (context.Handle != 0 && context.Handle != _context?.Handle)
            {
                return CUresult.CUDA_ERROR_INVALID_CONTEXT;
            }

            _current.Value = context.Handle;
            return CUresult.CUDA_SUCCESS;
        }
    }

    /// <inheritdoc/>
    public CUresult cuCtxSynchronize()
    {
        lock (Gate)
        {
            CUresult status = Enter(out ContextState context);
            return status != CUresult.CUDA_SUCCESS ? status
                : Break(context.Streams) ? CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED
                : DrainAll(context);
        }
    }

    /// <summary>What every call needs first: an initialised driver, a current context without a fault.</summary>
    private CUresult Enter(out ContextState context)
    {
        context = _context!;
        return !_initialised ? CUresult.CUDA_ERROR_NOT_INITIALIZED
            : _context is null || _current.Value != _context.Handle ? CUresult.CUDA_ERROR_INVALID_CONTEXT
            : _context.Status;
    }

    /// <summary>As <see cref="Enter"/>, for a call that is unsafe while this thread records: it fails and breaks the recordings.</summary>
    private CUresult EnterUnsafe(out ContextState context)
    {
        CUresult status = Enter(out context);
        int thread = Environment.CurrentManagedThreadId;
        return status == CUresult.CUDA_SUCCESS && Break(context.Streams.Where(s => s.Capture is { } c && c.Forbids(thread)))
            ? CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED
            : status;
    }

    private CUresult EnterDevice(CUdevice device) =>
        !_initialised ? CUresult.CUDA_ERROR_NOT_INITIALIZED
        : device.Value != 0 ? CUresult.CUDA_ERROR_INVALID_DEVICE
        : CUresult.CUDA_SUCCESS;
}
