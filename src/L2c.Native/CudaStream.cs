namespace L2c.Native;

/// <summary>A stream: work enqueued on it runs in order. It does not synchronise with the null stream, and it can be captured.</summary>
public sealed class CudaStream : IDisposable
{
    private readonly ICudaDriver _driver;
    private bool _destroyed;

    /// <summary>Creates the stream.</summary>
    /// <param name="driver">The provider, with a current context.</param>
    /// <exception cref="CudaException">The driver refuses.</exception>
    public CudaStream(ICudaDriver driver)
    {
        _driver = driver;
        driver.Check(driver.cuStreamCreate(out CUstream handle, CUstream_flags.CU_STREAM_NON_BLOCKING));
        Handle = handle;
    }

    /// <summary>The stream; of no use after disposal.</summary>
    public CUstream Handle { get; }

    /// <summary>Waits until the stream has no work left.</summary>
    /// <exception cref="CudaException">Work enqueued earlier has failed.</exception>
    /// <exception cref="ObjectDisposedException">The stream has been destroyed.</exception>
    public void Synchronize()
    {
        ObjectDisposedException.ThrowIf(_destroyed, this);
        _driver.Check(_driver.cuStreamSynchronize(Handle));
    }

    /// <summary>Destroys the stream; enqueued work still finishes. A failure is not reported: the driver can only repeat an error that an earlier
    /// call has already thrown.</summary>
    public void Dispose()
    {
        if (!_destroyed)
        {
            _destroyed = true;
            _ = _driver.cuStreamDestroy_v2(Handle);
        }
    }
}
