using System.Diagnostics;
using L2c.Native;

namespace L2c.Emulation;

/// <summary>Everything that dies with the primary context.</summary>
internal sealed class ContextState(nint handle, bool keepsValues)
{
    public nint Handle { get; } = handle;

    public DeviceMemory Memory { get; } = new(keepsValues);

    public HandleTable Objects { get; } = new();

    /// <summary>The null stream. It and every blocking stream share one queue: each waits for all earlier work of the others.</summary>
    public StreamState NullStream { get; } = new(new Queue<DeviceWork>(), blocking: true);

    /// <summary>Not success after a fault; then every call returns it.</summary>
    public CUresult Status { get; set; }

    public IEnumerable<StreamState> Streams => Objects.Objects.OfType<StreamState>().Prepend(NullStream);

    /// <summary>One line for each thing that is alive.</summary>
    public IEnumerable<string> Alive() =>
        Memory.Allocations.Select(a => $"{a.Bytes} bytes of device memory at {a.Address:x}")
            .Concat(Objects.Objects.Where(o => o is not FunctionState and not DeviceWork).Select(o => o.ToString()!));
}

/// <summary>A stream: work that waits, in order, or a recording.</summary>
internal sealed class StreamState(Queue<DeviceWork> queue, bool blocking)
{
    public Queue<DeviceWork> Queue { get; } = queue;

    /// <summary>Synchronises with the null stream.</summary>
    public bool Blocking { get; } = blocking;

    public CaptureState? Capture { get; set; }

    public override string ToString() => "a stream";
}

/// <summary>A recording that has begun and not ended.</summary>
internal sealed class CaptureState(CUstreamCaptureMode mode, int thread)
{
    public CUstreamCaptureMode Mode { get; } = mode;

    public int Thread { get; } = thread;

    public List<DeviceWork> Nodes { get; } = [];

    public bool Invalid { get; set; }

    /// <summary>Whether an unsafe call on the thread breaks this recording.</summary>
    public bool Forbids(int thread) => Mode switch
    {
        CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL => true,
        CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL => thread == Thread,
        _ => false,
    };
}

/// <summary>An event: the last mark that was enqueued for it, and when that was passed.</summary>
internal sealed class EventState(bool timed)
{
    public bool Timed { get; } = timed;

    /// <summary>Null when never recorded.</summary>
    public EventMark? Mark { get; set; }

    /// <summary>The queue that the mark is in.</summary>
    public Queue<DeviceWork>? Queue { get; set; }

    /// <summary>Was last recorded in a capturing stream: it marks nothing that could be waited for.</summary>
    public bool Captured { get; set; }

    /// <summary><see cref="Stopwatch"/> ticks; null until the mark has been passed.</summary>
    public long? Passed { get; set; }

    public void Pass(EventMark mark)
    {
        if (ReferenceEquals(mark, Mark))
        {
            Passed = Stopwatch.GetTimestamp();
        }
    }

    public override string ToString() => "an event";
}

/// <summary>A graph.</summary>
internal sealed class GraphState(IReadOnlyList<DeviceWork> nodes)
{
    public IReadOnlyList<DeviceWork> Nodes { get; } = nodes;

    /// <summary>Handles of the nodes; empty until they are asked for.</summary>
    public List<nint> NodeHandles { get; } = [];

    public override string ToString() => $"a graph of {Nodes.Count} nodes";
}

/// <summary>An instantiated graph.</summary>
internal sealed class GraphExecState(IReadOnlyList<DeviceWork> nodes)
{
    public IReadOnlyList<DeviceWork> Nodes { get; } = nodes;

    public override string ToString() => $"an instantiated graph of {Nodes.Count} nodes";
}
