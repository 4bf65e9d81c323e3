using L2c.Native;

namespace L2c.Emulation.Tests;

public sealed class MatmulTests : IDisposable
{
    private const cudaDataType_t F32 = cudaDataType_t.CUDA_R_32F, F16 = cudaDataType_t.CUDA_R_16F, BF16 = cudaDataType_t.CUDA_R_16BF;
    private const cublasComputeType_t Full = cublasComputeType_t.CUBLAS_COMPUTE_32F, Tf32 = cublasComputeType_t.CUBLAS_COMPUTE_32F_FAST_TF32;
    private const cublasLtEpilogue_t None = cublasLtEpilogue_t.CUBLASLT_EPILOGUE_DEFAULT;

    private readonly Device _device = new();
    private readonly Random _random = new(1);

    public void Dispose() => _device.Dispose();

    public static TheoryData<cudaDataType_t, cudaDataType_t, cublasComputeType_t, cublasLtEpilogue_t> Forms()
    {
        var data = new TheoryData<cudaDataType_t, cudaDataType_t, cublasComputeType_t, cublasLtEpilogue_t>();
        foreach (cublasLtEpilogue_t epilogue in Enum.GetValues<cublasLtEpilogue_t>())
        {
            data.Add(F32, F32, Full, epilogue);
            data.Add(F32, F32, Tf32, epilogue);
            data.Add(F16, F16, Full, epilogue);
            data.Add(F16, F32, Full, epilogue);
            data.Add(BF16, BF16, Full, epilogue);
            data.Add(BF16, F32, Full, epilogue);
        }

        return data;
    }

    /// <summary>Odd sizes, leading dimensions beyond the rows, a batch of two, alpha and beta, all four transpositions.</summary>
    [Theory]
    [MemberData(nameof(Forms))]
    public void A_product_is_what_a_double_loop_gives(
        cudaDataType_t input, cudaDataType_t output, cublasComputeType_t compute, cublasLtEpilogue_t epilogue)
    {
        foreach ((bool transposeA, bool transposeB) in new[] { (false, false), (true, false), (false, true), (true, true) })
        {
            foreach ((int m, int n, int k) in new[] { (1, 1, 1), (29, 7, 37), (50, 5, 16) })
            {
                Compare(input, output, compute, epilogue, transposeA, transposeB, m, n, k);
            }
        }
    }

    [Fact]
    public void A_large_product_is_too_and_does_not_depend_on_its_batch()
    {
        const int M = 200, N = 130, K = 150;
        Compare(BF16, F32, Full, None, true, false, M, N, K);

        float[] a = Random(M * K), b = Random(N * K);
        float[] Product(int columns)
        {
            using Matmul matmul = new Matmul(_device, transposeA: true).With("A", F32, K, M).With("B", F32, K, columns).With("C", F32, M, columns)
                .With("D", F32, M, columns);
            CUdeviceptr d = _device.Allocate(4 * M * columns);
            Matmul.Check(matmul.Enqueue(_device.Upload<float>(a), _device.Upload<float>(b.AsSpan(0, K * columns)), d, d));
            _device.Synchronize();
            return _device.Download<float>(d, M * columns);
        }

        Assert.Equal(Product(N)[..(3 * M)], Product(3));
    }

    [Theory]
    [InlineData(1.00048828125f, 1.0009765625f, 1f)] // half a tf32 unit above 1: away from zero
    [InlineData(-1.00048828125f, -1.0009765625f, -1f)]
    [InlineData(1.00048816204f, 1f, 1f)]
    [InlineData(-1.9999999f, -2f, -1.9990234f)]
    [InlineData(3.4028235e38f, float.PositiveInfinity, 3.4011621e38f)]
    [InlineData(float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity)]
    [InlineData(float.NaN, float.NaN, float.NaN)]
    public void Tf32_keeps_ten_bits(float value, float rounded, float truncated)
    {
        float Times1(cublasComputeType_t compute, bool truncates = false)
        {
            using Matmul matmul = Square(compute, F32, F32);
            matmul.Library.TruncatesTf32 = truncates;
            CUdeviceptr d = _device.Allocate(4);
            Matmul.Check(matmul.Enqueue(_device.Upload<float>([value]), _device.Upload<float>([1f]), d, d));
            _device.Synchronize();
            return _device.Download<float>(d, 1)[0];
        }

        Assert.Equal(rounded, Times1(Tf32));
        Assert.Equal(truncated, Times1(Tf32, truncates: true));
        Assert.Equal(value, Times1(Full, truncates: true));
    }

