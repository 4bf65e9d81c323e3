using System.Runtime.InteropServices;
using System.Text;

namespace L2c.Native;

/// <summary>PTX text compiled by the driver for the device of the current context.</summary>
public sealed class CudaModule : IDisposable
{
    private const int LogBytes = 8192;
    private static readonly CUjit_option[] _options = [CUjit_option.CU_JIT_ERROR_LOG_BUFFER, CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES];

    private readonly ICudaDriver _driver;
    private readonly CUmodule _handle;
    private bool _unloaded;

    /// <summary>Compiles and loads.</summary>
    /// <param name="driver">The provider, with a current context.</param>
    /// <param name="ptx">PTX, ASCII.</param>
    /// <exception cref="CudaException">The driver refuses the text; the message ends with the JIT compiler's log.</exception>
    public CudaModule(ICudaDriver driver, string ptx)
    {
        _driver = driver;
        byte[] image = Encoding.ASCII.GetBytes(ptx + '\0');
        byte[] log = new byte[LogBytes + 1]; // the last byte stays 0 whatever the driver writes
        GCHandle pin = GCHandle.Alloc(log, GCHandleType.Pinned);
        try
        {
            nint[] values = [pin.AddrOfPinnedObject(), LogBytes];
            CUresult result = driver.cuModuleLoadDataEx(out _handle, image, _options, values);
            if (result != CUresult.CUDA_SUCCESS)
            {
                string text = Encoding.UTF8.GetString(log, 0, Array.IndexOf(log, (byte)0)).Trim();
                throw new CudaException(driver, result, nameof(driver.cuModuleLoadDataEx), text.Length == 0 ? null : $"JIT log: {text}");
            }
        }
        finally
        {
            pin.Free();
        }
    }

    /// <summary>A kernel by its entry name; valid until the module is disposed.</summary>
    /// <exception cref="CudaException">The module has no such kernel.</exception>
    /// <exception cref="ObjectDisposedException">The module has been unloaded.</exception>
    public CUfunction GetFunction(string name)
    {
        ObjectDisposedException.ThrowIf(_unloaded, this);
        CUresult result = _driver.cuModuleGetFunction(out CUfunction function, _handle, name);
        return result == CUresult.CUDA_SUCCESS
            ? function
            : throw new CudaException(_driver, result, nameof(_driver.cuModuleGetFunction), $"kernel {name}");
    }

    /// <summary>Unloads. A failure is not reported: the driver can only repeat an error that an earlier call has already thrown.</summary>
    public void Dispose()
    {
        if (!_unloaded)
        {
            _unloaded = true;
            _ = _driver.cuModuleUnload(_handle);
        }
    }
}
