using System.Runtime.InteropServices;
using L2c.Native.Tests.Fake;

namespace L2c.Native.Tests;

/// <summary>Streams, events, captures and graphs: the owners and, below them, the bindings against a C library.</summary>
public sealed class CudaGraphTests : IDisposable
{
    private const CUdevice_attribute GraphsAlive = (CUdevice_attribute)9001;
    private const CUdevice_attribute Launches = (CUdevice_attribute)9002;
    private const CUdevice_attribute Capturing = (CUdevice_attribute)9003;
    private readonly string _folder = FakeLibraries.Build("libcuda.so.1");
    private readonly LibCuda _cuda;

    public CudaGraphTests() => _cuda = LibCuda.Load(new FolderLoader(_folder));

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void Events_time_what_lies_between_them()
    {
        using CudaStream stream = new(_cuda);
        Assert.Equal(0x5000000001, stream.Handle.Handle);
        using CudaEvent start = new(_cuda);
        using CudaEvent end = new(_cuda);
        using CudaEvent mark = new(_cuda, timed: false);
        Assert.Throws<CudaException>(start.Synchronize);
        start.Record(stream.Handle);
        start.Synchronize();
        end.Record(stream.Handle);
        Assert.Equal(2.5f, end.MillisecondsSince(start));
        Assert.Equal(-2.5f, start.MillisecondsSince(end));
        mark.Record(default);
        Assert.Throws<CudaException>(mark.Synchronize);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, _cuda.cuEventDestroy_v2(default));
    }

    [Theory]
    [InlineData("BOTH", 2.5f)]
    [InlineData("NEW", 2.5f)]
    [InlineData("OLD", 1.5f)]
    public void Either_form_of_the_time_between_events_will_do(string exports, float milliseconds)
    {
        string folder = FakeLibraries.Build("libcuda.so.1", exports);
        try
        {
            LibCuda cuda = LibCuda.Load(new FolderLoader(folder));
            using CudaEvent start = new(cuda), end = new(cuda);
            Assert.Equal(milliseconds, end.MillisecondsSince(start));
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [Fact]
    public void What_was_destroyed_says_so()
    {
        CudaStream stream = new(_cuda);
        CudaEvent start = new(_cuda), end = new(_cuda);
        CudaGraph graph = CudaGraph.Capture(_cuda, stream.Handle, () => { });
        CUstream handle = stream.Handle;
        graph.Dispose();
        Assert.Throws<ObjectDisposedException>(() => graph.Launch(handle));
        start.Dispose();
        Assert.Throws<ObjectDisposedException>(() => start.Record(handle));
        Assert.Throws<ObjectDisposedException>(start.Synchronize);
        Assert.Throws<ObjectDisposedException>(() => end.MillisecondsSince(start));
        end.Dispose();
        stream.Dispose();
        Assert.Throws<ObjectDisposedException>(stream.Synchronize);
        CudaContext context = new(_cuda, 0);
        context.Dispose();
        Assert.Throws<ObjectDisposedException>(context.MakeCurrent);
        CudaModule module = new(_cuda, "good");
        module.Dispose();
        Assert.Throws<ObjectDisposedException>(() => module.GetFunction("Kernel_é"));
    }

    [Fact]
    public void A_copy_on_the_device_names_its_stream()
    {
        _cuda.Check(_cuda.cuMemAlloc_v2(out CUdeviceptr from, 4));
        _cuda.Check(_cuda.cuMemAlloc_v2(out CUdeviceptr to, 4));
        _cuda.Check(_cuda.cuMemsetD8_v2(from, 0x5A, 4));
        _cuda.Check(_cuda.cuMemsetD8_v2(to, 0, 4));
        _cuda.Check(_cuda.cuMemcpyDtoDAsync_v2(to, from, 3, new CUstream(Word(0x5000000001))));
        byte[] back = GC.AllocateArray<byte>(4, pinned: true);
        _cuda.Check(_cuda.cuMemcpyDtoH_v2(Marshal.UnsafeAddrOfPinnedArrayElement(back, 0), to, 4));
        Assert.Equal([0x5A, 0x5A, 0x5A, 0], back);
        _cuda.Check(_cuda.cuMemFree_v2(from));
        _cuda.Check(_cuda.cuMemFree_v2(to));
    }

    [Fact]
    public void A_recording_becomes_a_graph_that_can_be_launched()
    {
        using CudaStream stream = new(_cuda);
        int before = Read(Launches);
        using (CudaGraph graph = CudaGraph.Capture(_cuda, stream.Handle, () => Assert.Equal(1, Read(Capturing))))
        {
            Assert.Equal(3, graph.NodeCount);
            Assert.Equal(1, Read(GraphsAlive)); // the recording is gone, its instance stays
            graph.Launch(stream.Handle);
            graph.Launch(stream.Handle);
            Assert.Equal(before + 2, Read(Launches));
            Assert.Throws<CudaException>(() => graph.Launch(default));
        }

        Assert.Equal(0, Read(GraphsAlive));
    }

    [Fact]
    public void A_failed_recording_leaves_no_stream_recording_and_no_graph()
    {
        using CudaStream stream = new(_cuda);
        Assert.Throws<TimeoutException>(() => CudaGraph.Capture(_cuda, stream.Handle, () => throw new TimeoutException()));
        Assert.Equal((0, 0), (Read(Capturing), Read(GraphsAlive)));

        CudaException forbidden = Assert.Throws<CudaException>(() => CudaGraph.Capture(_cuda, stream.Handle, stream.Synchronize));
        Assert.Equal(CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, forbidden.Result);
        CudaException broken = Assert.Throws<CudaException>(
            () => CudaGraph.Capture(_cuda, stream.Handle, () => _ = _cuda.cuStreamSynchronize(stream.Handle)));
        Assert.Equal((CUresult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "cuStreamEndCapture"), (broken.Result, broken.Call));
        Assert.Equal((0, 0), (Read(Capturing), Read(GraphsAlive)));
        Assert.Throws<CudaException>(() => CudaGraph.Capture(_cuda, default, () => { }));
    }

    [Fact]
    public void Graph_bindings_pass_every_argument()
    {
        CUgraph graph = new(Word(0x7200000000));
        _cuda.Check(_cuda.cuGraphInstantiateWithFlags(out CUgraphExec exec, graph, 0x900000004));
        Assert.Equal(0x7300000000, exec.Handle);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _cuda.cuGraphInstantiateWithFlags(out _, graph, 4));
        _cuda.Check(_cuda.cuGraphExecDestroy(exec));

        CUgraphNode[] nodes = new CUgraphNode[4];
        _cuda.Check(_cuda.cuGraphGetNodes(graph, nodes, out nuint count));
        Assert.Equal((nuint)3, count);
        Assert.Equal([new(Word(0x7400000000)), new(Word(0x7400000001)), new(Word(0x7400000002)), default], nodes);
        _cuda.Check(_cuda.cuGraphGetNodes(graph, nodes.AsSpan(0, 2), out count));
        Assert.Equal((nuint)2, count);
    }

    private static nint Word(long value) => nint.CreateChecked(value);

    private int Read(CUdevice_attribute counter)
    {
        _cuda.Check(_cuda.cuDeviceGetAttribute(out int value, counter, new CUdevice(40)));
        return value;
    }
}