    /// <summary>Every half and every bfloat16 times one.</summary>
    [Theory]
    [InlineData(F16)]
    [InlineData(BF16)]
    public void Every_half_survives(cudaDataType_t type)
    {
        ushort[] bits = [.. Enumerable.Range(0, 1 << 16).Select(i => (ushort)i)];
        using Matmul matmul = new Matmul(_device).With("A", type, 1 << 16, 1).With("B", type, 1, 1)
            .With("C", type, 1 << 16, 1).With("D", type, 1 << 16, 1);
        CUdeviceptr d = _device.Allocate(2 << 16);
        Matmul.Check(matmul.Enqueue(_device.Upload<ushort>(bits), _device.Upload<ushort>([Cell.Bits(type, 1)]), d, d));
        _device.Synchronize();
        ushort[] result = _device.Download<ushort>(d, 1 << 16);
        for (int i = 0; i < bits.Length; i++)
        {
            float value = Cell.Value(type, bits[i]), got = Cell.Value(type, result[i]);
            Assert.True(value.Equals(got), $"{bits[i]:x4}: {value} became {got}");
        }
    }

    private Matmul Square(cublasComputeType_t compute, cudaDataType_t input, cudaDataType_t output) =>
        new Matmul(_device, compute).With("A", input, 1, 1).With("B", input, 1, 1).With("C", output, 1, 1).With("D", output, 1, 1);

    private void Compare(
        cudaDataType_t input, cudaDataType_t output, cublasComputeType_t compute, cublasLtEpilogue_t epilogue, bool ta, bool tb, int m, int n, int k)
    {
        const int Batch = 2, Pad = 3;
        const float Alpha = 0.75f, Beta = -0.5f;
        (int rows, int columns) sizeA = ta ? (k, m) : (m, k), sizeB = tb ? (n, k) : (k, n);
        var a = new Cells(input, sizeA.rows, sizeA.columns, Pad, Batch, _random);
        var b = new Cells(input, sizeB.rows, sizeB.columns, 2 * Pad, Batch, _random);
        var c = new Cells(output, m, n, 4, Batch, _random);
        var d = new Cells(output, m, n, 1, Batch, _random);
        var bias = new Cells(output, m, 1, 0, 1, _random);
        CUdeviceptr to = d.Upload(_device);
        using Matmul matmul = new Matmul(_device, compute, ta, tb, epilogue, bias.Upload(_device)) { Alpha = Alpha, Beta = Beta };
        a.Describe(matmul, "A");
        b.Describe(matmul, "B");
        c.Describe(matmul, "C");
        d.Describe(matmul, "D");
        Matmul.Check(matmul.Enqueue(a.Upload(_device), b.Upload(_device), c.Upload(_device), to));
        _device.Synchronize();
        Cells result = d.Download(_device, to);

        bool hasBias = ((int)epilogue & 4) != 0, hasGelu = ((int)epilogue & 32) != 0, hasRelu = ((int)epilogue & 2) != 0;
        string form = $"{input}->{output} {compute} {epilogue} {ta} {tb} {m}x{n}x{k}";
        double unit = output == BF16 ? 1 / 256.0 : output == F16 ? 1 / 2048.0 : 1 / 16777216.0;
        for (int batch = 0; batch < Batch; batch++)
        {
            for (int row = 0; row < m; row++)
            {
                for (int column = 0; column < n; column++)
                {
                    double sum = 0, size = 0;
                    for (int i = 0; i < k; i++)
                    {
                        double x = a.At(batch, ta ? i : row, ta ? row : i, compute), y = b.At(batch, tb ? column : i, tb ? i : column, compute);
                        sum += x * y;
                        size += Math.Abs(x * y);
                    }

                    double value = Alpha * sum + Beta * c.At(batch, row, column) + (hasBias ? bias.At(0, row, 0) : 0);
                    double u = Math.Sqrt(2 / Math.PI) * (value + 0.044715 * Math.Pow(value, 3));
                    double expected = hasGelu ? value / 2 * (1 + Math.Tanh(u)) : hasRelu ? Math.Max(value, 0) : value;

                    // One rounding of the result, and the sums' own in fp32.
                    double bound = 1.01 * unit * Math.Abs(expected) + (k + 8) * (size + 2) / 16777216.0;
                    double got = result.At(batch, row, column);
                    Assert.True(
                        Math.Abs(got - expected) <= bound,
                        $"{form}: [{batch},{row},{column}] {got}, expected {expected} ± {bound}");
                }
            }
        }

        Assert.True(result.PaddingEquals(d), "the gaps between D's columns were written");
    }

    private float[] Random(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(_random.NextDouble() * 2 - 1))];
}
