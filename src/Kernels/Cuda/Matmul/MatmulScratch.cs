using L2c.Native;

namespace L2c.Kernels.Cuda;

/// <summary>Operands to try a product on before the real ones have values: memory of its own, filled with numbers of about 1.</summary>
/// <remarks>
/// Two things must happen before a product is captured. The library loads its kernels at their first use, which a capture forbids; and a race needs
/// values, because zeros draw less power and let the clock rise, and what lies in fresh memory may be anything.
/// </remarks>
internal sealed unsafe class MatmulScratch : IDisposable
{
    private const int BlockElements = 1 << 16;

    private readonly ICudaDriver _driver;
    private readonly CUdeviceptr _memory;

    /// <summary>Allocates and fills room for the operands of one shape.</summary>
    public MatmulScratch(ICudaDriver driver, in MatmulShape shape, CUstream stream)
    {
        _driver = driver;
        int size = shape.Type.Size();
        long x = Bytes(shape.X, shape.LdX, size), weight = Bytes(shape.W, shape.RowStrideW, size);
        long bias = Aligned((long)shape.N * size), y = Bytes((shape.M, shape.N), shape.LdY, shape.OutputType.Size());
        long bytes = x + weight + bias + y;
        CUresult result = driver.cuMemAlloc_v2(out _memory, (nuint)bytes);
        if (result != CUresult.CUDA_SUCCESS)
        {
            throw new CudaException(driver, result, nameof(driver.cuMemAlloc_v2), $"{bytes >> 20} MiB to try {shape} on; use a smaller batch");
        }

        X = _memory;
        Weight = new CUdeviceptr(X.Value + (ulong)x);
        Bias = shape.HasBias ? new CUdeviceptr(Weight.Value + (ulong)weight) : default;
        Y = new CUdeviceptr(Weight.Value + (ulong)(weight + bias));
        try
        {
            Fill(bytes, shape.Type, stream);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>x of the shape.</summary>
    public CUdeviceptr X { get; }

    /// <summary>W of the shape.</summary>
    public CUdeviceptr Weight { get; }

    /// <summary>The bias, or the default value where the shape has none.</summary>
    public CUdeviceptr Bias { get; }

    /// <summary>y of the shape.</summary>
    public CUdeviceptr Y { get; }

    /// <summary>Frees the memory; the caller has waited for what used it.</summary>
    public void Dispose() => _ = _driver.cuMemFree_v2(_memory);

    private static long Bytes((int Rows, int Columns) matrix, int rowStride, int size) =>
        Aligned((((matrix.Rows - 1L) * rowStride) + matrix.Columns) * size);

    private static long Aligned(long bytes) => (bytes + MatmulShape.MaxAlignment - 1) / MatmulShape.MaxAlignment * MatmulShape.MaxAlignment;

    // One block from the host, then copies of what is there, each twice as long as the one before.
    private void Fill(long bytes, DType type, CUstream stream)
    {
        var random = new Random(1);
        float[] values = new float[BlockElements];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)((random.NextDouble() + random.NextDouble() + random.NextDouble() + random.NextDouble() - 2) * Math.Sqrt(3));
        }

        byte[] block = new byte[Math.Min(bytes, BlockElements * type.Size())];
        fixed (byte* converted = block)
        {
            HostConversion.FromFloats(type, values.AsSpan(0, block.Length / type.Size()), converted);
            _driver.Check(_driver.cuMemcpyHtoDAsync_v2(_memory, (nint)converted, (nuint)block.Length, stream));
            _driver.Check(_driver.cuStreamSynchronize(stream));
        }

        for (long done = block.Length; done < bytes; done *= 2)
        {
            CUdeviceptr next = new(_memory.Value + (ulong)done);
            _driver.Check(_driver.cuMemcpyDtoDAsync_v2(next, _memory, (nuint)Math.Min(done, bytes - done), stream));
        }
    }
}
