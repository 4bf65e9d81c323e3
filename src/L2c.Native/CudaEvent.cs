namespace L2c.Native;

/// <summary>A mark in a stream that can be waited for and timed.</summary>
public sealed class CudaEvent : IDisposable
{
    private readonly ICudaDriver _driver;
    private bool _destroyed;

    /// <summary>Creates the event; it marks nothing until <see cref="Record"/>.</summary>
    /// <param name="driver">The provider, with a current context.</param>
    /// <param name="timed">False for a mark that is only waited for, which is cheaper.</param>
    /// <exception cref="CudaException">The driver refuses.</exception>
    public CudaEvent(ICudaDriver driver, bool timed = true)
    {
        _driver = driver;
        driver.Check(driver.cuEventCreate(out CUevent handle, timed ? CUevent_flags.CU_EVENT_DEFAULT : CUevent_flags.CU_EVENT_DISABLE_TIMING));
        Handle = handle;
    }

    /// <summary>The event; of no use after disposal.</summary>
    public CUevent Handle { get; }

    /// <summary>Enqueues the mark; a later call moves it. Allocates nothing.</summary>
    /// <exception cref="CudaException">The driver refuses.</exception>
    /// <exception cref="ObjectDisposedException">The event has been destroyed.</exception>
    public void Record(CUstream stream)
    {
        ObjectDisposedException.ThrowIf(_destroyed, this);
        _driver.Check(_driver.cuEventRecord(Handle, stream));
    }

    /// <summary>Waits until the stream has passed the mark.</summary>
    /// <exception cref="CudaException">Work enqueued earlier has failed.</exception>
    /// <exception cref="ObjectDisposedException">The event has been destroyed.</exception>
    public void Synchronize()
    {
        ObjectDisposedException.ThrowIf(_destroyed, this);
        _driver.Check(_driver.cuEventSynchronize(Handle));
    }

    /// <summary>Milliseconds from an earlier mark to this one; both must have been passed. Resolution about half a microsecond.</summary>
    /// <exception cref="CudaException">One of them was not recorded, is not timed, or has not been passed.</exception>
    /// <exception cref="ObjectDisposedException">One of them has been destroyed.</exception>
    public float MillisecondsSince(CudaEvent start)
    {
        ObjectDisposedException.ThrowIf(_destroyed, this);
        ObjectDisposedException.ThrowIf(start._destroyed, start);
        _driver.Check(_driver.cuEventElapsedTime(out float milliseconds, start.Handle, Handle));
        return milliseconds;
    }

    /// <summary>Destroys the event. A failure is not reported: the driver can only repeat an error that an earlier call has already thrown.</summary>
    public void Dispose()
    {
        if (!_destroyed)
        {
            _destroyed = true;
            _ = _driver.cuEventDestroy_v2(Handle);
        }
    }
}
