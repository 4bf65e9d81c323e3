namespace L2c.Native;

/// <summary>A reference to the primary context of one device: the one that cuBLASLt and every other library in the process uses too.</summary>
public sealed class CudaContext : IDisposable
{
    private readonly CUcontext _handle;
    private bool _released;

    /// <summary>Initialises the driver, retains the primary context and makes it current on the calling thread.</summary>
    /// <param name="driver">The provider.</param>
    /// <param name="ordinal">Number of the device, from 0.</param>
    /// <exception cref="CudaException">The driver refuses: no device of that number, no memory for the context.</exception>
    public CudaContext(ICudaDriver driver, int ordinal)
    {
        Driver = driver;
        driver.Check(driver.cuInit(0));
        driver.Check(driver.cuDeviceGet(out CUdevice device, ordinal));
        driver.Check(driver.cuDevicePrimaryCtxRetain(out _handle, device));
        Device = device;
        try
        {
            MakeCurrent();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The provider.</summary>
    public ICudaDriver Driver { get; }

    /// <summary>The device.</summary>
    public CUdevice Device { get; }

    /// <summary>Makes the context current on the calling thread; a thread that did not create the context must do so before it uses it.</summary>
    /// <exception cref="CudaException">The context is gone.</exception>
    /// <exception cref="ObjectDisposedException">The reference has been given back.</exception>
    public void MakeCurrent()
    {
        ObjectDisposedException.ThrowIf(_released, this);
        Driver.Check(Driver.cuCtxSetCurrent(_handle));
    }

    /// <summary>As <see cref="MakeCurrent"/> for cleaning up, where a failure can only repeat an error that an earlier call has already thrown.</summary>
    public void TryMakeCurrent() => _ = Driver.cuCtxSetCurrent(_handle);

    /// <summary>Gives the reference back. A failure is not reported: the driver can only repeat an error that an earlier call has already
    /// thrown.</summary>
    public void Dispose()
    {
        if (!_released)
        {
            _released = true;
            _ = Driver.cuDevicePrimaryCtxRelease_v2(Device);
        }
    }
}
