using System.Runtime.InteropServices;
using L2c.Native;

namespace L2c.Emulation.Tests;

/// <summary>An emulated device with a current context, one non-blocking stream and short words for what tests do with it.</summary>
internal sealed unsafe class Device : IDisposable
{
    public Device(EmulatedDriver? driver = null)
    {
        Driver = driver ?? new EmulatedDriver();
        Context = new CudaContext(Driver, 0);
        Check(Driver.cuStreamCreate(out CUstream stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
        Stream = stream;
    }

    public EmulatedDriver Driver { get; }

    public CudaContext Context { get; }

    public CUstream Stream { get; }

    public static implicit operator EmulatedDriver(Device device) => device.Driver;

    public void Check(CUresult status) => Driver.Check(status);

    public CUdeviceptr Allocate(long bytes)
    {
        Check(Driver.cuMemAlloc_v2(out CUdeviceptr address, (nuint)bytes));
        return address;
    }

    public CUdeviceptr Upload<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        CUdeviceptr address = Allocate(values.Length * sizeof(T));
        Write(address, values);
        return address;
    }

    public void Write<T>(CUdeviceptr address, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        fixed (T* source = values)
        {
            Check(Driver.cuMemcpyHtoD_v2(address, (nint)source, (nuint)(values.Length * sizeof(T))));
        }
    }

    public T[] Download<T>(CUdeviceptr address, int count)
        where T : unmanaged
    {
        T[] values = new T[count];
        fixed (T* destination = values)
        {
            Check(Driver.cuMemcpyDtoH_v2((nint)destination, address, (nuint)(count * sizeof(T))));
        }

        return values;
    }

    public void Synchronize() => Check(Driver.cuStreamSynchronize(Stream));

    public CUgraph Capture(Action record)
    {
        Check(Driver.cuStreamBeginCapture_v2(Stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
        record();
        Check(Driver.cuStreamEndCapture(Stream, out CUgraph graph));
        return graph;
    }

    public CUgraphExec Instantiate(CUgraph graph)
    {
        Check(Driver.cuGraphInstantiateWithFlags(out CUgraphExec exec, graph, 0));
        return exec;
    }

    public void Dispose()
    {
        Context.Dispose();
        Driver.Dispose();
    }
}

/// <summary>Host memory that a stream may read or write later.</summary>
internal sealed unsafe class HostBuffer<T> : IDisposable
    where T : unmanaged
{
    private readonly GCHandle _pin;

    public HostBuffer(params T[] values)
    {
        Values = values;
        _pin = GCHandle.Alloc(values, GCHandleType.Pinned);
    }

    public T[] Values { get; }

    public nint Address => _pin.AddrOfPinnedObject();

    public nuint Bytes => (nuint)(Values.Length * sizeof(T));

    public void Dispose() => _pin.Free();
}
