using L2c.Native;

namespace L2c.Emulation;

/// <summary>
/// The CUDA driver in C#: one device whose kernels are interpreted PTX. It refuses what a device would fault on, and says where.
/// </summary>
/// <remarks>
/// <para>Work waits in its stream until something waits for it (a synchronisation, a synchronous copy, a free), so that a missing synchronisation
/// gives wrong or uninitialised data every time and not once in a while. A stream created as non-blocking does not wait for the null stream.</para>
/// <para>After a fault the context returns the fault's status for good, as a real one does; destroying the primary context ends that.</para>
/// <para>Every call may come from any thread; they exclude each other.</para>
/// </remarks>
public sealed partial class EmulatedDriver : ICudaDriver, IDisposable
{
    private readonly List<DeviceWork> _log = [];
    private readonly List<IReadOnlyList<DeviceWork>> _captures = [];
    private readonly List<string> _leaked = [];
    private readonly ThreadLocal<nint> _current = new();
    private bool _initialised;
    private ContextState? _context;
    private int _contextReferences;

    /// <summary>8.0 or later; PTX for a later one does not load. 9.0 unless set.</summary>
    public Version ComputeCapability { get; init; } = new(9, 0);

    /// <summary>Streaming multiprocessors that the device pretends to have.</summary>
    public int Multiprocessors { get; init; } = 132;

    /// <summary>Device memory in bytes; allocations beyond it fail. 16 GiB unless set.</summary>
    public long TotalBytes { get; init; } = 16L << 30;

    /// <summary>Throw <see cref="DeviceFault"/> out of the call that meets a fault, so that a failing test shows it; else only return its status.
    /// True unless set.</summary>
    public bool ThrowOnFault { get; init; } = true;

    /// <summary>Whether what is computed matters; true unless set. False for counting what is recorded: memory holds zeros that take none of the
    /// host's, and large uploads, copies and products are left out.</summary>
    public bool KeepsValues { get; init; } = true;

    /// <summary>Run work as it is enqueued, as CUDA_LAUNCH_BLOCKING=1 does: a fault then comes out of the launch that made it.</summary>
    public bool LaunchBlocking { get; set; }

    /// <summary>The last fault; null when there was none. Survives the context.</summary>
    public DeviceFault? LastFault { get; private set; }

    /// <summary>Bytes allocated and not freed.</summary>
    public long AllocatedBytes => _context?.Memory.AllocatedBytes ?? 0;

    /// <summary>Primary contexts created so far: the last release ends one, and the next device gets another.</summary>
    public int Contexts { get; private set; }

    /// <summary>Graphs enqueued outside a recording since <see cref="ClearLog"/>.</summary>
    public int GraphLaunches { get; private set; }

    /// <summary>What has run since <see cref="ClearLog"/>, in order; the nodes of a graph one by one, each time that it ran.</summary>
    public IReadOnlyList<DeviceWork> Log
    {
        get
        {
            lock (Gate)
            {
                return [.. _log];
            }
        }
    }

    /// <summary>The nodes of every recording that ended well, in order.</summary>
    public IReadOnlyList<IReadOnlyList<DeviceWork>> Captures
    {
        get
        {
            lock (Gate)
            {
                return [.. _captures];
            }
        }
    }

    /// <summary>One line for each allocation, stream, event, module and graph that is alive, or that a context took down with it.</summary>
    public IReadOnlyList<string> Leaks
    {
        get
        {
            lock (Gate)
            {
                return [.. _leaked, .. _context?.Alive() ?? []];
            }
        }
    }

    /// <summary>Held during every call.</summary>
    internal Lock Gate { get; } = new();

    /// <summary>Whether the calling thread could make calls that need a context.</summary>
    internal bool HasCurrentContext => Enter(out _) == CUresult.CUDA_SUCCESS;

    /// <summary>The nodes of a graph that is alive.</summary>
    /// <exception cref="ArgumentException">It is not.</exception>
    public IReadOnlyList<DeviceWork> Nodes(CUgraph graph)
    {
        lock (Gate)
        {
            return _context is not null && _context.Objects.TryGet(graph.Handle, out GraphState? state)
                ? state.Nodes
                : throw new ArgumentException("no such graph", nameof(graph));
        }
    }

