namespace L2c.Native;

/// <summary>Work recorded from a stream and instantiated: one call launches all of it, as often as wanted.</summary>
/// <remarks>Addresses and scalars are those of the recording; buffers are read when a launch runs.</remarks>
public sealed class CudaGraph : IDisposable
{
    private readonly ICudaDriver _driver;
    private readonly CUgraphExec _handle;
    private bool _destroyed;

    private CudaGraph(ICudaDriver driver, CUgraph graph)
    {
        _driver = driver;
        driver.Check(driver.cuGraphGetNodes(graph, [], out nuint count));
        NodeCount = checked((int)count);
        driver.Check(driver.cuGraphInstantiateWithFlags(out _handle, graph, 0));
    }

    /// <summary>Launches, copies and memsets that were recorded.</summary>
    public int NodeCount { get; }

    /// <summary>Records what <paramref name="enqueue"/> puts on the stream, without running it.</summary>
    /// <param name="driver">The provider, with a current context.</param>
    /// <param name="stream">Not the null stream, and not being recorded already.</param>
    /// <param name="enqueue">Enqueues on that stream. Must not allocate device memory, synchronise or load modules: the driver then refuses the
    /// recording. The rule holds for this thread; others go on undisturbed.</param>
    /// <exception cref="CudaException">The driver refuses: a forbidden call, no memory. What <paramref name="enqueue"/> throws passes
    /// through.</exception>
    public static CudaGraph Capture(ICudaDriver driver, CUstream stream, Action enqueue)
    {
        driver.Check(driver.cuStreamBeginCapture_v2(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
        bool recorded = false;
        CUgraph graph = default;
        try
        {
            try
            {
                enqueue();
                recorded = true;
            }
            finally
            {
                // Also after a failure: a stream that is left recording refuses everything else.
                CUresult ended = driver.cuStreamEndCapture(stream, out graph);
                if (recorded)
                {
                    driver.Check(ended, nameof(driver.cuStreamEndCapture));
                }
            }

            return new CudaGraph(driver, graph);
        }
        finally
        {
            if (graph != default)
            {
                _ = driver.cuGraphDestroy(graph);
            }
        }
    }

    /// <summary>Enqueues all of it. Allocates nothing.</summary>
    /// <exception cref="CudaException">The driver refuses, or reports an error of earlier work.</exception>
    /// <exception cref="ObjectDisposedException">The graph has been destroyed.</exception>
    public void Launch(CUstream stream)
    {
        ObjectDisposedException.ThrowIf(_destroyed, this);
        _driver.Check(_driver.cuGraphLaunch(_handle, stream));
    }

    /// <summary>Destroys the graph; a running launch still finishes. A failure is not reported: the driver can only repeat an error that an earlier
    /// call has already thrown.</summary>
    public void Dispose()
    {
        if (!_destroyed)
        {
            _destroyed = true;
            _ = _driver.cuGraphExecDestroy(_handle);
        }
    }
}
