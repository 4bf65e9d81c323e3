namespace L2c.Native;

/// <summary>A handle of cuBLASLt for the device of the context that is current when it is created. It serves any stream of that device.</summary>
public sealed class CublasLtHandle : IDisposable
{
    private readonly ICublasLt _cublasLt;
    private bool _destroyed;

    /// <summary>Creates the handle.</summary>
    /// <param name="cublasLt">The provider, with a current context.</param>
    /// <exception cref="CublasLtException">No context is current, or memory is lacking.</exception>
    public CublasLtHandle(ICublasLt cublasLt)
    {
        _cublasLt = cublasLt;
        cublasLt.Check(cublasLt.cublasLtCreate(out cublasLtHandle_t handle));
        Handle = handle;
    }

    /// <summary>The handle; of no use after disposal.</summary>
    public cublasLtHandle_t Handle { get; }

    /// <summary>Destroys the handle. A failure is not reported: there is nothing that a caller could do about it.</summary>
    public void Dispose()
    {
        if (!_destroyed)
        {
            _destroyed = true;
            _ = _cublasLt.cublasLtDestroy(Handle);
        }
    }
}
