using System.Runtime.InteropServices;
using System.Text;
using L2c.Native;

namespace L2c.Emulation.Tests;

public sealed unsafe class LaunchTests : IDisposable
{
    // out[i] = in[i] + addend for every thread; "limited" takes 64 threads and asks for 40 KiB of static shared memory.
    private const string Ptx = """
        .version 7.0
        .target sm_80
        .address_size 64
        .visible .entry add(.param .u64 source, .param .u32 addend, .param .u64 destination)
        {
          .reg .b32 %r<7>;
          .reg .b64 %rd<6>;
          ld.param.u64 %rd0, [source];
          ld.param.u32 %r0, [addend];
          ld.param.u64 %rd1, [destination];
          mov.u32 %r1, %ctaid.x;
          mov.u32 %r2, %ntid.x;
          mov.u32 %r3, %tid.x;
          mad.lo.s32 %r4, %r1, %r2, %r3;
          mul.wide.s32 %rd2, %r4, 4;
          add.s64 %rd3, %rd0, %rd2;
          add.s64 %rd4, %rd1, %rd2;
          ld.global.u32 %r5, [%rd3];
          add.s32 %r6, %r5, %r0;
          st.global.u32 [%rd4], %r6;
          ret;
        }
        .visible .entry limited() .maxntid 64, 1, 1
        {
          .shared .align 16 .b8 room[40960];
          .reg .b32 %r<1>;
          mov.u32 %r0, 1;
          st.shared.u32 [room], %r0;
          ret;
        }
        """;

    private readonly Device _device = new(new EmulatedDriver { ThrowOnFault = false });
    private readonly CUfunction _add, _limited;
    private readonly CudaModule _module;

    public LaunchTests()
    {
        _module = new CudaModule(Driver, Ptx);
        (_add, _limited) = (_module.GetFunction("add"), _module.GetFunction("limited"));
    }

    private EmulatedDriver Driver => _device;

