using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels.Tests.Cuda;

public sealed class CudaKernelTests
{
    private static readonly KernelTemplate _template = BiasActivationKernel.Plain;

    private readonly PtxCompiler _compiler = new();
    private readonly RecordingDriver _driver = new();

    [Fact]
    public void The_driver_gets_the_PTX_and_the_entry_and_unloads_it_once()
    {
        PtxKernel code = Compile();
        CudaKernel kernel = new(_driver, code);
        kernel.Dispose();
        kernel.Dispose();

        Assert.Equal(code.Text, _driver.ModuleText);
        Assert.Equal(code.EntryName, _driver.FunctionName);
        Assert.Throws<ObjectDisposedException>(() => kernel.Launch(default, new LaunchSize(1), new LaunchSize(32), 0, Pack()));
        Assert.Equal(["cuModuleLoadDataEx", "cuModuleGetFunction", "cuFuncLoad 22", "cuModuleUnload 11"], _driver.Calls);
    }

    [Fact]
    public void A_launch_passes_grid_block_stream_and_packed_parameters()
    {
        using CudaKernel kernel = new(_driver, Compile());
        byte[] packed = Pack();
        kernel.Launch(new CUstream(33), new LaunchSize(7, 2), new LaunchSize(_template.Threads), 0, packed);

        Assert.Equal((7u, 2u, 1u), _driver.Grid);
        Assert.Equal(((uint)_template.Threads, 1u, 1u), _driver.Block);
        Assert.Equal(0u, _driver.SharedBytes);
        Assert.Equal(new CUstream(33), _driver.Stream);
        Assert.Equal(packed, _driver.Parameters.ToArray());
    }

    [Fact]
    public void Launching_allocates_nothing()
    {
        using CudaKernel kernel = new(_driver, Compile());
        byte[] packed = Pack();
        kernel.Launch(default, new LaunchSize(1), new LaunchSize(32), 0, packed);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            kernel.Launch(default, new LaunchSize(1), new LaunchSize(32), 0, packed);
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
        PtxKernel code = Compile();
        using CudaKernel kernel = new(_driver, code, maxDynamicSharedBytes: 65536);
        Assert.Equal(["cuFuncSetAttribute 22 CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES 65536", "cuFuncLoad 22"], _driver.Calls[^2..]);

        kernel.Launch(default, new LaunchSize(3, 2, 1), new LaunchSize(8, 4, 2), 65536, new byte[code.ParameterBytes]);
        Assert.Equal(((3u, 2u, 1u), (8u, 4u, 2u), 65536u), (_driver.Grid, _driver.Block, _driver.SharedBytes));
    }

    [Fact]
    public void A_launch_that_does_not_agree_with_the_kernel_is_refused()
    {
        PtxKernel code = Compile();
        using CudaKernel kernel = new(_driver, code);
        byte[] parameters = new byte[code.ParameterBytes];

        Assert.Throws<ArgumentException>("parameters", () => kernel.Launch(default, new LaunchSize(1), new LaunchSize(256), 0, parameters.AsSpan(1)));
        Assert.Throws<ArgumentException>("block", () => kernel.Launch(default, new LaunchSize(1), new LaunchSize(64, 5), 0, parameters));
        Assert.Throws<ArgumentException>("dynamicSharedBytes", () => kernel.Launch(default, new LaunchSize(1), new LaunchSize(256), 1, parameters));
    }

    [Fact]
    public void A_refused_launch_names_the_call_and_the_vendors_error()
    {
        using CudaKernel kernel = new(_driver, Compile());
        _driver.LaunchResult = CUresult.CUDA_ERROR_OUT_OF_MEMORY;

        string message = Assert.Throws<CudaException>(() => kernel.Launch(default, new LaunchSize(1), new LaunchSize(32), 0, Pack())).Message;
        Assert.Equal("cuLaunchKernel: CUDA_ERROR_OUT_OF_MEMORY (2): text of the recording driver", message);
    }

    private PtxKernel Compile() => _compiler.Compile(_template.For(DType.F32), _template.Threads, PtxTarget.Sm80);

    private static byte[] Pack()
    {
        KernelParameters parameters = new(new byte[64]);
        parameters.Add(new CUdeviceptr(0x7F0000001000));
        parameters.Add(1152);
        parameters.Add(default(CUdeviceptr));
        parameters.Add(new CUdeviceptr(0x7F0000001000));
        parameters.Add(1152);
        parameters.Add(1152);
        parameters.Add(2);
        return parameters.Packed.ToArray();
    }
}
