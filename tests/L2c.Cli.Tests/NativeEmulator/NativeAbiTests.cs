using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using L2c.Native;

namespace L2c.Cli.Tests.NativeEmulator;

/// <summary>The emulator's libraries as a C program sees them: signatures are written here anew, from the vendor's headers.</summary>
public sealed unsafe class NativeAbiTests
{
    private const int Invalid = 1, BlasInvalid = 7, CudaR32F = 0, Compute32F = 68, ResultBytes = 96;
    private const byte Untouched = 0xA5;
    private static readonly Lazy<nint> _library = new(() => NativeLibrary.Load(Path.Combine(NativeEmulator.Folder, "libcuda.so.1")));

    [Fact]
    public void Every_function_of_the_seam_is_exported_under_its_name()
    {
        IEnumerable<string> seam = typeof(ICudaDriver).GetMethods().Concat(typeof(ICublasLt).GetMethods()).Select(method => method.Name);
        IEnumerable<string> exports = Assembly.Load("L2c.Emulation.Native").GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public))
            .Select(method => method.GetCustomAttribute<UnmanagedCallersOnlyAttribute>()?.EntryPoint)
            .OfType<string>();
        Assert.Equal(seam.Append("cuEventElapsedTime_v2").Order(StringComparer.Ordinal), exports.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Both_names_are_one_library()
    {
        Assert.Equal(_library.Value, NativeLibrary.Load(Path.Combine(NativeEmulator.Folder, "libcublasLt.so.12")));
    }

    [Fact]
    public void Pointers_that_C_writes_through_may_not_be_null()
    {
        Assert.Equal(Invalid, ((delegate* unmanaged<int*, int>)Function("cuDriverGetVersion"))(null));
        Assert.Equal(Invalid, ((delegate* unmanaged<ulong*, nuint, int>)Function("cuMemAlloc_v2"))(null, 4));
        Assert.Equal(Invalid, ((delegate* unmanaged<byte*, int, int, int>)Function("cuDeviceGetName"))(null, 10, 0));
        Assert.Equal(Invalid, ((delegate* unmanaged<nint*, byte*, uint, int*, nint*, int>)Function("cuModuleLoadDataEx"))(null, null, 0, null, null));
        Assert.Equal(BlasInvalid, ((delegate* unmanaged<nint*, int>)Function("cublasLtCreate"))(null));
    }

    [Fact]
    public void Texts_end_with_NUL_stay_where_they_are_and_are_cut_to_the_callers_buffer()
    {
        nint first, second;
        Assert.Equal(0, ((delegate* unmanaged<int, nint*, int>)Function("cuGetErrorName"))(2, &first));
        Assert.Equal(0, ((delegate* unmanaged<int, nint*, int>)Function("cuGetErrorName"))(2, &second));
        Assert.Equal(first, second);
        Assert.Equal("CUDA_ERROR_OUT_OF_MEMORY", Marshal.PtrToStringUTF8(first));
        Assert.Equal(Invalid, ((delegate* unmanaged<int, nint*, int>)Function("cuGetErrorString"))(12345, &first));
        Assert.Equal(0, first);

        byte* name = stackalloc byte[10];
        new Span<byte>(name, 10).Fill(Untouched);
        Assert.Equal(0, ((delegate* unmanaged<uint, int>)Function("cuInit"))(0));
        Assert.Equal(0, ((delegate* unmanaged<byte*, int, int, int>)Function("cuDeviceGetName"))(name, 9, 0));
        Assert.Equal("emulated\0"u8, new ReadOnlySpan<byte>(name, 9));
        Assert.Equal(Untouched, name[9]);
    }

    [Fact]
    public void A_kernel_takes_its_parameters_one_by_one_or_packed()
    {
        using Context context = new();
        string ptx = ".version 7.8\n.target sm_90\n.address_size 64\n.visible .entry put(.param .u64 to, .param .u32 value)\n{\n"
            + ".reg .b64 %to; .reg .b32 %value;\nld.param.u64 %to, [to]; ld.param.u32 %value, [value];\nst.global.u32 [%to], %value;\nret;\n}\n\0";
        nint module, function;
        ulong address;
        fixed (byte* text = Encoding.ASCII.GetBytes(ptx), name = "put\0"u8)
        {
            Check(((delegate* unmanaged<nint*, byte*, uint, int*, nint*, int>)Function("cuModuleLoadDataEx"))(&module, text, 0, null, null));
            Check(((delegate* unmanaged<nint*, nint, byte*, int>)Function("cuModuleGetFunction"))(&function, module, name));
        }

        Check(((delegate* unmanaged<ulong*, nuint, int>)Function("cuMemAlloc_v2"))(&address, 4));
        uint value = 0x12345678;
        nint* list = stackalloc nint[] { (nint)(&address), (nint)(&value) };
        Check(Launch(function, list, null));
        Assert.Equal(value, Read(address));

        byte* packed = stackalloc byte[12];
        (*(ulong*)packed, *(uint*)(packed + 8)) = (address, 0x9ABCDEF0);
        nuint bytes = 12;
        nint* extra = stackalloc nint[] { 1, (nint)packed, 2, (nint)(&bytes), 0 };
        Check(Launch(function, null, extra));
        Assert.Equal(0x9ABCDEF0, Read(address));
        Assert.Equal(Invalid, Launch(function, list, extra));
        bytes = 16;
        Assert.Equal(Invalid, Launch(function, null, extra));
        Check(((delegate* unmanaged<ulong, int>)Function("cuMemFree_v2"))(address));
        Check(((delegate* unmanaged<nint, int>)Function("cuModuleUnload"))(module));
    }

    [Fact]
    public void Answers_of_the_heuristic_are_96_bytes_each_and_no_more_than_there_are()
    {
        using Context context = new();
        nint handle, operation, square, wishes;
        Check(((delegate* unmanaged<nint*, int>)Function("cublasLtCreate"))(&handle));
        Check(((delegate* unmanaged<nint*, int, int, int>)Function("cublasLtMatmulDescCreate"))(&operation, Compute32F, CudaR32F));
        Check(((delegate* unmanaged<nint*, int, ulong, ulong, long, int>)Function("cublasLtMatrixLayoutCreate"))(&square, CudaR32F, 32, 32, 32));
        Check(((delegate* unmanaged<nint*, int>)Function("cublasLtMatmulPreferenceCreate"))(&wishes));
        ulong workspace = 1 << 20;
        Check(((delegate* unmanaged<nint, int, void*, nuint, int>)Function("cublasLtMatmulPreferenceSetAttribute"))(wishes, 1, &workspace, 8));

        byte* results = stackalloc byte[3 * ResultBytes];
        new Span<byte>(results, 3 * ResultBytes).Fill(Untouched);
        int found;
        Check(((delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint, int, byte*, int*, int>)Function("cublasLtMatmulAlgoGetHeuristic"))(
            handle, operation, square, square, square, square, wishes, 2, results, &found));
        Assert.Equal(2, found);
        Assert.True(new ReadOnlySpan<byte>(results + (2 * ResultBytes), ResultBytes).IndexOfAnyExcept(Untouched) < 0);

        // cublasLt.h: algo, 64 bytes; workspaceSize; state; wavesCount; reserved. The second algorithm wants a workspace.
        Assert.Equal((0UL, 64UL << 10), (*(ulong*)(results + 64), *(ulong*)(results + ResultBytes + 64)));
        Assert.Equal((0, 0), (*(int*)(results + 72), *(int*)(results + ResultBytes + 72)));
        Assert.Equal(1f / 132, *(float*)(results + 76));

        byte* result = results + (2 * ResultBytes);
        Check(((delegate* unmanaged<nint, nint, nint, nint, nint, nint, byte*, byte*, int>)Function("cublasLtMatmulAlgoCheck"))(
            handle, operation, square, square, square, square, results + ResultBytes, result));
        Assert.Equal(new ReadOnlySpan<byte>(results + ResultBytes, 80), new ReadOnlySpan<byte>(result, 80));
        Check(((delegate* unmanaged<nint, int>)Function("cublasLtMatmulPreferenceDestroy"))(wishes));
        Check(((delegate* unmanaged<nint, int>)Function("cublasLtMatrixLayoutDestroy"))(square));
        Check(((delegate* unmanaged<nint, int>)Function("cublasLtMatmulDescDestroy"))(operation));
        Check(((delegate* unmanaged<nint, int>)Function("cublasLtDestroy"))(handle));
    }

    private static int Launch(nint function, nint* parameters, nint* extra) =>
        ((delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, nint*, nint*, int>)Function("cuLaunchKernel"))(
            function, 1, 1, 1, 1, 1, 1, 0, 0, parameters, extra);

    private static uint Read(ulong address)
    {
        uint there;
        Check(((delegate* unmanaged<void*, ulong, nuint, int>)Function("cuMemcpyDtoH_v2"))(&there, address, 4));
        return there;
    }

    private static nint Function(string name) => NativeLibrary.GetExport(_library.Value, name);

    private static void Check(int status) => Assert.Equal(0, status);

    /// <summary>The primary context, current on this thread.</summary>
    private sealed class Context : IDisposable
    {
        public Context()
        {
            nint context;
            Check(((delegate* unmanaged<uint, int>)Function("cuInit"))(0));
            Check(((delegate* unmanaged<nint*, int, int>)Function("cuDevicePrimaryCtxRetain"))(&context, 0));
            Check(((delegate* unmanaged<nint, int>)Function("cuCtxSetCurrent"))(context));
        }

        public void Dispose() => Check(((delegate* unmanaged<int, int>)Function("cuDevicePrimaryCtxRelease_v2"))(0));
    }
}
