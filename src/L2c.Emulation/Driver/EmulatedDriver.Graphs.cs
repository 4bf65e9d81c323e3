using L2c.Native;

namespace L2c.Emulation;

// Recording and graphs. A recording is a straight line here: there is no call that forks one.
public sealed partial class EmulatedDriver
{
    /// <inheritdoc/>
    public CUresult cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode mode)
    {
        lock (Gate)
        {
            CUresult status = Enter(out ContextState context);
            if (status != CUresult.CUDA_SUCCESS)
            {
                return status;
            }

            if (!TryGetStream(context, stream, out StreamState state) || !Enum.IsDefined(mode))
            {
                return Enum.IsDefined(mode) ? CUresult.CUDA_ERROR_INVALID_HANDLE : CUresult.CUDA_ERROR_INVALID_VALUE;
            }

            if (stream.Handle == 0)
            {
                return CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
            }

            if (state.Capture is not null)
            {
                return CudaErrors.IllegalState;
            }

            state.Capture = new CaptureState(mode, Environment.CurrentManagedThreadId);
            return CUresult.CUDA_SUCCESS;
        }
    }

    /// <inheritdoc/>
    public CUresult cuStreamEndCapture(CUstream stream, out CUgraph graph)
    {
        lock (Gate)
        {
            graph = default;
            CUresult status = Enter(out ContextState context);
            if (status != CUresult.CUDA_SUCCESS)
            {
                return status;
            }

            if (!TryGetStream(context, stream, out StreamState state) || state.Capture is not { } capture)
            {
                return state is null ? CUresult.CUDA_ERROR_INVALID_HANDLE : CudaErrors.IllegalState;
            }

            if (capture.Mode != CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED && capture.Thread != Environment.CurrentManagedThreadId)
            {
                capture.Invalid = true;
                return CudaErrors.CaptureWrongThread;
            }

            state.Capture = null;
            if (capture.Invalid)
            {
                return CUresult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
            }

            _captures.Add(capture.Nodes);
            graph = new CUgraph(context.Objects.Add(new GraphState(capture.Nodes)));
            return CUresult.CUDA_SUCCESS;
        }
    }

    /// <inheritdoc/>
    public CUresult cuGraphInstantiateWithFlags(out CUgraphExec graphExec, CUgraph graph, ulong flags)
    {
        lock (Gate)
        {
            graphExec = default;
            CUresult status = Enter(out ContextState context);
            if (status != CUresult.CUDA_SUCCESS || flags != 0)
            {
                return status != CUresult.CUDA_SUCCESS ? status : CUresult.CUDA_ERROR_INVALID_VALUE;
            }

            if (!context.Objects.TryGet(graph.Handle, out GraphState? state))
            {
                return CUresult.CUDA_ERROR_INVALID_HANDLE;
            }

            graphExec = new CUgraphExec(context.Objects.Add(new GraphExecState(state.Nodes)));
            return CUresult.CUDA_SUCCESS;
        }
    }

    /// <inheritdoc/>
    /// <remarks>In a stream that is recorded the nodes themselves are recorded, where a real driver adds one node that holds them.</remarks>
    public CUresult cuGraphLaunch(CUgraphExec graphExec, CUstream stream)
    {
        lock (Gate)
        {
            CUresult status = Enter(out ContextState context);
            if (status != CUresult.CUDA_SUCCESS)
            {
                return status;
            }

            if (!context.Objects.TryGet(graphExec.Handle, out GraphExecState? state) || !TryGetStream(context, stream, out StreamState target))
            {
                return CUresult.CUDA_ERROR_INVALID_HANDLE;
            }

            GraphLaunches += target.Capture is null ? 1 : 0;
            foreach (DeviceWork node in state.Nodes)
            {
                status = status == CUresult.CUDA_SUCCESS ? Enqueue(context, target, node) : status;
            }

            return status;
        }
    }

    /// <inheritdoc/>
    public CUresult cuGraphGetNodes(CUgraph graph, Span<CUgraphNode> nodes, out nuint count)
    {
        lock (Gate)
        {
            count = 0;
            CUresult status = Enter(out ContextState context);
            if (status != CUresult.CUDA_SUCCESS)
            {
                return status;
            }

            if (!context.Objects.TryGet(graph.Handle, out GraphState? state))
            {
                return CUresult.CUDA_ERROR_INVALID_HANDLE;
            }

            if (nodes.IsEmpty)
            {
                count = (nuint)state.Nodes.Count;
                return CUresult.CUDA_SUCCESS;
            }

            if (state.NodeHandles.Count == 0)
            {
                state.NodeHandles.AddRange(state.Nodes.Select(context.Objects.Add));
            }

            int listed = Math.Min(nodes.Length, state.NodeHandles.Count);
            for (int i = 0; i < nodes.Length; i++)
            {
                nodes[i] = new CUgraphNode(i < listed ? state.NodeHandles[i] : 0);
            }

            count = (nuint)listed;
            return CUresult.CUDA_SUCCESS;
        }
    }

    /// <inheritdoc/>
    public CUresult cuGraphExecDestroy(CUgraphExec graphExec) => Destroy<GraphExecState>(graphExec.Handle);

    /// <inheritdoc/>
    public CUresult cuGraphDestroy(CUgraph graph) => Destroy<GraphState>(graph.Handle);
}
