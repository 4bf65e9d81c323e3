using System.Runtime.InteropServices;
using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels.Tests.Cuda;

public sealed class CudaKernelTests : IDisposable
{
    private static readonly ResidualNormLaunch _arguments = new(
        X: new CUdeviceptr(0x7F0000001000),
        Branch: new CUdeviceptr(0x7F0000002000),
        Gate: new CUdeviceptr(0x7F0000003000),
        Scale: new CUdeviceptr(0x7F0000004000),
        Shift: new CUdeviceptr(0x7F0000005000),
        XOut: new CUdeviceptr(0x7F0000006000),
        Y: new CUdeviceptr(0x7F0000007000),
        ModulationStride: 6 * 1152,
        Batch: 2,
        Tokens: 256,
        Channels: 1152,
        Eps: 1e-6f);

    private readonly PtxCompiler _compiler = new();
    private readonly RecordingDriver _driver = new();

    public void Dispose() => _compiler.Dispose();

    [Fact]
    public void The_driver_gets_the_PTX_and_the_entry_and_unloads_it_once()
    {
        CudaKernel kernel = ResidualNormCuda.Load(_driver, _compiler, PtxTarget.Sm90);
        kernel.Dispose();
        kernel.Dispose();

        PtxKernel code = _compiler.Compile(ResidualNormCuda.Method, ResidualNormCuda.ThreadsPerBlock, PtxTarget.Sm90);
        Assert.Equal(code.Text, _driver.ModuleText);
        Assert.Equal(code.EntryName, _driver.FunctionName);
        Assert.Equal(["cuModuleLoadDataEx", "cuModuleGetFunction", "cuModuleUnload 11"], _driver.Calls);
    }

    [Fact]
    public void A_launch_has_one_block_per_token_and_the_parameters_in_the_kernels_order()
    {
        using CudaKernel kernel = ResidualNormCuda.Load(_driver, _compiler, PtxTarget.Sm80);
        ResidualNormCuda.Enqueue(kernel, new CUstream(33), _arguments);

        Assert.Equal((256u, 2u, 1u), _driver.Grid);
        Assert.Equal((128u, 1u, 1u), _driver.Block);
        Assert.Equal(0u, _driver.SharedBytes);
        Assert.Equal(new CUstream(33), _driver.Stream);

        // The order comes from the method itself, so that a parameter moved in one place only is seen.
        Dictionary<string, object> expected = new()
        {
            ["x"] = 0x7F0000001000UL,
            ["branch"] = 0x7F0000002000UL,
            ["gate"] = 0x7F0000003000UL,
            ["scale"] = 0x7F0000004000UL,
            ["shift"] = 0x7F0000005000UL,
            ["xOut"] = 0x7F0000006000UL,
            ["y"] = 0x7F0000007000UL,
            ["modulationStride"] = 6912L,
            ["channels"] = 1152,
            ["eps"] = 1e-6f,
        };
        ReadOnlySpan<byte> packed = _driver.Parameters;
        foreach (string name in ResidualNormCuda.Method.GetParameters().Select(p => p.Name!))
        {
            object value = expected[name] switch
            {
                ulong => (object)Take<ulong>(ref packed),
                long => Take<long>(ref packed),
                int => Take<int>(ref packed),
                _ => Take<float>(ref packed),
            };
            Assert.Equal(expected[name], value);
        }

        Assert.Equal(0, packed.Length);
    }

    [Fact]
    public void Enqueueing_allocates_nothing()
    {
        using CudaKernel kernel = ResidualNormCuda.Load(_driver, _compiler, PtxTarget.Sm80);
        ResidualNormCuda.Enqueue(kernel, default, _arguments);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            ResidualNormCuda.Enqueue(kernel, default, _arguments);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Padding_between_parameters_is_zero()
    {
        byte[] buffer = new byte[24];
        buffer.AsSpan().Fill(0xFF);
        KernelParameters parameters = new(buffer);
        parameters.Add(1);
        parameters.Add(2L);
        parameters.Add(0.5f);

        Assert.Equal([1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3F], parameters.Packed.ToArray());
    }

    [Fact]
    public void Dynamic_shared_memory_is_granted_while_loading_and_passed_to_the_launch()
    {
        PtxKernel code = _compiler.Compile(ResidualNormCuda.Method, ResidualNormCuda.ThreadsPerBlock, PtxTarget.Sm80);
        using CudaKernel kernel = new(_driver, code, maxDynamicSharedBytes: 65536);
        Assert.Equal("cuFuncSetAttribute 22 CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES 65536", _driver.Calls[^1]);

        kernel.Launch(default, new LaunchSize(3, 2, 1), new LaunchSize(8, 4, 2), 65536, new byte[code.ParameterBytes]);
        Assert.Equal(((3u, 2u, 1u), (8u, 4u, 2u), 65536u), (_driver.Grid, _driver.Block, _driver.SharedBytes));
    }

    [Fact]
    public void A_launch_that_does_not_agree_with_the_kernel_is_refused()
    {
        PtxKernel code = _compiler.Compile(ResidualNormCuda.Method, ResidualNormCuda.ThreadsPerBlock, PtxTarget.Sm80);
        using CudaKernel kernel = new(_driver, code);
        byte[] parameters = new byte[code.ParameterBytes];

        Assert.Throws<ArgumentException>("parameters", () => kernel.Launch(default, new LaunchSize(1), new LaunchSize(128), 0, parameters.AsSpan(1)));
        Assert.Throws<ArgumentException>("block", () => kernel.Launch(default, new LaunchSize(1), new LaunchSize(64, 3), 0, parameters));
        Assert.Throws<ArgumentException>("dynamicSharedBytes", () => kernel.Launch(default, new LaunchSize(1), new LaunchSize(128), 1, parameters));
    }

    [Fact]
    public void Broken_shapes_are_refused()
    {
        using CudaKernel kernel = ResidualNormCuda.Load(_driver, _compiler, PtxTarget.Sm80);
        foreach (ResidualNormLaunch broken in new[]
        {
            _arguments with { Batch = 0 },
            _arguments with { Channels = 0 },
            _arguments with { Batch = 65536 },
            _arguments with { ModulationStride = 1151 },
            _arguments with { Y = _arguments.X },
            _arguments with { Y = _arguments.XOut },
        })
        {
            string message = Assert.Throws<ArgumentException>(() => ResidualNormCuda.Enqueue(kernel, default, broken)).Message;
            Assert.StartsWith("ResidualNorm: ", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_refused_launch_names_the_call_and_the_vendors_error()
    {
        using CudaKernel kernel = ResidualNormCuda.Load(_driver, _compiler, PtxTarget.Sm80);
        _driver.LaunchResult = CUresult.CUDA_ERROR_OUT_OF_MEMORY;

        string message = Assert.Throws<CudaException>(() => ResidualNormCuda.Enqueue(kernel, default, _arguments)).Message;
        Assert.Equal("cuLaunchKernel: CUDA_ERROR_OUT_OF_MEMORY (2): text of the recording driver", message);
    }

    private static T Take<T>(ref ReadOnlySpan<byte> packed)
        where T : unmanaged
    {
        T value = MemoryMarshal.Read<T>(packed);
        packed = packed[Marshal.SizeOf<T>()..];
        return value;
    }
}
