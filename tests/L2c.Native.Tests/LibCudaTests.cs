using System.Runtime.InteropServices;
using L2c.Native.Tests.Fake;

namespace L2c.Native.Tests;

/// <summary>The bindings against a C library that checks or echoes its arguments. Values exceed 32 bits wherever the C type has 64.</summary>
public sealed class LibCudaTests : IDisposable
{
    private const int RecordBytes = 8 * 4 + 2 * 8 + 64;
    private readonly string _folder = FakeLibraries.Build("libcuda.so.1");
    private readonly LibCuda _cuda;

    public LibCudaTests() => _cuda = LibCuda.Load(new FolderLoader(_folder));

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void Memory_goes_there_and_back()
    {
        byte[] data = [1, 2, 3, 4, 5, 6, 7, 8];
        byte[] back = new byte[8];
        _cuda.Check(_cuda.cuMemAlloc_v2(out CUdeviceptr address, 8));
        _cuda.Check(_cuda.cuMemcpyHtoD_v2(address, Marshal.UnsafeAddrOfPinnedArrayElement(Pinned(data), 0), 8));
        _cuda.Check(_cuda.cuMemsetD8_v2(new CUdeviceptr(address.Value + 6), 0xAB, 2));
        Read(address, back);
        Assert.Equal([1, 2, 3, 4, 5, 6, 0xAB, 0xAB], back);
        _cuda.Check(_cuda.cuMemFree_v2(address));
        _cuda.Check(_cuda.cuMemGetInfo_v2(out nuint free, out nuint total));
        Assert.Equal((0x1200000000, 0x2300000000), ((long)free, (long)total));
    }

    [Fact]
    public void Asynchronous_copies_name_their_stream()
    {
        byte[] data = Pinned([9, 8, 7, 6]);
        byte[] back = Pinned(new byte[4]);
        _cuda.Check(_cuda.cuStreamCreate(out CUstream stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
        _cuda.Check(_cuda.cuMemAlloc_v2(out CUdeviceptr address, 4));
        _cuda.Check(_cuda.cuMemcpyHtoDAsync_v2(address, Marshal.UnsafeAddrOfPinnedArrayElement(data, 0), 4, stream));
        _cuda.Check(_cuda.cuMemsetD8Async(address, 0x11, 1, stream));
        _cuda.Check(_cuda.cuMemcpyDtoHAsync_v2(Marshal.UnsafeAddrOfPinnedArrayElement(back, 0), address, 4, stream));
        _cuda.Check(_cuda.cuStreamSynchronize(stream));
        Assert.Equal([0x11, 8, 7, 6], back);
        Assert.Throws<CudaException>(() => _cuda.Check(_cuda.cuStreamSynchronize(default)));
        _cuda.Check(_cuda.cuMemFree_v2(address));
        _cuda.Check(_cuda.cuStreamDestroy_v2(stream));
    }

    [Fact]
    public void A_launch_passes_every_argument()
    {
        _cuda.Check(_cuda.cuMemAlloc_v2(out CUdeviceptr record, RecordBytes));
        byte[] parameters = Pinned(new byte[12]);
        MemoryMarshal.Write(parameters, record.Value);
        MemoryMarshal.Write(parameters.AsSpan(8), 0x12345678);
        nint[] size = [12];
        nint[] extra =
        [
            CudaLaunchParam.BufferPointer, Marshal.UnsafeAddrOfPinnedArrayElement(parameters, 0),
            CudaLaunchParam.BufferSize, Marshal.UnsafeAddrOfPinnedArrayElement(PinnedSizes(size), 0),
            CudaLaunchParam.End,
        ];
        CUfunction function = new(nint.CreateChecked(0x4600000000));
        CUstream stream = new(nint.CreateChecked(0x5000000001));
        _cuda.Check(_cuda.cuLaunchKernel(function, 1, 2, 3, 4, 5, 6, 7, stream, [], extra));

        byte[] seen = new byte[RecordBytes];
        Read(record, seen);
        Assert.Equal([1u, 2u, 3u, 4u, 5u, 6u, 7u, 12u], MemoryMarshal.Cast<byte, uint>(seen.AsSpan(0, 32)).ToArray());
        Assert.Equal([0x5000000001, 0x4600000000], MemoryMarshal.Cast<byte, long>(seen.AsSpan(32, 16)).ToArray());
        Assert.Equal(parameters, seen.AsSpan(48, 12).ToArray());
        _cuda.Check(_cuda.cuMemFree_v2(record));
    }

    [Fact]
    public void Contexts_are_retained_made_current_and_released()
    {
        using (CudaContext context = new(_cuda, 0))
        {
            Assert.Equal(40, context.Device.Value);
            _cuda.Check(_cuda.cuCtxSynchronize());
        }

        CudaException gone = Assert.Throws<CudaException>(() => _cuda.Check(_cuda.cuCtxSynchronize()));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_CONTEXT, gone.Result);
        Assert.Throws<CudaException>(() => new CudaContext(_cuda, 7));
    }

    [Fact]
    public void Modules_give_their_kernels_and_attributes()
    {
        using CudaModule module = new(_cuda, "good");
        CUfunction function = module.GetFunction("Kernel_é");
        _cuda.Check(_cuda.cuFuncGetAttribute(out int registers, CUfunction_attribute.CU_FUNC_ATTRIBUTE_NUM_REGS, function));
        Assert.Equal(1004, registers);
        _cuda.Check(_cuda.cuFuncSetAttribute(function, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 65536));
        CudaException missing = Assert.Throws<CudaException>(() => module.GetFunction("other"));
        Assert.Equal(
            "cuModuleGetFunction: unknown error (500): the driver has no text for this code; kernel other",
            missing.Message);
    }

    [Fact]
    public void A_kernel_is_loaded_by_the_call_for_it_and_on_older_drivers_by_asking_for_a_property()
    {
        CUfunction function = new(nint.CreateChecked(0x4600000000));
        _cuda.Check(_cuda.cuFuncLoad(function));
        Assert.Equal((1, 0), Counts(_cuda));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, _cuda.cuFuncLoad(default));

        string folder = FakeLibraries.Build("libcuda.so.1", "OLD");
        try
        {
            LibCuda old = LibCuda.Load(new FolderLoader(folder));
            old.Check(old.cuFuncLoad(function));
            Assert.Equal((0, 1), Counts(old));
        }
        finally
        {
            Directory.Delete(folder, true);
        }

        static (int Loaded, int Asked) Counts(LibCuda cuda)
        {
            cuda.Check(cuda.cuDeviceGetAttribute(out int loaded, (CUdevice_attribute)9004, default));
            cuda.Check(cuda.cuDeviceGetAttribute(out int asked, (CUdevice_attribute)9005, default));
            return (loaded, asked);
        }
    }

