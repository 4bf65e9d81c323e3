using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class BlendTests
{
    // B, T, C: smallest; DiT-S's width; awkward.
    private static readonly int[][] _shapes = [[1, 1, 1], [2, 64, 384], [3, 7, 101]];

    // Smallest; DiT-XL's width; primes.
    private static readonly int[][] _shapesOfCuda = [[1, 1, 1], [1, 2, 1152], [1, 5, 101]];

    public static TheoryData<string, int[], float> Cases =>
        [.. DeviceCases.Of(DeviceCases.Cpu, _shapes, [0, 0.3f, 1]), .. DeviceCases.Of(DeviceCases.Stored, _shapesOfCuda, [0, 0.3f, 1])];

    public static TheoryData<string, int[]> CpuShapes => [.. DeviceCases.Of(DeviceCases.Cpu, _shapes)];

    public static TheoryData<string, int> Columns => [.. DeviceCases.Of(DeviceCases.OnePerKind, [8, 7])];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Blends_and_their_gradients_are_as_accurate_as_naive_arithmetic_in_the_same_storage(string device, int[] shape, float weight)
    {
        using Bench bench = Bench.Open(device);
        (int rows, int columns) = (shape[0] * shape[1], shape[2]);
        float[] fresh = Values(131), cached = Values(132), d = Values(133);
        Tensor onFresh = Put(fresh), onCached = Put(cached), onD = Put(d), onWeight = bench.PutState([weight], 1);
        Tensor blended = bench.Take(shape), dFresh = bench.Take(shape);
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
        Tolerance.TimesNaive(2).MustReject(bench.Get(alone), exactWeight, naiveWeight); // planted fault: the sign
        Assert.Equal(bench.Get(dWeight), Array.ConvertAll(bench.Get(alone), value => -value));
        bench.Device.Blend(onCached, onFresh, onWeight, onFresh); // planted fault: the two exchanged
        Tolerance.TimesNaive(2).MustReject(bench.Get(onFresh), exact, naive);

        bench.Device.Blend(Put(fresh), onCached, onWeight, onCached);
        Assert.Equal(bench.Get(blended), bench.Get(onCached));

        float[] Values(int seed) => bench.Round(RandomData.Normal(seed, rows * columns));

        Tensor Put(float[] values) => bench.Put(values, shape);
    }

    [Theory]
    [MemberData(nameof(CpuShapes))]
    public void Weights_1_and_0_give_the_operands_bit_for_bit(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        float[] cached = RandomData.Normal(seed: 142, shape[0] * shape[1] * shape[2]), odd = new float[cached.Length];
        Array.Fill(odd, -0f);
        odd[^1] = float.PositiveInfinity;
        Tensor onCached = bench.Put(cached, shape), blended = bench.Take(shape), other = bench.Put(odd, shape);
        bench.Device.Blend(other, onCached, bench.Put([1], 1), blended);
        Assert.Equal(Bits(odd), Bits(bench.Get(blended)));
        bench.Device.Blend(other, onCached, bench.Put([0], 1), blended);
        Assert.Equal(Bits(cached), Bits(bench.Get(blended)));

        static int[] Bits(float[] values) => Array.ConvertAll(values, BitConverter.SingleToInt32Bits);
    }

    [Theory]
    [MemberData(nameof(Columns))]
    public void A_weight_of_one_or_zero_lets_nothing_of_the_other_input_pass(string device, int columns)
    {
        using Bench bench = Bench.Open(device);
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