    /// <summary>Runs blocks of a launch that was logged or recorded, and counts what the launch does.</summary>
    /// <param name="launch">Its module and what it reads and writes must be there.</param>
    /// <param name="blocks">Which blocks.</param>
    /// <param name="unique">As of <see cref="KernelCounter.Count"/>.</param>
    /// <exception cref="DeviceFault">The kernel did what a device forbids, or its module is no longer loaded.</exception>
    /// <exception cref="InvalidOperationException">There is no context.</exception>
    public KernelCounts Count(KernelLaunch launch, CountedBlocks blocks = CountedBlocks.Sample, bool unique = false)
    {
        lock (Gate)
        {
            return launch.Count(_context?.Memory ?? throw new InvalidOperationException("the device has no context"), blocks, unique);
        }
    }

    /// <summary>How many parameters a kernel has; 0 for what is no kernel.</summary>
    public int ParameterCount(CUfunction function)
    {
        lock (Gate)
        {
            return _context is not null && _context.Objects.TryGet(function.Handle, out FunctionState? state) ? state.Entry.Parameters.Count : 0;
        }
    }

    /// <summary>Empties <see cref="Log"/> and sets <see cref="GraphLaunches"/> to 0.</summary>
    public void ClearLog()
    {
        lock (Gate)
        {
            _log.Clear();
            GraphLaunches = 0;
        }
    }

    /// <summary>Releases the host memory behind the device; waiting work is dropped.</summary>
    public void Dispose()
    {
        lock (Gate)
        {
            _context?.Memory.Dispose();
            _context = null;
            _current.Dispose();
        }
    }

    /// <summary>Whether an address lies in device memory that is allocated.</summary>
    internal bool IsAllocated(ulong address)
    {
        lock (Gate)
        {
            return _context?.Memory.IsAllocated(address) ?? false;
        }
    }

    /// <summary>Enqueues work on a stream, or records it.</summary>
    internal CUresult Enqueue(CUstream stream, DeviceWork work)
    {
        lock (Gate)
        {
            if (Enter(out ContextState context) is not CUresult.CUDA_SUCCESS and CUresult refused)
            {
                return refused;
            }

            return TryGetStream(context, stream, out StreamState state) ? Enqueue(context, state, work) : CUresult.CUDA_ERROR_INVALID_HANDLE;
        }
    }

    /// <summary>Invalidates the recording of a stream, for what a recording does not survive; false where the stream is not recorded.</summary>
    internal bool BreaksRecording(CUstream stream)
    {
        lock (Gate)
        {
            return _context is { } context && TryGetStream(context, stream, out StreamState state) && Break([state]);
        }
    }

    private CUresult Enqueue(ContextState context, StreamState stream, DeviceWork work)
    {
        if (stream.Capture is { } capture)
        {
            if (capture.Invalid)
            {
                return CUresult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
            }

            capture.Nodes.Add(work);
            return CUresult.CUDA_SUCCESS;
        }

        if (stream == context.NullStream && Break(context.Streams.Where(s => s.Blocking)))
        {
            return CudaErrors.CaptureImplicit;
        }

        stream.Queue.Enqueue(work);
        return LaunchBlocking ? Drain(context, stream.Queue) : CUresult.CUDA_SUCCESS;
    }

    /// <summary>Runs what waits in a queue, to its end or up to a mark.</summary>
    private CUresult Drain(ContextState context, Queue<DeviceWork> queue, EventMark? until = null)
    {
        while (queue.TryDequeue(out DeviceWork? work))
        {
            if (work is not EventMark)
            {
                _log.Add(work);
            }

            try
            {
                work.Run(context.Memory);
            }
            catch (DeviceFault fault)
            {
                LastFault = fault;
                context.Status = CudaErrors.Of(fault.Kind);
                if (ThrowOnFault)
                {
                    throw;
                }

                return context.Status;
            }

            if (ReferenceEquals(work, until))
            {
                break;
            }
        }

        return CUresult.CUDA_SUCCESS;
    }

    private CUresult DrainAll(ContextState context)
    {
        CUresult status = CUresult.CUDA_SUCCESS;
        foreach (Queue<DeviceWork> queue in context.Streams.Select(s => s.Queue).Distinct().ToArray())
        {
            status = status == CUresult.CUDA_SUCCESS ? Drain(context, queue) : status;
        }

        return status;
    }

    /// <summary>Invalidates the recordings of these streams; false when there is none.</summary>
    private static bool Break(IEnumerable<StreamState> streams)
    {
        bool any = false;
        foreach (StreamState stream in streams)
        {
            if (stream.Capture is { } capture)
            {
                any = capture.Invalid = true;
            }
        }

        return any;
    }

    private static bool TryGetStream(ContextState context, CUstream stream, out StreamState state)
    {
        state = context.NullStream;
        return stream.Handle == 0 || context.Objects.TryGet(stream.Handle, out state!);
    }
}
