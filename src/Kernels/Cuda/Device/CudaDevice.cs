using System.Reflection;
using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels;

/// <summary>A CUDA device: cuBLASLt for matrix products, own kernels for the rest, all on one stream.</summary>
/// <remarks>
/// Ops enqueue and return. What an op needs beyond its launch (kernels compiled and loaded, matrix algorithms chosen) is done the first time it is met;
/// <see cref="Capture"/> meets everything once before it records, so a recording and a replay neither allocate nor synchronise.
/// Not for use by several threads at a time. Replays are deterministic; unlike on the CPU a row may change by rounding with the batch, because the
/// library chooses its algorithms by shape.
/// </remarks>
public sealed unsafe partial class CudaDevice : Device
{
    private readonly ICudaDriver _driver;
    private readonly CudaContext _context;
    private readonly PtxCompiler _compiler;
    private readonly PtxTarget _target;
    private readonly int _sharedBytesPerBlock; // the most that a kernel may ask for
    private readonly CudaStream _stream = null!; // set before the constructor returns
    private readonly Dictionary<MethodInfo, CudaKernel> _kernels = [];
    private readonly Dictionary<nint, long> _allocations = [];
    private bool _disposed;

    /// <summary>Opens a device of this machine with the vendor's libraries.</summary>
    /// <param name="ordinal">Number of the device, from 0.</param>
    /// <param name="precision">What to store.</param>
    /// <param name="options">Choices about speed; null for the usual ones.</param>
    /// <exception cref="CudaUnavailableException">A library or the device is missing, or the device is too old.</exception>
    /// <exception cref="CudaException">The driver refuses.</exception>
    public CudaDevice(int ordinal, CudaPrecision precision, CudaOptions? options = null)
        : this(CudaLibraries.LoadDriver(), CudaLibraries.LoadCublasLt(), ordinal, precision, options)
    {
    }