    [Fact]
    public void Errors_carry_the_call_the_vendors_text_and_the_JIT_log()
    {
        CudaException memory = Assert.Throws<CudaException>(() => _cuda.Check(_cuda.cuMemAlloc_v2(out _, nuint.CreateChecked(0x2000000001))));
        Assert.Equal("cuMemAlloc_v2: CUDA_ERROR_OUT_OF_MEMORY (2): out of memory", memory.Message);
        CudaException ptx = Assert.Throws<CudaException>(() => new CudaModule(_cuda, "bad"));
        Assert.Equal(
            "cuModuleLoadDataEx: CUDA_ERROR_INVALID_PTX (218): a PTX JIT compilation failed; JIT log: line 7: Unknown symbol 'acc'",
            ptx.Message);
    }

    [Theory]
    [InlineData("MISSING_LAUNCH", "cuLaunchKernel", "13.2")]
    [InlineData("TOO_OLD", "cuGraphInstantiateWithFlags", "11.3")]
    public void A_driver_that_lacks_a_symbol_is_refused_with_file_and_version(string define, string symbol, string version)
    {
        string folder = FakeLibraries.Build("libcuda.so.1", define);
        try
        {
            string message = Assert.Throws<CudaUnavailableException>(() => LibCuda.Load(new FolderLoader(folder))).Message;
            Assert.Equal(
                $"{folder}/libcuda.so.1: has no {symbol} (driver for CUDA {version}); install the NVIDIA driver, in a newer version", message);
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    private void Read(CUdeviceptr source, byte[] destination)
    {
        byte[] buffer = Pinned(new byte[destination.Length]);
        _cuda.Check(_cuda.cuMemcpyDtoH_v2(Marshal.UnsafeAddrOfPinnedArrayElement(buffer, 0), source, (nuint)buffer.Length));
        buffer.CopyTo(destination, 0);
    }

    private static byte[] Pinned(byte[] data)
    {
        byte[] pinned = GC.AllocateArray<byte>(data.Length, pinned: true);
        data.CopyTo(pinned, 0);
        return pinned;
    }

    private static nint[] PinnedSizes(nint[] data)
    {
        nint[] pinned = GC.AllocateArray<nint>(data.Length, pinned: true);
        data.CopyTo(pinned, 0);
        return pinned;
    }
}
