using L2c.Emulation;
using L2c.Kernels.Cuda;
using L2c.Native;
using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>Linear as networks call it: which part the library does, which part an own kernel, and that both together are accurate.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
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
        float[] naive = bench.NaiveProducts(exact, round =>
        {
            float[] products = bench.Round(Reference.Linear<float>(round(x), round(weight), bias, inputs));
            return bench.Round(Array.ConvertAll(products, Apply));
        });

        Tensor onBias = alignedBias ? bench.Put(bias, outputs) : bench.PutMisaligned(bias, 1, outputs);
        Matrix matrix = bench.PutMatrix(weight, outputs, inputs);
        Tensor y = bench.Take(rows, outputs), without = bench.Take(rows, outputs);
        bench.ForEachRounding(() =>
        {
            bench.Device.Linear(bench.Put(x, rows, inputs), matrix, onBias, y, activation);
            Tolerance.TimesNaive(2).Check(bench.Get(y), exact, naive);
            bench.Device.Linear(bench.Put(x, rows, inputs), matrix, default, without, activation);
            if (activation != Activation.Relu || rows > 1)
            {
                Tolerance.TimesNaive(2).MustReject(bench.Get(without), exact, naive); // one negative value says nothing
            }
        });

        T Apply<T>(T value)
            where T : System.Numerics.IFloatingPointIeee754<T> => activation switch
            {
                Activation.Silu => Reference.Silu(value),
                Activation.GeluTanh => Reference.GeluTanh(value),
                Activation.GeluErf => Reference.GeluErf(value),
                Activation.Relu => Reference.Relu(value),
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
        bench.Device.Linear(x, weight, bias, y, Activation.GeluTanh); // the first one looks at the library's formula
        bench.Work();
        bench.Device.Linear(x, weight, bias, y, Activation.GeluTanh);
        DeviceWork[] work = bench.Work();
        MatmulLaunch product = Assert.Single(work.OfType<MatmulLaunch>());
        Assert.Equal(fused ? cublasLtEpilogue_t.CUBLASLT_EPILOGUE_GELU_BIAS : cublasLtEpilogue_t.CUBLASLT_EPILOGUE_BIAS, product.Epilogue);
        Assert.Equal(fused ? 0 : 1, work.OfType<KernelLaunch>().Count());
    }

    [Theory]
    [InlineData(CudaPrecision.F32, true)]
    [InlineData(CudaPrecision.TF32, true)]
    [InlineData(CudaPrecision.F16, true)]
    [InlineData(CudaPrecision.BF16, false)]
    public void Relu_is_fused_where_the_librarys_keeps_what_is_not_a_number(CudaPrecision precision, bool keeps)
    {
        using CudaWorkbench bench = new(precision);
        if (bench.Library is { } library && !keeps)
        {
            library.Relu = x => x > 0 ? x : 0; // as the hardware's maximum
        }

        Tensor x = bench.Put([1], 1, 1), y = bench.Take(1, 4);
        Matrix weight = bench.PutMatrix([2, -2, float.NaN, 1], 4, 1);
        Tensor[] biases = [default, bench.Put([1, 1, 1, 1], 4)];
        foreach (Tensor bias in biases)
        {
            bench.Device.Linear(x, weight, bias, y, Activation.Relu); // the first one looks at the library
            bench.Work();
            bench.Device.Linear(x, weight, bias, y, Activation.Relu);
            Assert.Equal(bias.IsNone ? [2, 0, float.NaN, 1] : [3, 0, float.NaN, 2], bench.Get(y));
            DeviceWork[] work = bench.Work();
            Assert.Equal(CudaUnderTest.IsReal || keeps ? 0 : 1, work.OfType<KernelLaunch>().Count());
            Assert.All(work.OfType<MatmulLaunch>(), product => Assert.Equal(
                (keeps ? (int)cublasLtEpilogue_t.CUBLASLT_EPILOGUE_RELU : 0) + (bias.IsNone ? 0 : (int)cublasLtEpilogue_t.CUBLASLT_EPILOGUE_BIAS),
                (int)product.Epilogue & ~(int)cublasLtEpilogue_t.CUBLASLT_EPILOGUE_DEFAULT));
        }
    }

    [Fact]
    public void The_bound_of_tf32_sees_products_of_bf16()
    {
        using CudaWorkbench bench = new(CudaPrecision.TF32), coarse = new(CudaPrecision.BF16);
        const int Rows = 34, Outputs = 96, Inputs = 144;
        float[] x = RandomData.Normal(seed: 61, Rows * Inputs), weight = RandomData.Normal(seed: 62, Outputs * Inputs, deviation: 1 / Math.Sqrt(Inputs));
        double[] exact = Reference.Linear<double>(x, weight, null, Inputs);
        float[] naive = bench.NaiveProducts(exact, round => Reference.Linear<float>(round(x), round(weight), null, Inputs));
        Tensor y = bench.Take(Rows, Outputs);
        bench.Device.Linear(
            bench.Put(coarse.Round(x), Rows, Inputs), bench.PutMatrix(coarse.Round(weight), Outputs, Inputs), default, y);
        Tolerance.TimesNaive(2).MustReject(bench.Get(y), exact, naive);
    }

    // What the epilogue may compute, and whether that is the own kernel's function up to rounding.
    private static readonly Dictionary<string, (Func<float, float> Function, bool IsOurs)> _formulas = new()
    {
        ["1 + tanh in fp32"] = (x => 0.5f * x * (1 + MathF.Tanh(0.7978846f * (x + (0.044715f * x * x * x)))), true),
        ["1 + the hardware's tanh"] = (x => 0.5f * x * (1 + Coarse(MathF.Tanh(0.7978846f * (x + (0.044715f * x * x * x))))), false),
        ["the exact form"] = (x => (float)Reference.GeluErf((double)x), false),
        ["x sigmoid(1.702 x)"] = (x => x / (1 + MathF.Exp(-1.702f * x)), false),
        ["none"] = (x => x, false),
        ["NaN below -7"] = (x => x < -7 ? float.NaN : (float)Reference.GeluTanh((double)x), false),
    };

    public static MatrixTheoryData<CudaPrecision, string> Formulas => new([CudaPrecision.F16, CudaPrecision.BF16], _formulas.Keys);

    [Theory]
    [MemberData(nameof(Formulas))]
    public void A_fused_gelu_of_another_formula_is_found_once_before_anything_is_recorded_and_not_used(CudaPrecision precision, string formula)
    {
        Assert.SkipWhen(CudaUnderTest.IsReal, "only the emulated library can change its formula");
        using CudaWorkbench bench = new(precision);
        const int Rows = 34, Outputs = 96, Inputs = 144;
        bench.Library!.Gelu = _formulas[formula].Function;
        float[] x = bench.Round(RandomData.Normal(seed: 61, Rows * Inputs)), bias = bench.Round(RandomData.Normal(seed: 63, Outputs));
        float[] weight = bench.Round(RandomData.Normal(seed: 62, Outputs * Inputs, deviation: 1 / Math.Sqrt(Inputs)));
        Tensor onX = bench.Put(x, Rows, Inputs), onBias = bench.Put(bias, Outputs), y = bench.Take(Rows, Outputs);
        Matrix matrix = bench.PutMatrix(weight, Outputs, Inputs);
        bench.Work();
        using OpSequence sequence = bench.Device.Capture(() => bench.Device.Linear(onX, matrix, onBias, y, Activation.GeluTanh));
        Assert.Contains(bench.Work().OfType<MatmulLaunch>(), HasGelu);
        sequence.Run();
        bench.Device.Linear(onX, matrix, onBias, y, Activation.GeluTanh);
        DeviceWork[] work = bench.Work();
        Assert.Equal(_formulas[formula].IsOurs ? 2 : 0, work.OfType<MatmulLaunch>().Count(HasGelu));
        Assert.Equal(_formulas[formula].IsOurs ? 0 : 2, work.OfType<KernelLaunch>().Count());
        Tolerance.TimesNaive(2).Check(
            bench.Get(y),
            Reference.Linear<double>(x, weight, bias, Inputs, Reference.GeluTanh),
            bench.Round(Array.ConvertAll(bench.Round(Reference.Linear<float>(x, weight, bias, Inputs)), Reference.GeluTanh)));

        static bool HasGelu(MatmulLaunch product) => product.Epilogue == cublasLtEpilogue_t.CUBLASLT_EPILOGUE_GELU_BIAS;
    }

    // tanh.approx has 11 bits.
    private static float Coarse(float value) => BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits(value) + 0x1000) & ~0x1FFFu);

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