    /// <summary>Opens a device through given providers: the tests' emulator is one.</summary>
    /// <inheritdoc cref="CudaDevice(int, CudaPrecision, CudaOptions)"/>
    public CudaDevice(ICudaDriver driver, ICublasLt cublasLt, int ordinal, CudaPrecision precision, CudaOptions? options = null)
    {
        _driver = driver;
        Options = options ?? new CudaOptions();
        _compiler = new PtxCompiler(Options.CacheFolder is { } folder ? new PtxCache(Path.Combine(folder, "ptx")) : null);
        (Ordinal, Precision) = (ordinal, precision);
        driver.Check(driver.cuInit(0));
        driver.Check(driver.cuDeviceGetCount(out int count));
        if ((uint)ordinal >= (uint)count)
        {
            throw new CudaUnavailableException(count == 0
                ? "the CUDA driver has no device; check CUDA_VISIBLE_DEVICES"
                : $"cuda:{ordinal}: the driver has devices 0 to {count - 1}; give one of them");
        }

        CudaDeviceInfo info = CudaInventory.Describe(driver, ordinal);
        _target = PtxTarget.For(info.ComputeCapability);
        driver.Check(driver.cuDeviceGet(out CUdevice device, ordinal));
        driver.Check(driver.cuDeviceGetAttribute(
            out _sharedBytesPerBlock, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, device));
        Name = $"cuda:{ordinal} ({info.Name}, {precision.Label()})";
        _context = new CudaContext(driver, ordinal);
        try
        {
            _stream = new CudaStream(driver);
            OpenMatmul(cublasLt, info);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override DType StorageType => Precision.StorageType();

    /// <summary>Number of the device, from 0.</summary>
    public int Ordinal { get; }

    /// <summary>What is stored and how it is multiplied.</summary>
    public CudaPrecision Precision { get; }

    /// <summary>What was chosen about speed.</summary>
    public CudaOptions Options { get; }

    /// <summary>Bytes of all arenas that are not disposed yet.</summary>
    public long AllocatedBytes { get; private set; }

    /// <summary>Kernels that are loaded so far, by the text that the driver was given; of forms with one text the first.</summary>
    public IReadOnlyDictionary<string, KernelForm> LoadedKernels => _kernels.GroupBy(pair => pair.Value.Text)
        .ToDictionary(group => group.Key, group => KernelCatalog.Of(group.First().Key));

    /// <inheritdoc/>
    /// <exception cref="CudaException">The driver does not tell.</exception>
    public override long? FreeBytes
    {
        get
        {
            Enter(nameof(FreeBytes));
            _driver.Check(_driver.cuMemGetInfo_v2(out nuint free, out _));
            return (long)free;
        }
    }

    /// <inheritdoc/>
    public override void Synchronize()
    {
        Enter(nameof(Synchronize));
        _stream.Synchronize();
    }

    /// <inheritdoc/>
    internal protected override nint Allocate(long bytes)
    {
        Enter(nameof(Allocate));
        CUresult result = _driver.cuMemAlloc_v2(out CUdeviceptr address, (nuint)bytes);
        if (result != CUresult.CUDA_SUCCESS)
        {
            string detail = _driver.cuMemGetInfo_v2(out nuint free, out nuint total) == CUresult.CUDA_SUCCESS
                ? $"asked for {bytes >> 20} MiB, {free >> 20} of {total >> 20} MiB are free"
                : $"asked for {bytes >> 20} MiB";
            throw new CudaException(_driver, result, nameof(_driver.cuMemAlloc_v2), detail);
        }

        _allocations.Add((nint)address.Value, bytes);
        AllocatedBytes += bytes;
        return (nint)address.Value;
    }

    /// <inheritdoc/>
    internal protected override void Free(nint address)
    {
        if (!_allocations.Remove(address, out long bytes))
        {
            throw new InvalidOperationException("Free: not an allocation of this device, or freed before");
        }

        AllocatedBytes -= bytes;
        if (!_disposed)
        {
            // After a fault every call repeats it: the call that met it has thrown, and cleaning up must not hide that.
            _context.TryMakeCurrent();
            _ = _driver.cuMemFree_v2(new CUdeviceptr((ulong)address));
        }
    }

    /// <summary>Frees modules, stream and context. Arenas are their owners' to dispose, before; what is left is freed.</summary>
    protected override void Dispose(bool disposing)
    {
        if (_disposed || !disposing)
        {
            return;
        }

        _disposed = true;
        _context.TryMakeCurrent();
        if (_stream is not null)
        {
            _ = _driver.cuStreamSynchronize(_stream.Handle);
        }

        foreach (CudaKernel kernel in _kernels.Values)
        {
            kernel.Dispose();
        }

        foreach (nint address in _allocations.Keys)
        {
            _ = _driver.cuMemFree_v2(new CUdeviceptr((ulong)address));
        }

        CloseMatmul();
        FreeScratch();
        _timer?.Dispose();
        FreeStaging();
        _stream?.Dispose();

        _context.Dispose();
    }

    private static CUdeviceptr Address(Tensor tensor) => new((ulong)tensor.Address);

    // A context is current per thread, and a test or a server may come back on another one.
    private void Enter(string what)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_mode != Mode.Eager)
        {
            throw new InvalidOperationException($"{what}: not while ops are being captured");
        }

        _context.MakeCurrent();
    }

    private void RequireOwn(string op, params ReadOnlySpan<Tensor> tensors)
    {
        foreach (Tensor tensor in tensors)
        {
            if (!tensor.IsNone && tensor.Device != this)
            {
                throw new ArgumentException($"{op}: tensor {tensor.Shape} {tensor.DType} of {tensor.Device.Name}, expected one of {Name}");
            }
        }
    }

    private void RequireType(string op, DType type, params ReadOnlySpan<Tensor> tensors)
    {
        RequireOwn(op, tensors);
        foreach (Tensor tensor in tensors)
        {
            if (!tensor.IsNone && tensor.DType != type)
            {
                throw new ArgumentException($"{op}: tensor {tensor.Shape} is {tensor.DType}, expected {type}");
            }
        }
    }
}
