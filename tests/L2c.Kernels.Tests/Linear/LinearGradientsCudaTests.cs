using L2c.Emulation;
using L2c.Native;
using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>The gradients of the linear map: products of cuBLASLt with operands that lie transposed, their plain form, and what goes with
/// them.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class LinearGradientsCudaTests
{
    // M, N, K: smallest; a projection of DiT-XL, smaller; primes, which leave rows unaligned, with more rows than the reference's blocks.
    private static readonly int[][] _shapes = [[1, 1, 1], [34, 144, 96], [67, 37, 19]];

    public static MatrixTheoryData<CudaPrecision, int[]> Cases => new(Enum.GetValues<CudaPrecision>(), _shapes);

    // The plain form has no tf32.
    public static MatrixTheoryData<CudaPrecision, int[]> PlainCases => new(CudaWorkbench.Precisions, _shapes);

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_inputs_gradient_is_a_product_with_the_same_weight_read_the_other_way(CudaPrecision precision, int[] shape)
    {
        using CudaWorkbench bench = new(precision);
        Case data = new(bench, shape);
        Matrix weight = bench.PutMatrix(data.Weight, data.Outputs, data.Inputs), transposed = bench.View(weight);
        Assert.Equal(
            (weight.Address, data.Inputs, data.Outputs, true),
            (transposed.Address, transposed.Outputs, transposed.Inputs, transposed.IsTransposed));
        Tensor dy = bench.Put(data.Dy, data.Rows, data.Outputs), dx = bench.Take(data.Rows, data.Inputs);
        double[] exact = Reference.LinearInputGradient<double>(data.Dy, data.Weight, data.Inputs);
        float[] naive = bench.NaiveProducts(
            exact, round => bench.Round(Reference.LinearInputGradient<float>(round(data.Dy), round(data.Weight), data.Inputs)));
        bench.ForEachRounding(() =>
        {
            bench.Device.WriteMatrix(weight, 0, data.Weight);
            bench.Work();
            bench.Device.Linear(dy, transposed, default, dx);
            DeviceWork[] work = bench.Work();
            if (work.Length > 0)
            {
                MatmulLaunch product = (MatmulLaunch)Assert.Single(work);
                Assert.Equal(
                    (data.Inputs, data.Rows, data.Outputs, false, false), (product.M, product.N, product.K, product.TransposeA, product.TransposeB));
            }

            Tolerance.TimesNaive(2).Check(bench.Get(dx), exact, naive);
            float[] faulty = [.. data.Weight];
            faulty[^1] += 1;
            bench.Device.WriteMatrix(weight, 0, faulty);
            bench.Device.Linear(dy, transposed, default, dx);
            Tolerance.TimesNaive(2).MustReject(bench.Get(dx), exact, naive);
        });
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_weights_gradient_is_fp32_in_every_precision(CudaPrecision precision, int[] shape)
    {
        using CudaWorkbench bench = new(precision);
        Case data = new(bench, shape);
        Tensor dWeight = bench.TakeState(data.Outputs, data.Inputs);
        double[] exact = Reference.LinearWeightGradient<double>(data.Dy, data.X, data.Rows);
        float[] naive = bench.NaiveProducts(
            exact, round => Reference.LinearWeightGradient<float>(round(data.Dy), round(data.X), data.Rows));
        bench.ForEachRounding(() =>
        {
            bench.Work();
            bench.Device.LinearWeightGradient(bench.Put(data.Dy, data.Rows, data.Outputs), bench.Put(data.X, data.Rows, data.Inputs), dWeight);
            DeviceWork[] work = bench.Work();
            if (work.Length > 0)
            {
                MatmulLaunch product = Assert.Single(work.OfType<MatmulLaunch>());
                Assert.Empty(work.OfType<KernelLaunch>());
                Assert.Equal(
                    (data.Inputs, data.Outputs, data.Rows, false, true), (product.M, product.N, product.K, product.TransposeA, product.TransposeB));
            }

            Tolerance.TimesNaive(2).Check(bench.Get(dWeight), exact, naive);
            float[] faulty = [.. data.X];
            faulty[^1] += 1;
            bench.Device.LinearWeightGradient(bench.Put(data.Dy, data.Rows, data.Outputs), bench.Put(faulty, data.Rows, data.Inputs), dWeight);
            Tolerance.TimesNaive(2).MustReject(bench.Get(dWeight), exact, naive);
        });
    }

    [Theory]
    [MemberData(nameof(PlainCases))]
    public void The_plain_forms_are_as_accurate(CudaPrecision precision, int[] shape)
    {
        using CudaWorkbench bench = new(precision);
        Case data = new(bench, shape);
        Matrix transposed = bench.View(bench.PutMatrix(data.Weight, data.Outputs, data.Inputs));
        float[] bias = bench.Round(RandomData.Normal(seed: 84, data.Inputs));
        Tensor dx = bench.Take(data.Rows, data.Inputs), dWeight = bench.TakeState(data.Outputs, data.Inputs);
        bench.Device.PlainMatmul(bench.PutMisaligned(data.Dy, data.Rows, data.Outputs), transposed, default, dx);
        Tolerance.TimesNaive(2).Check(
            bench.Get(dx),
            Reference.LinearInputGradient<double>(data.Dy, data.Weight, data.Inputs),
            bench.Round(Reference.LinearInputGradient<float>(data.Dy, data.Weight, data.Inputs)));
        bench.Device.PlainMatmul(bench.Put(data.Dy, data.Rows, data.Outputs), transposed, bench.Put(bias, data.Inputs), dx);
        Tolerance.TimesNaive(2).MustReject(
            bench.Get(dx),
            Reference.LinearInputGradient<double>(data.Dy, data.Weight, data.Inputs),
            bench.Round(Reference.LinearInputGradient<float>(data.Dy, data.Weight, data.Inputs)));

        double[] exact = Reference.LinearWeightGradient<double>(data.Dy, data.X, data.Rows);
        float[] naive = Reference.LinearWeightGradient<float>(data.Dy, data.X, data.Rows);
        Tensor x = bench.PutMisaligned(data.X, data.Rows, data.Inputs);
        bench.Device.PlainWeightGradient(bench.PutMisaligned(data.Dy, data.Rows, data.Outputs), x, dWeight);
        Tolerance.TimesNaive(2).Check(bench.Get(dWeight), exact, naive);
        float[] faulty = [.. data.Dy];
        faulty[^1] += 1;
        bench.Device.PlainWeightGradient(bench.Put(faulty, data.Rows, data.Outputs), x, dWeight);
        Tolerance.TimesNaive(2).MustReject(bench.Get(dWeight), exact, naive);
    }

    [Theory]
    [InlineData(cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED)]
    [InlineData(cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE)]
    public void Where_the_library_has_no_algorithm_the_plain_form_takes_over(cublasStatus_t refusal)
    {
        Assert.SkipWhen(CudaUnderTest.IsReal, "only the emulated library can be without algorithms");
        using CudaWorkbench bench = new(CudaPrecision.BF16);
        Case data = new(bench, [34, 144, 96]);
        Matrix weight = bench.PutMatrix(data.Weight, data.Outputs, data.Inputs), transposed = bench.View(weight);
        Tensor dy = bench.Put(data.Dy, data.Rows, data.Outputs), x = bench.Put(data.X, data.Rows, data.Inputs);
        Tensor y = bench.Take(data.Rows, data.Outputs), dx = bench.Take(data.Rows, data.Inputs), dWeight = bench.TakeState(data.Outputs, data.Inputs);
        (bench.Library!.HasAlgorithms, bench.Library.Refusal) = (false, refusal);
        bench.Work();
        bench.Device.Linear(x, weight, default, y);
        bench.Device.Linear(dy, transposed, default, dx);
        bench.Device.LinearWeightGradient(dy, x, dWeight);
        Assert.Equal(["Kernel_Tiles", "Kernel_Tiles", "Kernel_Tiles"], bench.Launches()!);
        Tolerance.TimesNaive(2).Check(
            bench.Get(dx),
            Reference.LinearInputGradient<double>(data.Dy, data.Weight, data.Inputs),
            bench.Round(Reference.LinearInputGradient<float>(data.Dy, data.Weight, data.Inputs)));
        Tolerance.TimesNaive(2).Check(
            bench.Get(dWeight),
            Reference.LinearWeightGradient<double>(data.Dy, data.X, data.Rows),
            Reference.LinearWeightGradient<float>(data.Dy, data.X, data.Rows));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Row_strides_are_followed_and_gaps_left_alone(CudaPrecision precision, int[] shape)
    {
        using CudaWorkbench bench = new(precision);
        Case data = new(bench, shape);
        Tensor dWeight = bench.TakeState(data.Outputs, data.Inputs);
        Tensor wideDy = bench.PutMisaligned(data.Dy, data.Rows, data.Outputs), wideX = bench.PutMisaligned(data.X, data.Rows, data.Inputs);
        double[] exact = Reference.LinearWeightGradient<double>(data.Dy, data.X, data.Rows);
        bench.Device.LinearWeightGradient(wideDy, wideX, dWeight);
        Tolerance.TimesNaive(2).Check(
            bench.Get(dWeight),
            exact,
            bench.NaiveProducts(exact, round => Reference.LinearWeightGradient<float>(round(data.Dy), round(data.X), data.Rows)));

        // Other strides may have another algorithm, so the result of contiguous rows need not be this one's to the bit.
        Matrix transposed = bench.View(bench.PutMatrix(data.Weight, data.Outputs, data.Inputs));
        Tensor wide = bench.PutMisaligned(new float[data.Rows * data.Inputs], data.Rows, data.Inputs);
        exact = Reference.LinearInputGradient<double>(data.Dy, data.Weight, data.Inputs);
        bench.Device.Linear(wideDy, transposed, default, wide);
        Tolerance.TimesNaive(2).Check(
            bench.Get(wide),
            exact,
            bench.NaiveProducts(exact, round => bench.Round(Reference.LinearInputGradient<float>(round(data.Dy), round(data.Weight), data.Inputs))));
        Assert.Equal(new float[data.Rows], bench.Get(wide with { Address = wide.Address - wide.DType.Size(), Shape = new Shape(data.Rows, 1) }));
    }

    [Theory]
    [MemberData(nameof(PlainCases))]
    public void Column_sums_are_as_accurate_as_naive_fp32(CudaPrecision precision, int[] shape)
    {
        using CudaWorkbench bench = new(precision);
        (int rows, int columns) = (shape[0], shape[1]);
        float[] x = bench.Round(RandomData.Normal(seed: 85, rows * columns));
        double[] exact = Reference.ColumnSums<double>(x, columns);
        float[] naive = Reference.ColumnSums<float>(x, columns);
        Tensor sums = bench.TakeState(columns), again = bench.TakeState(columns);
        bench.Device.ColumnSums(bench.Put(x, rows, columns), sums);
        Tolerance.TimesNaive(2).Check(bench.Get(sums), exact, naive);
        bench.Device.ColumnSums(bench.PutMisaligned(x, rows, columns), again);
        Assert.Equal(bench.Get(sums), bench.Get(again));
        x[^1] += 1;
        bench.Device.ColumnSums(bench.Put(x, rows, columns), sums);
        Tolerance.TimesNaive(2).MustReject(bench.Get(sums), exact, naive);
    }

    [Theory]
    [MemberData(nameof(PlainCases))]
    public void Packing_is_an_op_that_does_what_writing_does_and_reaches_the_transposed_view(CudaPrecision precision, int[] shape)
    {
        using CudaWorkbench bench = new(precision);
        Case data = new(bench, shape);
        float[] values = RandomData.Normal(seed: 86, data.Outputs * data.Inputs);
        Matrix written = bench.PutMatrix(values, data.Outputs, data.Inputs);
        Matrix packed = bench.PutMatrix(new float[values.Length], data.Outputs, data.Inputs);
        Matrix view = bench.View(packed);
        Tensor onValues = bench.PutState(values, data.Outputs, data.Inputs), dy = bench.Put(data.Dy, data.Rows, data.Outputs);
        using OpSequence sequence = bench.Device.Capture(() =>
        {
            bench.Device.PackMatrix(onValues, packed);
            bench.Device.PackTransposed(onValues, view);
        });
        Assert.Equal([nameof(Device.PackMatrix)], sequence.Ops.Select(op => op.Name));
        sequence.Run();
        Tensor expected = bench.Take(data.Rows, data.Inputs), actual = bench.Take(data.Rows, data.Inputs);
        bench.Device.WriteTransposed(view, 0, values);
        bench.Device.Linear(dy, bench.View(written), default, expected);
        bench.Device.Linear(dy, view, default, actual);
        Assert.Equal(bench.Get(expected), bench.Get(actual));
        Assert.Contains(bench.Get(actual), value => value != 0);
    }

    private sealed class Case
    {
        public Case(CudaWorkbench bench, int[] shape)
        {
            (Rows, Outputs, Inputs) = (shape[0], shape[1], shape[2]);
            Dy = bench.Round(RandomData.Normal(seed: 81, Rows * Outputs));
            X = bench.Round(RandomData.Normal(seed: 82, Rows * Inputs));
            Weight = bench.Round(RandomData.Normal(seed: 83, Outputs * Inputs, deviation: 1 / Math.Sqrt(Inputs)));
        }

        public int Rows { get; }

        public int Outputs { get; }

        public int Inputs { get; }

        public float[] Dy { get; }

        public float[] X { get; }

        public float[] Weight { get; }
    }
}
