using L2c.Emulation;
using L2c.Kernels.Cuda;
using L2c.Native;
using L2c.Testing;

namespace L2c.Kernels.Tests.Cuda;

/// <summary>Linear as networks call it: which part the library does, which part an own kernel, and that both together are accurate.</summary>
public sealed class LinearCudaTests
{
    private static readonly CudaPrecision[] _precisions = Enum.GetValues<CudaPrecision>();

    // M, N, K: smallest; DiT-XL's fc1, smaller; primes, which leave bias and rows unaligned.
    private static readonly int[][] _shapes = [[1, 1, 1], [34, 96, 144], [5, 19, 37]];

    public static MatrixTheoryData<CudaPrecision, int[], Activation, bool> Cases =>
        new(_precisions, _shapes, Enum.GetValues<Activation>(), [true, false]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_is_as_accurate_as_naive_arithmetic_in_the_same_precision(CudaPrecision precision, int[] shape, Activation activation, bool alignedBias)
    {
        using CudaWorkbench bench = new(precision);
        (int rows, int outputs, int inputs) = (shape[0], shape[1], shape[2]);
        float[] x = bench.Round(RandomData.Normal(seed: 61, rows * inputs)), bias = bench.Round(RandomData.Normal(seed: 63, outputs));
        float[] weight = bench.Round(RandomData.Normal(seed: 62, outputs * inputs, deviation: 1 / Math.Sqrt(inputs)));
        double[] exact = Array.ConvertAll(Reference.Linear<double>(x, weight, bias, inputs), Apply);
        float[] products = bench.Round(Reference.Linear<float>(Products(x), Products(weight), bias, inputs));
        float[] naive = bench.Round(Array.ConvertAll(products, Apply));

        Tensor onBias = alignedBias ? bench.Put(bias, outputs) : bench.PutMisaligned(bias, 1, outputs);
        Matrix matrix = bench.PutMatrix(weight, outputs, inputs);
        Tensor y = bench.Take(rows, outputs), without = bench.Take(rows, outputs);
        bench.Device.Linear(bench.Put(x, rows, inputs), matrix, onBias, y, activation);
        Tolerance.TimesNaive(2).Check(bench.Get(y), exact, naive);
        bench.Device.Linear(bench.Put(x, rows, inputs), matrix, default, without, activation);
        Tolerance.TimesNaive(2).MustReject(bench.Get(without), exact, naive);

        // Under tf32 the inputs of products have ten bits of mantissa.
        float[] Products(float[] values) => precision == CudaPrecision.TF32
            ? Array.ConvertAll(values, value => BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits(value) + 0x1000) & ~0x1FFFu))
            : values;

        T Apply<T>(T value)
            where T : System.Numerics.IFloatingPointIeee754<T> => activation switch
            {
                Activation.Silu => Reference.Silu(value),
                Activation.GeluTanh => Reference.GeluTanh(value),
                Activation.GeluErf => Reference.GeluErf(value),
                _ => value,
            };
    }

    [Theory]
    [InlineData(CudaPrecision.BF16, null, true)]
    [InlineData(CudaPrecision.BF16, false, false)]
    [InlineData(CudaPrecision.F32, null, false)]
    [InlineData(CudaPrecision.F32, true, true)]
    public void Gelu_is_where_the_options_put_it(CudaPrecision precision, bool? asked, bool fused)
    {
        Assert.SkipWhen(CudaUnderTest.IsReal, "only the emulator tells what ran");
        using CudaWorkbench bench = new(precision, new CudaOptions { FusedGelu = asked });
        Tensor x = bench.Put(new float[8 * 16], 8, 16), bias = bench.Put(new float[32], 32), y = bench.Take(8, 32);
        Matrix weight = bench.PutMatrix(new float[32 * 16], 32, 16);
        bench.Work();
        bench.Device.Linear(x, weight, bias, y, Activation.GeluTanh);
        DeviceWork[] work = bench.Work();
        MatmulLaunch product = Assert.Single(work.OfType<MatmulLaunch>());
        Assert.Equal(fused ? cublasLtEpilogue_t.CUBLASLT_EPILOGUE_GELU_BIAS : cublasLtEpilogue_t.CUBLASLT_EPILOGUE_BIAS, product.Epilogue);
        Assert.Equal(fused ? 0 : 1, work.OfType<KernelLaunch>().Count());
    }

    [Theory]
    [InlineData(CudaPrecision.F32)]
    [InlineData(CudaPrecision.BF16)]
    public void Outputs_of_a_slice_of_a_weight_are_the_wholes(CudaPrecision precision)
    {
        using CudaWorkbench bench = new(precision);
        const int Rows = 5, Outputs = 40, Inputs = 16;
        float[] values = bench.Round(RandomData.Normal(seed: 67, Outputs * Inputs));
        Tensor x = bench.Put(bench.Round(RandomData.Normal(seed: 66, Rows * Inputs)), Rows, Inputs);
        Tensor bias = bench.Put(bench.Round(RandomData.Normal(seed: 68, Outputs)), Outputs), y = bench.Take(Rows, Outputs);
        Matrix weight = bench.PutMatrix(new float[values.Length], Outputs, Inputs);
        Tensor onValues = bench.PutState(values, Outputs, Inputs);
        bench.Device.PackMatrix(onValues.SliceRows(11, Outputs - 11), weight, 11);
        bench.Device.PackMatrix(onValues.SliceRows(0, 11), weight);
        foreach ((int first, int count) in (ReadOnlySpan<(int, int)>)[(24, 16), (0, 3), (3, 21)]) // the last by way of the library, or not
        {
            bench.Device.Linear(x, weight.SliceOutputs(first, count), bias.SliceColumns(first, count), y.SliceColumns(first, count));
        }

        // Slices may get another algorithm on a GPU, so rounding may differ.
        double[] exact = Reference.Linear<double>(bench.Get(x), values, bench.Get(bias), Inputs);
        float[] naive = bench.Round(Reference.Linear<float>(bench.Get(x), values, bench.Get(bias), Inputs));
        Tolerance.TimesNaive(2).Check(bench.Get(y), exact, naive);
    }

    [Fact]
    public void Before_a_recording_products_are_tried_and_tuned_on_operands_of_their_own_and_all_of_that_memory_is_freed()
    {
        using CudaWorkbench bench = new(CudaPrecision.F16, new CudaOptions { Tune = true });

        // Nothing has written x: the emulator would refuse to read it.
        Tensor x = bench.Take(8, 16), bias = bench.Put(new float[32], 32), y = bench.Take(8, 32);
        Matrix weight = bench.PutMatrix(RandomData.Normal(seed: 64, 32 * 16), 32, 16);
        long before = bench.AllocatedBytes;
        using OpSequence sequence = bench.Device.Capture(() => bench.Device.Linear(x, weight, bias, y));
        Assert.Equal(before, bench.AllocatedBytes);
        float[] values = bench.Round(RandomData.Normal(seed: 65, 8 * 16));
        bench.Device.Upload(x, values);
        sequence.Run();
        bench.Device.Synchronize();
        float[] replayed = bench.Get(y);
        bench.Device.Linear(x, weight, bias, y);
        Assert.Equal(bench.Get(y), replayed);
        Assert.Contains(replayed, value => value != 0);
    }
}
