using System.Runtime.InteropServices;

namespace L2c.Kernels;

/// <summary>The CPU: fp32 storage and arithmetic, ops run at once on a team of threads.</summary>
/// <remarks>Not for use by several threads at a time. Results do not depend on the number of threads, on the batch, or on capture.</remarks>
public unsafe partial class CpuDevice : Device
{
    private const int MaxVectorBytes = 64;

    private readonly InstructionSet _instructionSet;
    private readonly ThreadTeam _team;
    private readonly PartialSums _partialSums = new();
    private readonly Dictionary<nint, long> _allocations = [];
    private List<CpuOp>? _capturing;
    private bool _disposed;

    /// <summary>Starts the device's threads; uses the widest vectors that the machine has, or those that <c>L2C_ISA</c> names: avx512, avx2, portable.
    /// </summary>
    /// <param name="threads">Threads that compute, the caller's included; 0 for one per core.</param>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    /// <exception cref="InstructionSetException"><c>L2C_ISA</c> names no vectors, or some that the machine lacks.</exception>
    public CpuDevice(int threads = 0)
        : this(threads, InstructionSets.Choose(Environment.GetEnvironmentVariable))
    {
    }

    /// <summary>As the public constructor, with given vectors: the tests run every form.</summary>
    internal CpuDevice(int threads, InstructionSet instructionSet)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        _instructionSet = instructionSet;
        _team = new ThreadTeam(threads == 0 ? Environment.ProcessorCount : threads);
    }

    /// <inheritdoc/>
    public override string Name => $"cpu ({Isa}, {Threads} {(Threads == 1 ? "thread" : "threads")})";

    /// <inheritdoc/>
    public override DType StorageType => DType.F32;

    /// <inheritdoc/>
    public override long? LastLevelCacheBytes => CacheSizes.Last;

    /// <summary>The vectors that compute: <c>AVX-512</c>, <c>AVX2</c> or <c>portable</c>.</summary>
    public string Isa => _instructionSet.Label();

    /// <summary>Threads that compute.</summary>
    public int Threads => _team.Threads;

    /// <summary>Bytes of all arenas that are not disposed yet.</summary>
    public long AllocatedBytes { get; private set; }

    /// <inheritdoc/>
    public override void Upload(Tensor destination, ReadOnlySpan<float> source)
    {
        RequireIdle(nameof(Upload));
        RequireOwn(nameof(Upload), DType.F32, destination);
        RequireUploadable(destination, source.Length);
        source.CopyTo(new Span<float>((void*)destination.Address, source.Length));
    }

    /// <inheritdoc/>
    public override void Upload(Tensor destination, ReadOnlySpan<int> source)
    {
        RequireIdle(nameof(Upload));
        RequireOwn(nameof(Upload), DType.I32, destination);
        RequireUploadable(destination, source.Length);
        source.CopyTo(new Span<int>((void*)destination.Address, source.Length));
    }

    /// <inheritdoc/>
    public override void Download(Tensor source, Span<float> destination)
    {
        RequireIdle(nameof(Download));
        RequireOwn(nameof(Download), source.DType is DType.I32 or DType.BF16 ? source.DType : DType.F32, source);
        if (destination.Length != source.Shape.Count)
        {
            throw new ArgumentException($"Download: {source.Shape} does not fill {destination.Length} values");
        }

        int columns = source.Columns;
        for (int row = 0; row < source.Rows; row++)
        {
            Span<float> values = destination.Slice(row * columns, columns);
            long offset = (long)row * source.RowStride;
            if (source.DType == DType.F32)
            {
                new ReadOnlySpan<float>((float*)source.Address + offset, columns).CopyTo(values);
            }
            else
            {
                for (int column = 0; column < columns; column++)
                {
                    values[column] = source.DType == DType.BF16
                        ? BitConverter.UInt32BitsToSingle((uint)((ushort*)source.Address)[offset + column] << 16)
                        : ((int*)source.Address)[offset + column];
                }
            }
        }
    }

    /// <inheritdoc/>
    public override OpSequence Capture(Action enqueue)
    {
        RequireIdle(nameof(Capture));
        _capturing = [];
        try
        {
            enqueue();
            return new CpuOpSequence(this, [.. _capturing]);
        }
        finally
        {
            _capturing = null;
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<OpInfo> List(Action enqueue)
    {
        using OpSequence recorded = Capture(enqueue);
        return recorded.Ops;
    }

    /// <inheritdoc/>
    public override void Synchronize() => RequireIdle(nameof(Synchronize));

    /// <inheritdoc/>
    internal protected override nint Allocate(long bytes)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        // A slice of the last panel of a weight is read in whole vectors, which may end behind it.
        nint address = (nint)NativeMemory.AlignedAlloc((nuint)bytes + MaxVectorBytes, Arena.AlignmentBytes);
        _allocations.Add(address, bytes);
        AllocatedBytes += bytes;
        return address;
    }

    /// <inheritdoc/>
    internal protected override void Free(nint address)
    {
        if (!_allocations.Remove(address, out long bytes))
        {
            throw new InvalidOperationException("Free: not an allocation of this device, or freed before");
        }

        AllocatedBytes -= bytes;
        NativeMemory.AlignedFree((void*)address);
    }

    /// <summary>Runs a recorded op.</summary>
    internal void Execute(CpuOp op)
    {
        RequireIdle(op.Name);
        _team.Run(op);
    }

    /// <summary>Stops the threads. Arenas are their owners' to dispose, before or after.</summary>
    protected override void Dispose(bool disposing)
    {
        if (!_disposed)
        {
            _disposed = true;
            _team.Dispose();
            _partialSums.Dispose();
        }
    }

    internal void Enqueue<TArguments>(TArguments arguments)
        where TArguments : ICpuOpArguments
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        CpuOp op = _instructionSet switch
        {
            InstructionSet.Avx512 => arguments.Bind<F32x16>(Threads),
            InstructionSet.Avx2 => arguments.Bind<F32x8>(Threads),
            _ => arguments.Bind<F32x4>(Threads),
        };
        op.Scope = Scope;
        _team.ReserveScratch(op.ScratchBytes);
        if (_capturing is null)
        {
            _team.Run(op);
        }
        else
        {
            _capturing.Add(op);
        }
    }

    private void RequireIdle(string what)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_capturing is not null)
        {
            throw new InvalidOperationException($"{what}: not while ops are being captured");
        }
    }

    private void RequireOwn(string op, DType type, params ReadOnlySpan<Tensor> tensors)
    {
        foreach (Tensor tensor in tensors)
        {
            if (!tensor.IsNone && (tensor.DType != type || tensor.Device != this))
            {
                throw new ArgumentException($"{op}: tensor {tensor.Shape} {tensor.DType} of {tensor.Device.Name}, expected {type} of {Name}");
            }
        }
    }

    private static void RequireUploadable(Tensor destination, int count)
    {
        if (!destination.IsContiguous || destination.Shape.Count != count)
        {
            throw new ArgumentException(
                $"Upload: {count} values for {destination.Shape} with row stride {destination.RowStride} (contiguous, as many values)");
        }
    }
}
