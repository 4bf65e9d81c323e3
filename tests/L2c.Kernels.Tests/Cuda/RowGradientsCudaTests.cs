using L2c.Emulation;
using L2c.Testing;

namespace L2c.Kernels.Tests.Cuda;

/// <summary>Activations apart from their linear map, blends, and the gradients of conditioning and patches, as PTX through the emulator.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class RowGradientsCudaTests
{
    // Rows, C: smallest; DiT-XL's width; primes.
    private static readonly int[][] _shapes = [[1, 1], [2, 1152], [5, 101]];

    public static MatrixTheoryData<CudaPrecision, int[], Activation> Activations =>
        new(CudaWorkbench.Precisions, _shapes, Enum.GetValues<Activation>());

    public static MatrixTheoryData<CudaPrecision, int[], float> Blends => new(CudaWorkbench.Precisions, _shapes, [0, 0.3f, 1]);

    // Images, C: smallest; DiT-XL's width, labels that meet; primes.
    public static MatrixTheoryData<CudaPrecision, int[]> Conditionings => new(CudaWorkbench.Precisions, [[1, 1], [9, 1152], [5, 101]]);

    // B, C, H, W, P: smallest; DiT/2, smaller; awkward.
    public static MatrixTheoryData<CudaPrecision, int[]> Images =>
        new(CudaWorkbench.Precisions, [[1, 1, 1, 1, 1], [2, 8, 16, 16, 2], [3, 5, 9, 15, 3]]);

    [Theory]
    [MemberData(nameof(Activations))]
    public void Activations_and_their_gradients_are_as_accurate_as_naive_arithmetic_in_the_same_storage(
        CudaPrecision precision, int[] shape, Activation activation)
    {
        using CudaWorkbench bench = new(precision);
        (int rows, int columns) = (shape[0], shape[1]);
        float[] x = bench.Round(RandomData.Normal(seed: 121, rows * columns, deviation: 2)), dy = bench.Round(RandomData.Normal(seed: 122, x.Length));
        double[] exact = Array.ConvertAll(x, v => Apply((double)v)), exactGradient = Gradient<double>();
        float[] naive = bench.Round(Array.ConvertAll(x, Apply)), naiveGradient = bench.Round(Gradient<float>());
        Func<float[], Tensor>[] puts = [values => bench.Put(values, rows, columns), values => bench.PutMisaligned(values, rows, columns)];
        foreach (Func<float[], Tensor> put in puts)
        {
            Tensor onX = put(x), y = bench.Take(rows, columns), dx = bench.Take(rows, columns), inPlace = put(dy);
            bench.Device.Activate(onX, y, activation);
            Tolerance.TimesNaive(2).Check(bench.Get(y), exact, naive);
            bench.Device.ActivateBackward(put(dy), onX, dx, activation);
            Tolerance.TimesNaive(2).Check(bench.Get(dx), exactGradient, naiveGradient);
            bench.Device.ActivateBackward(inPlace, onX, inPlace, activation);
            Assert.Equal(bench.Get(dx), bench.Get(inPlace));
        }

        if (columns > 1)
        {
            Activation other = activation == Activation.None ? Activation.Silu : Activation.None;
            Tensor onX = bench.Put(x, rows, columns), wrong = bench.Take(rows, columns);
            bench.Device.Activate(onX, wrong, other);
            Tolerance.TimesNaive(2).MustReject(bench.Get(wrong), exact, naive);
            bench.Device.ActivateBackward(bench.Put(dy, rows, columns), onX, wrong, other);
            Tolerance.TimesNaive(2).MustReject(bench.Get(wrong), exactGradient, naiveGradient);
        }

        T Apply<T>(T value)
            where T : System.Numerics.IFloatingPointIeee754<T> => activation switch
            {
                Activation.Silu => Reference.Silu(value),
                Activation.GeluTanh => Reference.GeluTanh(value),
                Activation.GeluErf => Reference.GeluErf(value),
                _ => value,
            };

        T[] Gradient<T>()
            where T : System.Numerics.IFloatingPointIeee754<T> => [.. x.Select((v, i) => T.CreateChecked(dy[i]) * Slope(T.CreateChecked(v)))];

        T Slope<T>(T value)
            where T : System.Numerics.IFloatingPointIeee754<T> => activation switch
            {
                Activation.Silu => Reference.SiluGradient(value),
                Activation.GeluTanh => Reference.GeluTanhGradient(value),
                Activation.GeluErf => Reference.GeluErfGradient(value),
                _ => T.One,
            };
    }

    [Theory]
    [InlineData(Activation.Silu)]
    [InlineData(Activation.GeluTanh)]
    [InlineData(Activation.GeluErf)]
    public void Gradients_of_extreme_values_are_their_limits(Activation activation)
    {
        using CudaWorkbench bench = new(CudaPrecision.F32);
        float[] x = [float.NegativeInfinity, -1e30f, -200, -95, 95, 200, 1e30f, float.PositiveInfinity, float.NaN];
        Tensor dx = bench.Put([.. x.Select(_ => 1f)], 1, 9);
        bench.Device.ActivateBackward(dx, bench.Put(x, 1, 9), dx, activation);
        float[] slopes = bench.Get(dx);
        Assert.All(slopes[..4], slope => Assert.InRange(slope, -1e-30f, 0));
        Assert.Equal([1, 1, 1, 1, float.NaN], slopes[4..]);
    }

    [Fact]
    public void Gradients_in_fp32_are_accurate_over_the_whole_range()
    {
        using CudaWorkbench bench = new(CudaPrecision.F32);
        float[] x = [.. Enumerable.Range(-4096, 8192).Select(i => i / 256f)];
        (Activation, Func<double, double>, Func<float, float>)[] forms =
        [
            (Activation.Silu, Reference.SiluGradient, Reference.SiluGradient),
            (Activation.GeluTanh, Reference.GeluTanhGradient, Reference.GeluTanhGradient),
            (Activation.GeluErf, Reference.GeluErfGradient, Reference.GeluErfGradient),
        ];
        foreach ((Activation activation, Func<double, double> exact, Func<float, float> naive) in forms)
        {
            Tensor dx = bench.Put([.. x.Select(_ => 1f)], 1, x.Length);
            bench.Device.ActivateBackward(dx, bench.Put(x, 1, x.Length), dx, activation);
            Tolerance.TimesNaive(2).Check(bench.Get(dx), Array.ConvertAll(x, v => exact(v)), Array.ConvertAll(x, v => naive(v)));
        }
    }

    [Theory]
    [MemberData(nameof(Blends))]
    public void Blends_and_their_gradients_are_as_accurate_as_naive_arithmetic_in_the_same_storage(CudaPrecision precision, int[] shape, float weight)
    {
        using CudaWorkbench bench = new(precision);
        (int rows, int columns) = (shape[0], shape[1]);
        float[] fresh = Values(131), cached = Values(132), d = Values(133);
        Tensor onFresh = Put(fresh), onCached = Put(cached), onD = Put(d), onWeight = bench.PutState([weight], 1);
        Tensor blended = bench.Take(1, rows, columns), dFresh = bench.Take(1, rows, columns);
        Tensor dWeight = bench.TakeState(rows), alone = bench.TakeState(rows);
        double[] exact = Reference.Blend<double>(fresh, cached, weight);
        float[] naive = bench.Round(Reference.Blend<float>(fresh, cached, weight));
        bench.Device.Blend(onFresh, onCached, onWeight, blended);
        Tolerance.TimesNaive(2).Check(bench.Get(blended), exact, naive);
        if (weight is 0 or 1)
        {
            Assert.Equal(weight == 1 ? fresh : cached, bench.Get(blended));
        }

        (double[] exactFresh, double[] exactWeight) = Reference.BlendBackward<double>(d, fresh, cached, weight, columns);
        (float[] naiveFresh, float[] naiveWeight) = Reference.BlendBackward<float>(d, fresh, cached, weight, columns);
        bench.Device.BlendBackward(onD, onFresh, onCached, onWeight, dFresh, dWeight);
        bench.Device.BlendBackward(onD, onFresh, onCached, onWeight, default, alone);
        Tolerance.TimesNaive(2).Check(bench.Get(dFresh), exactFresh, bench.Round(naiveFresh));
        Tolerance.TimesNaive(2).Check(bench.Get(dWeight), exactWeight, naiveWeight);
        Assert.Equal(bench.Get(dWeight), bench.Get(alone));

        bench.Device.BlendBackward(onD, onCached, onFresh, onWeight, onD, alone);
        Assert.Equal(bench.Get(dFresh), bench.Get(onD));
        Tolerance.TimesNaive(2).MustReject(bench.Get(alone), exactWeight, naiveWeight);
        bench.Device.Blend(onCached, onFresh, onWeight, onFresh);
        Tolerance.TimesNaive(2).MustReject(bench.Get(onFresh), exact, naive);

        float[] Values(int seed) => bench.Round(RandomData.Normal(seed, rows * columns));

        Tensor Put(float[] values) => bench.Put(values, 1, rows, columns);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(7)]
    public void A_weight_of_one_or_zero_lets_nothing_of_the_other_input_pass(int columns)
    {
        using CudaWorkbench bench = new(CudaPrecision.F32);
        float[] good = [.. Enumerable.Range(0, columns).Select(i => i - 3f)], bad = [.. good.Select(_ => float.NaN)];
        good[0] = -0f;
        Tensor onGood = bench.Put(good, 1, 1, columns), onBad = bench.Put(bad, 1, 1, columns), weight = bench.PutState([1], 1);
        Tensor blended = bench.Take(1, 1, columns);
        bench.Device.Blend(onGood, onBad, weight, blended);
        Assert.Equal(Bits(good), Bits(bench.Get(blended)));
        bench.Device.Upload(weight, [0f]);
        bench.Device.Blend(onBad, onGood, weight, blended);
        Assert.Equal(Bits(good), Bits(bench.Get(blended)));

        static int[] Bits(float[] values) => Array.ConvertAll(values, BitConverter.SingleToInt32Bits);
    }

    [Theory]
    [MemberData(nameof(Conditionings))]
    public void The_gradient_of_conditioning_is_as_accurate(CudaPrecision precision, int[] shape)
    {
        using CudaWorkbench bench = new(precision);
        (int images, int channels) = (shape[0], shape[1]);
        const int Classes = 4;
        float[] dSilu = bench.Round(RandomData.Normal(seed: 141, images * channels)), c = bench.Round(RandomData.Normal(seed: 142, dSilu.Length));
        int[] labels = RandomData.Integers(seed: 143, images, Classes - 1);
        (double[] exactTime, double[] exactTable) = Reference.ConditioningBackward<double>(dSilu, c, labels, Classes);
        (float[] naiveTime, float[] naiveTable) = Reference.ConditioningBackward<float>(dSilu, c, labels, Classes);
        Tensor onLabels = bench.Put(labels), dTime = bench.Take(images, channels), dTable = bench.TakeState(Classes, channels);
        Tensor onD = bench.PutMisaligned(dSilu, images, channels), onC = bench.Put(c, images, channels);
        bench.Device.ConditioningBackward(onD, onC, onLabels, dTime, dTable);
        Tolerance.TimesNaive(2).Check(bench.Get(dTime), exactTime, bench.Round(naiveTime));
        Tolerance.TimesNaive(2).Check(bench.Get(dTable), exactTable, naiveTable);
        Assert.All(bench.Get(dTable)[^channels..], value => Assert.Equal(0, value)); // a label that does not occur

        bench.Device.Upload(onLabels, Array.ConvertAll(labels, label => label + 1));
        bench.Device.ConditioningBackward(onD, onC, onLabels, dTime, dTable);
        Tolerance.TimesNaive(2).MustReject(bench.Get(dTable), exactTable, naiveTable);
        bench.Device.ConditioningBackward(onC, onD, onLabels, dTime, dTable);
        Tolerance.TimesNaive(2).MustReject(bench.Get(dTime), exactTime, bench.Round(naiveTime));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(-1)]
    public void A_label_outside_the_table_stops_the_device(int label)
    {
        Assert.SkipWhen(CudaUnderTest.IsReal, "a trap ends the process's context, and with it every other test");
        using CudaWorkbench bench = new(CudaPrecision.F32);
        Tensor d = bench.Put(new float[8], 1, 8), labels = bench.Put([label]);
        DeviceFault fault = Assert.Throws<DeviceFault>(() =>
        {
            bench.Device.ConditioningBackward(d, d, labels, bench.Take(1, 8), bench.TakeState(3, 8));
            bench.Device.Synchronize();
        });
        Assert.Contains("trap", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Images))]
    public void The_gradient_of_unpatchify_is_its_inverse_and_only_rounds(CudaPrecision precision, int[] shape)
    {
        using CudaWorkbench bench = new(precision);
        (int batch, int channels, int height, int width, int patch) = (shape[0], shape[1], shape[2], shape[3], shape[4]);
        float[] dImage = RandomData.Normal(seed: 151, batch * channels * height * width);
        Tensor dTokens = bench.Take(batch, height / patch * (width / patch), patch * patch * channels);
        bench.Device.UnpatchifyBackward(bench.PutState(dImage, batch, channels, height, width), dTokens, patch);
        float[] expected = bench.Round(Reference.UnpatchifyBackward(dImage, batch, channels, height, width, patch));
        Assert.Equal(expected, bench.Get(dTokens));
        if (channels > 1)
        {
            // Planted fault: values in (c, p, q) order, as Patchify makes them.
            bench.Device.Patchify(bench.PutState(dImage, batch, channels, height, width), dTokens, patch);
            Assert.NotEqual(expected, bench.Get(dTokens));
        }
    }
}
