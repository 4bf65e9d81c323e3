using L2c.Native;

namespace L2c.Emulation;

// Launches.
public sealed unsafe partial class EmulatedDriver
{
    internal const int MaxBlockThreads = 1024;
    private const uint MaxGridX = int.MaxValue;
    private const uint MaxGridYZ = 65535;
    private const uint MaxBlockXY = 1024;
    private const uint MaxBlockZ = 64;

    /// <inheritdoc/>
    /// <remarks>
    /// The size of packed parameters must be the kernel's, and there must be as many addresses as parameters. A kernel that is not on the device yet is
    /// loaded, which a recording does not survive.
    /// </remarks>
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
        lock (Gate)
        {
            CUresult status = Enter(out ContextState context);
            if (status != CUresult.CUDA_SUCCESS)
            {
                return status;
            }

            if (!context.Objects.TryGet(hfunc.Handle, out FunctionState? function) || !TryGetStream(context, stream, out StreamState target))
            {
                return CUresult.CUDA_ERROR_INVALID_HANDLE;
            }

            var size = new LaunchDimensions(gridDimX, gridDimY, gridDimZ, blockDimX, blockDimY, blockDimZ, sharedMemBytes);
            byte[] parameters = new byte[function.Entry.ParameterBytes];
            if (!Possible(size, function) || !(extra.IsEmpty ? Gather(kernelParams, function.Entry, parameters) : Unpack(extra, parameters)))
            {
                return CUresult.CUDA_ERROR_INVALID_VALUE;
            }

            if (!function.Loaded && Break([target]))
            {
                return CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
            }

            function.Loaded = true;
            return Enqueue(context, target, new KernelLaunch(function, size, parameters));
        }
    }

    private static bool Possible(in LaunchDimensions size, FunctionState function) =>
        size.GridX - 1 < MaxGridX && size.GridY - 1 < MaxGridYZ && size.GridZ - 1 < MaxGridYZ
        && size.BlockX - 1 < MaxBlockXY && size.BlockY - 1 < MaxBlockXY && size.BlockZ - 1 < MaxBlockZ
        && size.BlockX * size.BlockY * size.BlockZ <= function.MaxThreads
        && size.DynamicSharedBytes <= function.MaxDynamicSharedBytes;

    private static bool Gather(ReadOnlySpan<nint> addresses, PtxEntry entry, Span<byte> parameters)
    {
        if (addresses.Length != entry.Parameters.Count || addresses.Contains(0))
        {
            return false;
        }

        for (int i = 0; i < addresses.Length; i++)
        {
            new ReadOnlySpan<byte>((void*)addresses[i], entry.Parameters[i].Bytes).CopyTo(parameters[entry.Parameters[i].Offset..]);
        }

        return true;
    }

    // {BufferPointer, address, BufferSize, address of the size, End}
    private static bool Unpack(ReadOnlySpan<nint> extra, Span<byte> parameters)
    {
        byte* buffer = null;
        nuint bytes = 0;
        for (int i = 0; i < extra.Length && extra[i] != CudaLaunchParam.End; i += 2)
        {
            if (i + 1 == extra.Length || extra[i + 1] == 0)
            {
                return false;
            }

            switch (extra[i])
            {
                case CudaLaunchParam.BufferPointer:
                    buffer = (byte*)extra[i + 1];
                    break;
                case CudaLaunchParam.BufferSize:
                    bytes = *(nuint*)extra[i + 1];
                    break;
                default:
                    return false;
            }
        }

        if (!extra.Contains(CudaLaunchParam.End) || bytes != (nuint)parameters.Length || (buffer is null && bytes != 0))
        {
            return false;
        }

        new ReadOnlySpan<byte>(buffer, parameters.Length).CopyTo(parameters);
        return true;
    }
}