    public void Dispose()
    {
        _module.Dispose();
        _device.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Parameters_come_one_by_one_or_packed(bool packed)
    {
        CUdeviceptr source = _device.Upload<int>([1, 2, 3, 4, 5, 6]), destination = _device.Allocate(24);
        _device.Check(packed ? Launch(source, 10, destination, 2, 3) : LaunchByAddresses(source, 10, destination, 2, 3));
        _device.Synchronize();
        Assert.Equal([11, 12, 13, 14, 15, 16], _device.Download<int>(destination, 6));
        KernelLaunch launch = Assert.Single(Driver.Log.OfType<KernelLaunch>());
        Assert.Equal(("add", new LaunchDimensions(2, 1, 1, 3, 1, 1, 0)), (launch.Kernel, launch.Size));
        Assert.Equal(10, MemoryMarshal.Read<int>(launch.Parameters.Span[8..]));
    }

    [Fact]
    public void A_recorded_launch_keeps_its_parameters_and_reads_its_buffers_at_replay()
    {
        CUdeviceptr source = _device.Upload<int>([1]), destination = _device.Upload<int>([0]);
        _device.Check(Driver.cuFuncLoad(_module.GetFunction("add")));
        CUgraph graph = _device.Capture(() => _device.Check(Launch(source, 10, destination, 1, 1)));
        Assert.Equal("add", Assert.IsType<KernelLaunch>(Assert.Single(Driver.Nodes(graph))).Kernel);
        CUgraphExec exec = _device.Instantiate(graph);
        Assert.Equal([0], _device.Download<int>(destination, 1));
        _device.Write<int>(source, [7]);
        _device.Check(Driver.cuGraphLaunch(exec, _device.Stream));
        _device.Synchronize();
        Assert.Equal([17], _device.Download<int>(destination, 1));

        _device.Check(Driver.cuGraphLaunch(exec, _device.Stream));
        _module.Dispose(); // waits for what is enqueued
        Assert.Null(Driver.LastFault);
        _device.Check(Driver.cuGraphLaunch(exec, _device.Stream));
        Assert.Equal(CUresult.CUDA_ERROR_LAUNCH_FAILED, Driver.cuStreamSynchronize(_device.Stream));
        Assert.Equal("add: its module is no longer loaded", Driver.LastFault?.Message);
    }

    [Fact]
    public void A_kernel_whose_first_launch_is_recorded_breaks_the_recording_and_one_that_was_loaded_or_launched_does_not()
    {
        CUdeviceptr source = _device.Upload<int>([1]), destination = _device.Allocate(4);
        Begin();
        Assert.Equal(CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, Launch(source, 1, destination, 1, 1));
        Assert.Equal(CUresult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, Driver.cuStreamEndCapture(_device.Stream, out _));
        Begin();
        Assert.Equal(CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, Driver.cuFuncLoad(_module.GetFunction("add")));
        Assert.Equal(CUresult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, Driver.cuStreamEndCapture(_device.Stream, out _));

        // Asking for a property is not documented to load through this interface, so it does not here.
        _device.Check(Driver.cuFuncGetAttribute(out _, CUfunction_attribute.CU_FUNC_ATTRIBUTE_NUM_REGS, _module.GetFunction("add")));
        Begin();
        Assert.Equal(CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, Launch(source, 1, destination, 1, 1));
        _ = Driver.cuStreamEndCapture(_device.Stream, out _);

        _device.Check(Launch(source, 1, destination, 1, 1));
        _ = _device.Capture(() => _device.Check(Launch(source, 1, destination, 1, 1)));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, Driver.cuFuncLoad(default));

        void Begin() => _device.Check(Driver.cuStreamBeginCapture_v2(_device.Stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    }

    [Fact]
    public void A_fault_names_kernel_line_and_thread_and_loses_the_context()
    {
        CUdeviceptr source = _device.Upload<int>([1, 2, 3]), destination = _device.Allocate(16);
        _device.Check(Launch(source, 0, destination, 1, 4));
        Assert.Equal(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, Driver.cuStreamSynchronize(_device.Stream));
        DeviceFault fault = Assert.IsType<DeviceFault>(Driver.LastFault);
        Assert.Equal((FaultKind.OutOfBounds, "add", 18), (fault.Kind, fault.Kernel, fault.Line));
        Assert.Contains("(3,0,0)", fault.Thread, StringComparison.Ordinal);
        Assert.Equal(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, Launch(source, 0, destination, 1, 1));
    }

    [Fact]
    public void A_misaligned_access_has_its_own_status()
    {
        CUdeviceptr source = _device.Upload<int>([1, 2, 3]), destination = _device.Allocate(16);
        _device.Check(Launch(new CUdeviceptr(source.Value + 2), 0, destination, 1, 1));
        Assert.Equal(CUresult.CUDA_ERROR_MISALIGNED_ADDRESS, Driver.cuStreamSynchronize(_device.Stream));
    }

    [Theory]
    [InlineData(0, 1, 1, 1, 1, 1)]
    [InlineData(1, 65536, 1, 1, 1, 1)]
    [InlineData(1, 1, 65536, 1, 1, 1)]
    [InlineData(1U << 31, 1, 1, 1, 1, 1)]
    [InlineData(1, 1, 1, 0, 1, 1)]
    [InlineData(1, 1, 1, 1025, 1, 1)]
    [InlineData(1, 1, 1, 32, 33, 1)]
    [InlineData(1, 1, 1, 1, 1, 65)]
    [InlineData(1, 1, 1, 65, 1, 1)] // over .maxntid
    public void Impossible_sizes_are_refused(uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ)
    {
        Assert.Equal(
            CUresult.CUDA_ERROR_INVALID_VALUE,
            Driver.cuLaunchKernel(_limited, gridX, gridY, gridZ, blockX, blockY, blockZ, 0, _device.Stream, [], []));
        _device.Check(Driver.cuLaunchKernel(_limited, 1, 1, 1, 64, 1, 1, 0, _device.Stream, [], []));
    }

    [Fact]
    public void Parameters_of_the_wrong_size_or_number_are_refused()
    {
        Assert.Equal((3, 0, 0), (Driver.ParameterCount(_add), Driver.ParameterCount(_limited), Driver.ParameterCount(default)));
        byte* packed = stackalloc byte[32];
        foreach (nuint bytes in new nuint[] { 0, 20, 23, 25 })
        {
            nuint size = bytes;
            Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, LaunchAdd([], Extra(packed, &size)));
        }

        nuint right = 24;
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, LaunchAdd([], Extra(packed, &right).AsSpan(0, 4)));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, LaunchAdd([], Extra(null, &right)));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, LaunchAdd([(nint)packed, (nint)packed], []));
        _device.Check(LaunchAdd([], Extra(packed, &right)));
        Assert.Equal(
            CUresult.CUDA_ERROR_INVALID_HANDLE, Driver.cuLaunchKernel(default, 1, 1, 1, 1, 1, 1, 0, _device.Stream, [], Extra(packed, &right)));
    }

    [Fact]
    public void More_than_48_KiB_of_shared_memory_must_be_asked_for()
    {
        CUresult With(int dynamic) => Driver.cuLaunchKernel(_limited, 1, 1, 1, 1, 1, 1, (uint)dynamic, _device.Stream, [], []);
        CUresult Allow(int dynamic) =>
            Driver.cuFuncSetAttribute(_limited, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, dynamic);

        const int Static = 40 << 10, Free = (48 << 10) - Static, Most = (227 << 10) - Static;
        Assert.Equal(CUresult.CUDA_SUCCESS, With(Free));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, With(Free + 1));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Allow(Most + 1));
        _device.Check(Allow(Most));
        Assert.Equal(CUresult.CUDA_SUCCESS, With(Most));
        _device.Synchronize();
        int Ask(CUfunction_attribute attribute)
        {
            _device.Check(Driver.cuFuncGetAttribute(out int value, attribute, _limited));
            return value;
        }

        Assert.Equal(Most, Ask(CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES));
        Assert.Equal(Static, Ask(CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES));
        Assert.Equal(64, Ask(CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK));
    }

    [Fact]
    public void Text_that_does_not_compile_says_why()
    {
        string unknown = Ptx.Replace("mad.lo.s32", "mad.up.s32", StringComparison.Ordinal);
        CudaException broken = Assert.Throws<CudaException>(() => new CudaModule(Driver, unknown));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_PTX, broken.Result);
        Assert.Contains("JIT log: PTX line 14", broken.Message, StringComparison.Ordinal);

        using var old = new Device(new EmulatedDriver { ComputeCapability = new Version(8, 0) });
        string sm90 = Ptx.Replace("sm_80", "sm_90", StringComparison.Ordinal);
        CudaException newer = Assert.Throws<CudaException>(() => new CudaModule(old.Driver, sm90));
        Assert.Contains(".target sm_90 does not run on sm_80", newer.Message, StringComparison.Ordinal);

        // A short buffer holds what fits, closed with a NUL.
        byte* log = stackalloc byte[9];
        log[8] = 77;
        nint[] values = [(nint)log, 8];
        CUjit_option[] options = [CUjit_option.CU_JIT_ERROR_LOG_BUFFER, CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES];
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_PTX, Driver.cuModuleLoadDataEx(out _, "nonsense\0"u8, options, values));
        Assert.Equal("PTX lin\0M", Encoding.ASCII.GetString(log, 9));
        Assert.Equal(7, values[1]);
    }

    [Fact]
    public void Functions_belong_to_their_module()
    {
        Assert.Equal(_add, _module.GetFunction("add"));
        Assert.Equal(CUresult.CUDA_ERROR_NOT_FOUND, Assert.Throws<CudaException>(() => _module.GetFunction("ad")).Result);
        _module.Dispose();
        Assert.Equal(
            CUresult.CUDA_ERROR_INVALID_HANDLE, Driver.cuFuncGetAttribute(out _, CUfunction_attribute.CU_FUNC_ATTRIBUTE_NUM_REGS, _add));
        Assert.DoesNotContain(Driver.Leaks, l => l.Contains("module", StringComparison.Ordinal));
    }

    private static nint[] Extra(byte* packed, nuint* size) =>
        [CudaLaunchParam.BufferPointer, (nint)packed, CudaLaunchParam.BufferSize, (nint)size, CudaLaunchParam.End];

    private CUresult LaunchAdd(ReadOnlySpan<nint> parameters, ReadOnlySpan<nint> extra, uint grid = 1, uint block = 1) =>
        Driver.cuLaunchKernel(_add, grid, 1, 1, block, 1, 1, 0, _device.Stream, parameters, extra);

    private CUresult Launch(CUdeviceptr source, int addend, CUdeviceptr destination, uint grid, uint block)
    {
        byte* packed = stackalloc byte[24];
        *(ulong*)packed = source.Value;
        *(int*)(packed + 8) = addend;
        *(ulong*)(packed + 16) = destination.Value;
        nuint size = 24;
        return LaunchAdd([], Extra(packed, &size), grid, block);
    }

    private CUresult LaunchByAddresses(CUdeviceptr source, int addend, CUdeviceptr destination, uint grid, uint block) =>
        LaunchAdd([(nint)(&source), (nint)(&addend), (nint)(&destination)], [], grid, block);
}
