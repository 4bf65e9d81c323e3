using System.Runtime.InteropServices;
using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels.Tests.Cuda.Matmul;

/// <summary>A planner over the fakes, and pinned operands with guard values between the rows.</summary>
internal sealed class MatmulBench : IDisposable
{
    public const float Guard = -777;
    public static readonly CUstream Stream = new(33);
    public static readonly MatmulWorkspace Workspace = new(new CUdeviceptr(0x7F0000000000), 32 << 20);

    public MatmulBench(MatmulCache? cache = null)
    {
        Library = new FakeCublasLt(Driver);
        Planner = new MatmulPlanner(Library, Driver, Workspace, cache);
    }

    public RecordingDriver Driver { get; } = new();

    public FakeCublasLt Library { get; }

    public MatmulPlanner Planner { get; }

    public static MatmulShape Shape(int m, int n, int k, MatmulEpilogue epilogue = MatmulEpilogue.Bias, DType type = DType.F32) =>
        new(m, n, k, k, n, type, cublasComputeType_t.CUBLAS_COMPUTE_32F, epilogue, 16, 16, 16);

    public void Dispose() => Planner.Dispose();

    /// <summary>Random x and W, zero y, guards in the gaps; 16 bytes of alignment, as the array gives at least that when it is pinned.</summary>
    public static Operands Fill(MatmulShape shape)
    {
        Random random = new(shape.M + shape.N + shape.K);
        Operands operands = new(
            Pinned(shape.X.Rows, shape.X.Columns, shape.LdX),
            Pinned(shape.W.Rows, shape.W.Columns, shape.RowStrideW),
            Pinned(1, shape.N, shape.N),
            Pinned(shape.M, shape.N, shape.LdY));
        Array.Clear(operands.Y);
        Array.Fill(operands.Y, Guard);
        return operands;

        float[] Pinned(int rows, int cols, int ld)
        {
            float[] data = GC.AllocateArray<float>((rows * ld) + 16, pinned: true);
            Array.Fill(data, Guard);
            for (int i = 0; i < rows * cols; i++)
            {
                data[Offset(data) + (i / cols * ld) + (i % cols)] = (float)((random.NextDouble() * 2) - 1);
            }

            return data;
        }
    }

    public static CUdeviceptr Address(float[] data) => new(Start(data) + (ulong)(Offset(data) * sizeof(float)));

    /// <summary>First element at a multiple of 16 bytes.</summary>
    public static int Offset(float[] data) => (int)((16 - (Start(data) % 16)) % 16 / sizeof(float));

    // On the pinned heap: the address stays.
    private static ulong Start(float[] data) => (ulong)Marshal.UnsafeAddrOfPinnedArrayElement(data, 0);

    internal sealed record Operands(float[] X, float[] Weight, float[] Bias, float[] Y);
}
