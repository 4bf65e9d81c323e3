using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>Blends and their gradients in every storage type, as PTX through the emulator.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class BlendCudaTests
{
    // Rows, C: smallest; DiT-XL's width; primes.
    private static readonly int[][] _shapes = [[1, 1], [2, 1152], [5, 101]];

    public static MatrixTheoryData<CudaPrecision, int[], float> Blends => new(CudaWorkbench.Precisions, _shapes, [0, 0.3f, 1]);

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
}
