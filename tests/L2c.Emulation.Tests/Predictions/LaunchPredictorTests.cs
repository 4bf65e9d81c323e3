using System.Text;
using L2c.Native;

namespace L2c.Emulation.Tests.Predictions;

/// <summary>Recorded work becomes rows: what does the same is counted once, and nothing of it has to be run.</summary>
public sealed unsafe class LaunchPredictorTests : IDisposable
{
    // out[i] = in[i]
    private const string Copy = """
        .reg .b32 %t, %b, %v; .reg .b64 %far, %in, %out;
        ld.param.u64 %in, [in]; ld.param.u64 %out, [out]; mov.u32 %t, %tid.x; mov.u32 %b, %ctaid.x; mad.lo.u32 %t, %b, 128, %t;
        mul.wide.u32 %far, %t, 4; add.u64 %in, %in, %far; add.u64 %out, %out, %far; ld.global.b32 %v, [%in]; st.global.b32 [%out], %v;
        """;

    private readonly Device _device = new(new EmulatedDriver { KeepsValues = false });
    private readonly CUfunction _copy;

    public LaunchPredictorTests()
    {
        _device.Check(_device.Driver.cuModuleLoadDataEx(
            out CUmodule module, Encoding.ASCII.GetBytes(Snippet.Module("(.param .u64 in, .param .u64 out)", Copy) + "\0"), [], []));
        _device.Check(_device.Driver.cuModuleGetFunction(out _copy, module, "k"));
        _device.Check(_device.Driver.cuFuncLoad(_copy));
    }

    [Fact]
    public void Launches_that_do_the_same_are_one_row()
    {
        CUdeviceptr[] memory = [.. Enumerable.Range(0, 3).Select(_ => _device.Allocate(1 << 20))];
        CUgraph graph = _device.Capture(() =>
        {
            Launch(16, memory[0], memory[1]);
            Launch(16, memory[1], memory[2]);
            Launch(32, memory[0], memory[1]);

            // Shifted by one element: five sectors for four.
            Launch(16, new CUdeviceptr(memory[0].Value + 4), memory[1]);
            _device.Check(_device.Driver.cuMemsetD8Async(memory[0], 0, 1 << 20, _device.Stream));
        });
        LaunchPredictor predictor = new(_device, GpuModel.Find("h200")!, null, launch => $"copy by {launch.Kernel}");
        IReadOnlyList<PredictedLaunches> rows = predictor.Predict(_device.Driver.Nodes(graph));
        Assert.Equal(
            [
                ("copy by k", "16 blocks of 128", 2), ("copy by k", "32 blocks of 128", 1), ("copy by k", "16 blocks of 128", 1),
                ("fill", "1048576 bytes", 1),
            ],
            rows.Select(row => (row.Name, row.Size, row.Launches)));
        Assert.Equal([(512.0, 512.0), (1024, 1024), (576, 512)], rows.Take(3).Select(row => row.Counts!.Sectors));
        Assert.Equal((8192.0, 8192.0), (rows[0].Counts!.UniqueRead, rows[0].Counts!.UniqueWritten));
        Assert.Equal(GpuModel.LaunchGap + ((1 << 20) / 4.3e12), rows[3].Seconds, tolerance: 1e-12);
        Assert.Null(rows[0].Registers);
    }

    [Fact]
    public void Memory_whose_values_do_not_matter_holds_zeros_and_keeps_its_bounds()
    {
        CUdeviceptr address = _device.Allocate(1L << 32); // more than a test may take of the host
        Assert.Equal([0, 0], _device.Download<int>(address, 2));
        _device.Write<int>(address, [1, 2]);
        Assert.Equal([1, 2], _device.Download<int>(address, 2));
        _device.Write<byte>(address, new byte[64 << 10]); // large: not kept
        Assert.Equal([1, 2], _device.Download<int>(address, 2));
        Launch(1, address, new CUdeviceptr(address.Value + (1UL << 32)));
        Assert.Equal(FaultKind.OutOfBounds, Assert.Throws<DeviceFault>(_device.Synchronize).Kind);
    }

    [Fact]
    public void Large_products_are_left_out_where_values_do_not_matter()
    {
        // D = A' B of ones: each value is the number of terms.
        foreach ((int side, float expected) in new[] { (64, 64f), (512, 0f) })
        {
            float[] ones = new float[64 * 64];
            Array.Fill(ones, 1);
            CUdeviceptr a = _device.Allocate(side * side * 4), d = _device.Allocate(side * side * 4);
            _device.Write<float>(a, ones);
            using Matmul matmul = new(_device);
            foreach (string name in new[] { "A", "B", "C", "D" })
            {
                matmul.With(name, cudaDataType_t.CUDA_R_32F, side, side);
            }

            Assert.Equal(cublasStatus_t.CUBLAS_STATUS_SUCCESS, matmul.Enqueue(a, a, d, d));
            _device.Synchronize();
            Assert.Equal(expected, _device.Download<float>(d, 1)[0]);
        }
    }

    public void Dispose() => _device.Dispose();

    private void Launch(uint blocks, CUdeviceptr source, CUdeviceptr destination)
    {
        ulong[] packed = [source.Value, destination.Value];
        nuint size = (nuint)(packed.Length * sizeof(ulong));
        fixed (ulong* buffer = packed)
        {
            nint[] extra = [CudaLaunchParam.BufferPointer, (nint)buffer, CudaLaunchParam.BufferSize, (nint)(&size), CudaLaunchParam.End];
            _device.Check(_device.Driver.cuLaunchKernel(_copy, blocks, 1, 1, 128, 1, 1, 0, _device.Stream, [], extra));
        }
    }
}
