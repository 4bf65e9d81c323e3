using L2c.Native;

namespace L2c.Kernels.Cuda;

/// <summary>Extent of a grid in blocks, or of a block in threads.</summary>
/// <param name="X">Fastest dimension.</param>
/// <param name="Y">Second dimension.</param>
/// <param name="Z">Slowest dimension.</param>
public readonly record struct LaunchSize(int X, int Y = 1, int Z = 1);

/// <summary>A kernel loaded into the current context, ready to be enqueued.</summary>
public sealed class CudaKernel : IDisposable
{
    private readonly ICudaDriver _driver;
    private readonly PtxKernel _code;
    private readonly CudaModule _module;
    private readonly CUfunction _function;
    private readonly int _maxDynamicSharedBytes;
    private bool _disposed;

    /// <summary>Has the driver compile the PTX and bring it onto the device. Nothing that a stream capture forbids is left for the launch.</summary>
    /// <param name="driver">The provider, with a current context.</param>
    /// <param name="code">The kernel.</param>
    /// <param name="maxDynamicSharedBytes">Most dynamic shared memory that a launch will ask for, in bytes per block.</param>
    /// <exception cref="CudaException">The driver refuses the text or the amount of shared memory.</exception>
    public CudaKernel(ICudaDriver driver, PtxKernel code, int maxDynamicSharedBytes = 0)
    {
        _driver = driver;
        _code = code;
        _maxDynamicSharedBytes = maxDynamicSharedBytes;
        _module = new CudaModule(driver, code.Text);
        try
        {
            _function = _module.GetFunction(code.EntryName);
            if (maxDynamicSharedBytes > 0)
            {
                driver.Check(driver.cuFuncSetAttribute(
                    _function, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, maxDynamicSharedBytes));
            }

            driver.Check(driver.cuFuncLoad(_function));
        }
        catch
        {
            _module.Dispose();
            throw;
        }
    }

    /// <summary>The text that the driver was given.</summary>
    internal string Text => _code.Text;

    /// <summary>Enqueues the kernel. Allocates nothing and does not synchronise, so it may be captured.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="grid">Blocks.</param>
    /// <param name="block">Threads per block.</param>
    /// <param name="dynamicSharedBytes">Dynamic shared memory per block in bytes.</param>
    /// <param name="parameters">What <see cref="KernelParameters.Packed"/> gives; copied before the call returns.</param>
    /// <exception cref="ArgumentException">The launch does not agree with the compiled kernel.</exception>
    /// <exception cref="CudaException">The driver refuses the launch, or reports an error of earlier work.</exception>
    /// <exception cref="ObjectDisposedException">The kernel has been unloaded.</exception>
    public unsafe void Launch(CUstream stream, LaunchSize grid, LaunchSize block, int dynamicSharedBytes, ReadOnlySpan<byte> parameters)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (parameters.Length != _code.ParameterBytes)
        {
            throw new ArgumentException(
                $"{_code.EntryName}: {parameters.Length} bytes of parameters, the kernel takes {_code.ParameterBytes}", nameof(parameters));
        }

        if ((long)block.X * block.Y * block.Z > _code.ThreadsPerBlock)
        {
            throw new ArgumentException(
                $"{_code.EntryName}: block {block} is larger than the {_code.ThreadsPerBlock} threads it was compiled for", nameof(block));
        }

        if (dynamicSharedBytes > _maxDynamicSharedBytes)
        {
            throw new ArgumentException(
                $"{_code.EntryName}: {dynamicSharedBytes} bytes of dynamic shared memory, it was loaded for {_maxDynamicSharedBytes}",
                nameof(dynamicSharedBytes));
        }

        nuint size = (nuint)parameters.Length;
        fixed (byte* packed = parameters)
        {
            ReadOnlySpan<nint> extra =
                [CudaLaunchParam.BufferPointer, (nint)packed, CudaLaunchParam.BufferSize, (nint)(&size), CudaLaunchParam.End];
            _driver.Check(_driver.cuLaunchKernel(
                _function,
                checked((uint)grid.X),
                checked((uint)grid.Y),
                checked((uint)grid.Z),
                checked((uint)block.X),
                checked((uint)block.Y),
                checked((uint)block.Z),
                checked((uint)dynamicSharedBytes),
                stream,
                [],
                extra));
        }
    }

    /// <summary>Unloads the kernel.</summary>
    public void Dispose()
    {
        _disposed = true;
        _module.Dispose();
    }
}
