using L2c.Kernels.Cuda;
using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>Products that are added to what their output holds, and the parts of a weight that they are made with.</summary>
public sealed class AccumulatingLinearTests
{
    // M, N, K: smallest; a block's projection, smaller; primes, which leave rows unaligned.
    private static readonly int[][] _shapes = [[1, 1, 1], [34, 96, 144], [5, 19, 37]];

    public static TheoryData<string, int[]> Cases =>
    [
        .. DeviceCases.Of<int[]>(DeviceCases.Cpu, [.. _shapes, [13, 101, 797]]),
        .. DeviceCases.Of<int[]>(DeviceCases.Precisions, _shapes),
    ];

    public static TheoryData<string> Everywhere => [.. DeviceCases.Of([.. DeviceCases.Cpu, .. DeviceCases.Stored])];

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_product_is_added_to_what_y_holds_before_the_activation(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        (int rows, int outputs, int inputs) = (shape[0], shape[1], shape[2]);
        float[] x = bench.Round(RandomData.Normal(seed: 161, rows * inputs)), before = bench.Round(RandomData.Normal(seed: 164, rows * outputs));
        float[] weight = bench.Round(RandomData.Normal(seed: 162, outputs * inputs, deviation: 1 / Math.Sqrt(inputs)));
        float[] offsets = bench.Round(RandomData.Normal(seed: 163, outputs));
        Tensor onX = bench.Put(x, rows, inputs), onBias = bench.Put(offsets, outputs);
        Matrix matrix = bench.PutMatrix(weight, outputs, inputs);
        foreach ((float[]? bias, bool isSilu) in (ReadOnlySpan<(float[]?, bool)>)[(null, false), (offsets, false), (offsets, true)])
        {
            double[] exact = Reference.Linear<double>(x, weight, bias, inputs, isSilu ? Reference.Silu : null, before);
            float[] naive = bench.NaiveProducts(exact, round =>
            {
                float[] sums = bench.Round(Reference.Linear<float>(round(x), round(weight), bias, inputs, before: before));
                return isSilu ? bench.Round(Array.ConvertAll(sums, Reference.Silu)) : sums;
            });
            bench.ForEachRounding(() =>
            {
                Tolerance.TimesNaive(2).Check(Run(accumulates: true), exact, naive);
                Tolerance.TimesNaive(2).MustReject(Run(accumulates: false), exact, naive);
            });

            float[] Run(bool accumulates)
            {
                Tensor y = bench.Put(before, rows, outputs);
                bench.Device.Linear(onX, matrix, bias is null ? default : onBias, y, isSilu ? Activation.Silu : Activation.None, accumulates);
                return bench.Get(y);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_map_of_two_inputs_side_by_side_is_two_products_and_so_is_its_gradient(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        (int rows, int outputs, int first, int second) = (shape[0], shape[1], shape[2], shape[2] + 8);
        float[] x = bench.Round(RandomData.Normal(seed: 165, rows * first)), skip = bench.Round(RandomData.Normal(seed: 166, rows * second));
        float[] weight = bench.Round(RandomData.Normal(seed: 167, outputs * (first + second), deviation: 1 / Math.Sqrt(first)));
        float[] bias = bench.Round(RandomData.Normal(seed: 168, outputs)), dy = bench.Round(RandomData.Normal(seed: 169, rows * outputs));
        float[] both = SideBySide(x, skip, rows), dBefore = bench.Round(RandomData.Normal(seed: 170, rows * second));
        (float[] left, float[] right) = (Columns(weight, outputs, 0, first), Columns(weight, outputs, first, second));
        Matrix matrix = bench.PutMatrix(weight, outputs, first + second), transposed = bench.View(matrix);
        bench.Device.WriteTransposed(transposed, 0, weight);
        Tensor onX = bench.Put(x, rows, first), onSkip = bench.Put(skip, rows, second), onDy = bench.Put(dy, rows, outputs);
        Tensor y = bench.Take(rows, outputs), dx = bench.Take(rows, first), dSkip = bench.Take(rows, second);
        double[] exact = Reference.Linear<double>(both, weight, bias, first + second);
        float[] naive = bench.NaiveProducts(exact, round => bench.Round(Reference.Linear<float>(round(both), round(weight), bias, first + second)));
        double[] exactDx = Reference.LinearInputGradient<double>(dy, left, first);
        float[] naiveDx = bench.NaiveProducts(exactDx, round => bench.Round(Reference.LinearInputGradient<float>(round(dy), round(left), first)));
        float[] turned = [.. Enumerable.Range(0, right.Length).Select(i => right[(i % outputs * second) + (i / outputs)])];
        double[] exactDSkip = Reference.Linear<double>(dy, turned, null, outputs, before: dBefore);
        float[] naiveDSkip = bench.NaiveProducts(
            exactDSkip, round => bench.Round(Reference.Linear<float>(round(dy), round(turned), null, outputs, before: dBefore)));
        bench.ForEachRounding(() =>
        {
            bench.Device.Linear(onX, matrix.SliceInputs(0, first), bench.Put(bias, outputs), y);
            bench.Device.Linear(onSkip, matrix.SliceInputs(first, second), default, y, accumulates: true);
            Tolerance.TimesNaive(2).Check(bench.Get(y), exact, naive);
            if (bench is Workbench)
            {
                Tensor whole = bench.Take(rows, outputs);
                bench.Device.Linear(bench.Put(both, rows, first + second), matrix, bench.Put(bias, outputs), whole);
                Assert.Equal(bench.Get(whole), bench.Get(y));
            }

            // Planted fault: the skip meets columns that begin one too early.
            bench.Device.Linear(onX, matrix.SliceInputs(0, first), bench.Put(bias, outputs), y);
            bench.Device.Linear(onSkip, matrix.SliceInputs(first - 1, second), default, y, accumulates: true);
            Tolerance.TimesNaive(2).MustReject(bench.Get(y), exact, naive);

            bench.Device.Upload(dSkip, dBefore);
            bench.Device.Linear(onDy, transposed.SliceOutputs(0, first), default, dx);
            bench.Device.Linear(onDy, transposed.SliceOutputs(first, second), default, dSkip, accumulates: true);
            Tolerance.TimesNaive(2).Check(bench.Get(dx), exactDx, naiveDx);
            Tolerance.TimesNaive(2).Check(bench.Get(dSkip), exactDSkip, naiveDSkip);
            bench.Device.Linear(onDy, transposed.SliceOutputs(first, second), default, dSkip, accumulates: true);
            Tolerance.TimesNaive(2).MustReject(bench.Get(dSkip), exactDSkip, naiveDSkip);
        });
    }

    // Small integers: sums are exact in every storage type, so the result must be equal, whatever the order.
    [Theory]
    [MemberData(nameof(Everywhere))]
    public void Slices_of_outputs_and_inputs_may_be_taken_in_any_order(string device)
    {
        // Panels are 48, 24 or 12 outputs wide.
        using Bench bench = Bench.Open(device);
        const int Rows = 6, Outputs = 115, Inputs = 59;
        float[] weight = Whole(171, Outputs * Inputs), dy = Whole(172, Rows * Outputs), x = Whole(173, Rows * Inputs);
        Matrix matrix = bench.PutMatrix(weight, Outputs, Inputs), transposed = bench.View(matrix);
        bench.Device.WriteTransposed(transposed, 0, weight);
        foreach ((int n0, int n, int k0, int k) in (ReadOnlySpan<(int, int, int, int)>)
            [(0, 115, 0, 59), (0, 115, 8, 16), (7, 61, 0, 1), (48, 24, 58, 1), (50, 65, 3, 40), (114, 1, 11, 48), (13, 8, 24, 35)])
        {
            float[] part = Columns(weight[(n0 * Inputs)..((n0 + n) * Inputs)], n, k0, k);
            float[] narrow = Columns(x, Rows, k0, k), shallow = Columns(dy, Rows, n0, n);
            float[] expected = Reference.Linear<float>(narrow, part, null, k), gradient = Reference.LinearInputGradient<float>(shallow, part, k);
            Matrix[] slices =
            [
                matrix.SliceOutputs(n0, n).SliceInputs(k0, k), matrix.SliceInputs(k0, k).SliceOutputs(n0, n),
                matrix.SliceInputs(k0, Inputs - k0).SliceOutputs(n0 / 2, Outputs - (n0 / 2)).SliceInputs(0, k).SliceOutputs(n0 - (n0 / 2), n),
            ];
            Matrix[] gradients = [transposed.SliceOutputs(k0, k).SliceInputs(n0, n), transposed.SliceInputs(n0, n).SliceOutputs(k0, k)];
            foreach (Matrix slice in slices)
            {
                Tensor y = bench.Take(Rows, n);
                bench.Device.Linear(bench.Put(narrow, Rows, k), slice, default, y);
                Assert.Equal(expected, bench.Get(y));
            }

            foreach (Matrix slice in gradients)
            {
                Tensor dx = bench.Take(Rows, k);
                bench.Device.Linear(bench.Put(shallow, Rows, n), slice, default, dx);
                Assert.Equal(gradient, bench.Get(dx));
            }
        }

        static float[] Whole(int seed, int count) => Array.ConvertAll(RandomData.Integers(seed, count, 5), v => v - 2f);
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public void A_recording_adds_once_per_run_and_counts_y_twice(string device)
    {
        using Bench bench = device is nameof(CudaPrecision.F16)
            ? new CudaWorkbench(CudaPrecision.F16, new CudaOptions { Tune = true })
            : Bench.Open(device);
        const int Rows = 8, Outputs = 32, Inputs = 16;
        float[] values = bench.Round(RandomData.Normal(seed: 174, Rows * Inputs)), before = bench.Round(RandomData.Normal(seed: 175, Rows * Outputs));
        float[] weight = bench.Round(RandomData.Normal(seed: 176, Outputs * Inputs));
        Tensor x = bench.Put(values, Rows, Inputs), y = bench.Put(before, Rows, Outputs);
        Matrix matrix = bench.PutMatrix(weight, Outputs, Inputs);
        using OpSequence sequence = bench.Device.Capture(() => bench.Device.Linear(x, matrix, default, y, accumulates: true));
        Assert.Equal(before, bench.Get(y));
        sequence.Run();
        bench.Device.Synchronize();
        float[] naive = bench.Round(Reference.Linear<float>(values, weight, null, Inputs, before: before));
        Tolerance.TimesNaive(2).Check(bench.Get(y), Reference.Linear<double>(values, weight, null, Inputs, before: before), naive);
        OpInfo plain = Assert.Single(bench.Device.List(() => bench.Device.Linear(x, matrix, default, y)));
        Assert.Equal(plain.Bytes + (Rows * Outputs * y.DType.Size()), Assert.Single(sequence.Ops).Bytes);
    }

    [Theory]
    [InlineData(CudaPrecision.F32)]
    [InlineData(CudaPrecision.F16)]
    [InlineData(CudaPrecision.BF16)]
    [Trait(DeviceCases.Trait, DeviceCases.Cuda)]
    public void Where_the_library_has_no_algorithm_the_plain_kernel_adds(CudaPrecision precision)
    {
        Assert.SkipWhen(CudaUnderTest.IsReal, "only the emulated library can be without algorithms");
        using CudaWorkbench bench = new(precision);
        const int Rows = 19, Outputs = 35, Inputs = 21, Offset = 3;
        float[] x = bench.Round(RandomData.Normal(seed: 177, Rows * Inputs)), weight = bench.Round(RandomData.Normal(seed: 178, Outputs * Inputs));
        float[] before = bench.Round(RandomData.Normal(seed: 179, Rows * Outputs)), bias = bench.Round(RandomData.Normal(seed: 180, Outputs));
        Tensor y = bench.PutMisaligned(before, Rows, Outputs);
        Matrix matrix = bench.PutMatrix(weight, Outputs, Inputs);
        bench.Library!.HasAlgorithms = false;
        bench.Work();
        bench.Device.Linear(
            bench.Put(x, Rows, Inputs).SliceColumns(Offset, Inputs - Offset),
            matrix.SliceInputs(Offset, Inputs - Offset),
            bench.Put(bias, Outputs),
            y,
            accumulates: true);
        Assert.Equal(["Kernel_Tiles"], bench.Launches()!);
        (float[] narrow, float[] part) = (Columns(x, Rows, Offset, Inputs - Offset), Columns(weight, Outputs, Offset, Inputs - Offset));
        double[] exact = Reference.Linear<double>(narrow, part, bias, Inputs - Offset, before: before);
        float[] naive = bench.Round(Reference.Linear<float>(narrow, part, bias, Inputs - Offset, before: before));
        Tolerance.TimesNaive(2).Check(bench.Get(y), exact, naive);
        bench.Device.Linear(bench.Put(narrow, Rows, Inputs - Offset), matrix.SliceInputs(0, Inputs - Offset), bench.Put(bias, Outputs), y);
        Tolerance.TimesNaive(2).MustReject(bench.Get(y), exact, naive);
    }

    private static float[] Columns(float[] values, int rows, int first, int count)
    {
        int columns = values.Length / rows;
        return [.. values.Where((_, i) => i % columns >= first && i % columns < first + count)];
    }

    private static float[] SideBySide(float[] left, float[] right, int rows) =>
        [.. left.Chunk(left.Length / rows).Zip(right.Chunk(right.Length / rows), (a, b) => (float[])[.. a, .. b]).SelectMany(row => row)];
}
