using L2c.Native;

namespace L2c.Emulation.Tests;

public sealed class CaptureTests : IDisposable
{
    private readonly Device _device = new();

    private EmulatedDriver Driver => _device;

    public void Dispose() => _device.Dispose();

    [Fact]
    public void Recorded_work_does_not_run_and_reads_its_buffers_at_each_replay()
    {
        using var host = new HostBuffer<int>(5);
        CUdeviceptr a = _device.Upload<int>([1]), b = _device.Upload<int>([2]), c = _device.Upload<int>([0]);
        CUgraph graph = _device.Capture(() =>
        {
            _device.Check(Driver.cuMemcpyDtoDAsync_v2(b, a, 4, _device.Stream));
            _device.Check(Driver.cuMemcpyHtoDAsync_v2(c, host.Address, 4, _device.Stream));
        });
        _device.Synchronize();
        Assert.Equal([2], _device.Download<int>(b, 1));

        CUgraphExec exec = _device.Instantiate(graph);
        _device.Check(Driver.cuGraphDestroy(graph));
        for (int value = 10; value < 13; value++)
        {
            _device.Write<int>(a, [value]);
            host.Values[0] = -value;
            _device.Check(Driver.cuGraphLaunch(exec, _device.Stream));
            _device.Synchronize();
            Assert.Equal([value], _device.Download<int>(b, 1));
            Assert.Equal([-value], _device.Download<int>(c, 1));
        }

        Assert.Equal(3, Driver.GraphLaunches);
        _device.Check(Driver.cuGraphLaunch(exec, _device.Stream));
        _device.Check(Driver.cuGraphExecDestroy(exec));
        _device.Synchronize();
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, Driver.cuGraphLaunch(exec, _device.Stream));
    }

    [Fact]
    public void A_graph_lists_its_nodes()
    {
        CUdeviceptr a = _device.Upload<int>([1, 2]);
        CUgraph graph = _device.Capture(() =>
        {
            _device.Check(Driver.cuMemsetD8Async(a, 3, 4, _device.Stream));
            _device.Check(Driver.cuMemcpyDtoDAsync_v2(new CUdeviceptr(a.Value + 4), a, 4, _device.Stream));
        });
        DeviceWork[] expected = [new MemorySet(a.Value, 3, 4), new MemoryCopy(CopyDirection.DeviceToDevice, a.Value + 4, a.Value, 4)];
        Assert.Equal(expected, Driver.Nodes(graph));
        Assert.Equal(expected, Assert.Single(Driver.Captures));
        _device.Check(Driver.cuGraphGetNodes(graph, [], out nuint count));
        Assert.Equal(2U, count);
        CUgraphNode[] nodes = new CUgraphNode[3];
        _device.Check(Driver.cuGraphGetNodes(graph, nodes, out count));
        Assert.Equal(2U, count);
        Assert.NotEqual(nodes[0], nodes[1]);
        Assert.Equal([false, false, true], nodes.Select(n => n.Handle == 0));
    }

    public static TheoryData<string> ForbiddenCalls => [.. Forbidden.Keys];

    private static Dictionary<string, Func<Device, CUdeviceptr, CUresult>> Forbidden { get; } = new()
    {
        ["cuMemAlloc"] = (d, _) => d.Driver.cuMemAlloc_v2(out CUdeviceptr _, 4),
        ["cuMemFree"] = (d, a) => d.Driver.cuMemFree_v2(a),
        ["cuMemcpyHtoD"] = (d, a) => d.Driver.cuMemcpyHtoD_v2(a, 8, 4),
        ["cuMemcpyDtoH"] = (d, a) => d.Driver.cuMemcpyDtoH_v2(8, a, 4),
        ["cuMemsetD8"] = (d, a) => d.Driver.cuMemsetD8_v2(a, 0, 4),
        ["cuStreamSynchronize"] = (d, _) => d.Driver.cuStreamSynchronize(d.Stream),
        ["cuCtxSynchronize"] = (d, _) => d.Driver.cuCtxSynchronize(),
        ["cuModuleLoadDataEx"] = (d, _) => d.Driver.cuModuleLoadDataEx(out CUmodule _, "\0"u8, [], []),
    };

    [Theory]
    [MemberData(nameof(ForbiddenCalls))]
    public void A_forbidden_call_fails_and_invalidates_the_recording(string call)
    {
        CUdeviceptr a = _device.Upload<int>([1]);
        _device.Check(Driver.cuStreamBeginCapture_v2(_device.Stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
        Assert.Equal(CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, Forbidden[call](_device, a));
        Assert.Equal(CUresult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, Driver.cuMemsetD8Async(a, 0, 4, _device.Stream));
        Assert.Equal(CUresult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, Driver.cuStreamEndCapture(_device.Stream, out CUgraph graph));
        Assert.Equal(default, graph);

        // The stream is usable again.
        _device.Check(Driver.cuMemsetD8Async(a, 0, 4, _device.Stream));
        _device.Synchronize();
        Assert.Equal([0], _device.Download<int>(a, 1));
    }

    [Fact]
    public void Another_thread_is_free_to_make_them_unless_the_mode_is_global()
    {
        CUresult OnAnotherThread()
        {
            CUresult status = CUresult.CUDA_SUCCESS;
            var thread = new Thread(() =>
            {
                _device.Context.MakeCurrent();
                status = Driver.cuMemAlloc_v2(out _, 4);
            });
            thread.Start();
            thread.Join();
            return status;
        }

        _device.Check(Driver.cuStreamBeginCapture_v2(_device.Stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
        Assert.Equal(CUresult.CUDA_SUCCESS, OnAnotherThread());
        _device.Check(Driver.cuStreamEndCapture(_device.Stream, out _));
        _device.Check(Driver.cuStreamBeginCapture_v2(_device.Stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED));
        _device.Check(Driver.cuMemAlloc_v2(out _, 4));
        _device.Check(Driver.cuStreamEndCapture(_device.Stream, out _));
        _device.Check(Driver.cuStreamBeginCapture_v2(_device.Stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
        Assert.Equal(CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, OnAnotherThread());
    }

    [Fact]
    public void Recordings_begin_once_on_a_created_stream_and_end_on_their_thread()
    {
        const CUstreamCaptureMode Mode = CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
        const CUresult IllegalState = (CUresult)401, Implicit = (CUresult)906, WrongThread = (CUresult)908;
        Assert.Equal(CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, Driver.cuStreamBeginCapture_v2(default, Mode));
        Assert.Equal(IllegalState, Driver.cuStreamEndCapture(_device.Stream, out _));
        _device.Check(Driver.cuStreamBeginCapture_v2(_device.Stream, Mode));
        Assert.Equal(IllegalState, Driver.cuStreamBeginCapture_v2(_device.Stream, Mode));

        CUresult ended = CUresult.CUDA_SUCCESS;
        var thread = new Thread(() =>
        {
            _device.Context.MakeCurrent();
            ended = Driver.cuStreamEndCapture(_device.Stream, out _);
        });
        thread.Start();
        thread.Join();
        Assert.Equal(WrongThread, ended);
        Assert.Equal(CUresult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, Driver.cuStreamEndCapture(_device.Stream, out _));

        // The null stream would have to wait for a blocking stream that is recorded.
        CUdeviceptr a = _device.Allocate(4);
        _device.Check(Driver.cuStreamCreate(out CUstream blocking, CUstream_flags.CU_STREAM_DEFAULT));
        _device.Check(Driver.cuStreamBeginCapture_v2(blocking, Mode));
        Assert.Equal(Implicit, Driver.cuMemsetD8Async(a, 0, 4, default));
        Assert.Equal(CUresult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, Driver.cuStreamEndCapture(blocking, out _));
    }

    [Fact]
    public void An_event_that_was_recorded_into_a_graph_cannot_be_waited_for()
    {
        _device.Check(Driver.cuEventCreate(out CUevent mark, CUevent_flags.CU_EVENT_DEFAULT));
        CUgraph graph = _device.Capture(() => _device.Check(Driver.cuEventRecord(mark, _device.Stream)));
        Assert.Empty(Driver.Nodes(graph));
        Assert.Equal((CUresult)907, Driver.cuEventSynchronize(mark));
    }
}
