using System.Diagnostics;
using L2c.Native;

namespace L2c.Emulation;

// Streams and events.
public sealed partial class EmulatedDriver
{
    /// <inheritdoc/>
    public CUresult cuStreamCreate(out CUstream stream, CUstream_flags flags)
    {
        lock (Gate)
        {
            stream = default;
            CUresult status = Enter(out ContextState context);
            if (status != CUresult.CUDA_SUCCESS || !Enum.IsDefined(flags))
            {
                return status != CUresult.CUDA_SUCCESS ? status : CUresult.CUDA_ERROR_INVALID_VALUE;
            }

            bool blocking = flags == CUstream_flags.CU_STREAM_DEFAULT;
            Queue<DeviceWork> queue = blocking ? context.NullStream.Queue : new Queue<DeviceWork>();
            stream = new CUstream(context.Objects.Add(new StreamState(queue, blocking)));
            return CUresult.CUDA_SUCCESS;
        }
    }

    /// <inheritdoc/>
    public CUresult cuStreamSynchronize(CUstream stream)
    {
        lock (Gate)
        {
            CUresult status = Enter(out ContextState context);
            if (status != CUresult.CUDA_SUCCESS)
            {
                return status;
            }

            if (!TryGetStream(context, stream, out StreamState state))
            {
                return CUresult.CUDA_ERROR_INVALID_HANDLE;
            }

            if (stream.Handle == 0 && Break(context.Streams.Where(s => s.Blocking)))
            {
                return CudaErrors.CaptureImplicit;
            }

            return Break([state]) ? CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED : Drain(context, state.Queue);
        }
    }

    /// <inheritdoc/>
    public CUresult cuStreamDestroy_v2(CUstream stream)
    {
        lock (Gate)
        {
            CUresult status = Enter(out ContextState context);
            if (status != CUresult.CUDA_SUCCESS)
            {
                return status;
            }

            if (!context.Objects.TryGet(stream.Handle, out StreamState? state))
            {
                return CUresult.CUDA_ERROR_INVALID_HANDLE;
            }

            _ = context.Objects.Remove<StreamState>(stream.Handle);
            return Drain(context, state.Queue);
        }
    }

    /// <inheritdoc/>
    public CUresult cuEventCreate(out CUevent phEvent, CUevent_flags flags)
    {
        lock (Gate)
        {
            phEvent = default;
            CUresult status = Enter(out ContextState context);
            if (status == CUresult.CUDA_SUCCESS)
            {
                phEvent = new CUevent(context.Objects.Add(new EventState(!flags.HasFlag(CUevent_flags.CU_EVENT_DISABLE_TIMING))));
            }

            return status;
        }
    }

    /// <inheritdoc/>
    public CUresult cuEventRecord(CUevent hEvent, CUstream stream)
    {
        lock (Gate)
        {
            CUresult status = Enter(out ContextState context);
            if (status != CUresult.CUDA_SUCCESS)
            {
                return status;
            }

            if (!context.Objects.TryGet(hEvent.Handle, out EventState? state) || !TryGetStream(context, stream, out StreamState target))
            {
                return CUresult.CUDA_ERROR_INVALID_HANDLE;
            }

            state.Captured = target.Capture is { Invalid: false };
            if (state.Captured)
            {
                return CUresult.CUDA_SUCCESS;
            }

            (state.Mark, state.Queue, state.Passed) = (new EventMark(state), target.Queue, null);
            return Enqueue(context, target, state.Mark);
        }
    }

    /// <inheritdoc/>
    public CUresult cuEventSynchronize(CUevent hEvent)
    {
        lock (Gate)
        {
            CUresult status = Enter(out ContextState context);
            if (status != CUresult.CUDA_SUCCESS)
            {
                return status;
            }

            if (!context.Objects.TryGet(hEvent.Handle, out EventState? state))
            {
                return CUresult.CUDA_ERROR_INVALID_HANDLE;
            }

            return state.Captured ? CudaErrors.CapturedEvent
                : state.Mark is null || state.Passed is not null ? CUresult.CUDA_SUCCESS
                : Drain(context, state.Queue!, state.Mark);
        }
    }

    /// <inheritdoc/>
    /// <remarks>The host's time between the moments when the emulator came to the two marks.</remarks>
    public CUresult cuEventElapsedTime(out float milliseconds, CUevent hStart, CUevent hEnd)
    {
        lock (Gate)
        {
            milliseconds = 0;
            CUresult status = Enter(out ContextState context);
            if (status != CUresult.CUDA_SUCCESS)
            {
                return status;
            }

            if (!context.Objects.TryGet(hStart.Handle, out EventState? start) || !context.Objects.TryGet(hEnd.Handle, out EventState? end)
                || !start.Timed || !end.Timed || start.Mark is null || end.Mark is null)
            {
                return CUresult.CUDA_ERROR_INVALID_HANDLE;
            }

            if (start.Captured || end.Captured)
            {
                return CudaErrors.CapturedEvent;
            }

            if (start.Passed is not { } from || end.Passed is not { } to)
            {
                return CUresult.CUDA_ERROR_NOT_READY;
            }

            milliseconds = (float)Stopwatch.GetElapsedTime(from, to).TotalMilliseconds;
            return CUresult.CUDA_SUCCESS;
        }
    }

    /// <inheritdoc/>
    public CUresult cuEventDestroy_v2(CUevent hEvent) => Destroy<EventState>(hEvent.Handle);

    private CUresult Destroy<T>(nint handle)
        where T : class
    {
        lock (Gate)
        {
            CUresult status = Enter(out ContextState context);
            return status != CUresult.CUDA_SUCCESS ? status
                : context.Objects.Remove<T>(handle) ? CUresult.CUDA_SUCCESS
                : CUresult.CUDA_ERROR_INVALID_HANDLE;
        }
    }
}
