using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class BlendTests
{
    // B, T, C: smallest; DiT-S's width; awkward.
    private static readonly int[][] _shapes = [[1, 1, 1], [2, 64, 384], [3, 7, 101]];

    public static MatrixTheoryData<string, int[]> Cases => new(Workbench.Sets, _shapes);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Blend_is_as_accurate_as_naive_fp32(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        Case data = new(bench, shape);
        Tensor weight = bench.Put([0.3f], 1), blended = bench.Take(shape);
        double[] exact = Reference.Blend<double>(data.Fresh, data.Cached, 0.3f);
        float[] naive = Reference.Blend<float>(data.Fresh, data.Cached, 0.3f);
        bench.Device.Blend(data.FreshTensor, data.CachedTensor, weight, blended);
        Tolerance.TimesNaive(2).Check(bench.Get(blended), exact, naive);

        bench.Device.Blend(data.CachedTensor, data.FreshTensor, weight, blended); // planted fault: the two exchanged
        Tolerance.TimesNaive(2).MustReject(bench.Get(blended), exact, naive);

        bench.Device.Blend(data.FreshTensor, data.CachedTensor, weight, data.CachedTensor);
        Tolerance.TimesNaive(2).Check(bench.Get(data.CachedTensor), exact, naive);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Weights_1_and_0_give_the_operands_bit_for_bit(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        Case data = new(bench, shape);
        float[] odd = new float[data.Fresh.Length];
        Array.Fill(odd, -0f);
        odd[^1] = float.PositiveInfinity;
        Tensor blended = bench.Take(shape), other = bench.Put(odd, shape);
        bench.Device.Blend(other, data.CachedTensor, bench.Put([1], 1), blended);
        Assert.Equal(Bits(odd), Bits(bench.Get(blended)));
        bench.Device.Blend(other, data.CachedTensor, bench.Put([0], 1), blended);
        Assert.Equal(Bits(data.Cached), Bits(bench.Get(blended)));

        static int[] Bits(float[] values) => Array.ConvertAll(values, BitConverter.SingleToInt32Bits);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradients_are_as_accurate_as_naive_fp32(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        Case data = new(bench, shape);
        float[] gradient = RandomData.Normal(seed: 143, data.Fresh.Length);
        Tensor d = bench.Put(gradient, shape), weight = bench.Put([0.3f], 1), dFresh = bench.Take(shape), dWeight = bench.Take(shape[0] * shape[1]);
        (double[] exactFresh, double[] exact) = Reference.BlendBackward<double>(gradient, data.Fresh, data.Cached, 0.3f, shape[2]);
        (float[] naiveFresh, float[] naive) = Reference.BlendBackward<float>(gradient, data.Fresh, data.Cached, 0.3f, shape[2]);
        bench.Device.BlendBackward(d, data.FreshTensor, data.CachedTensor, weight, dFresh, dWeight);
        float[] rows = bench.Get(dWeight);
        Tolerance.TimesNaive(2).Check(bench.Get(dFresh), exactFresh, naiveFresh);
        Tolerance.TimesNaive(2).Check(rows, exact, naive);

        bench.Device.BlendBackward(d, data.CachedTensor, data.FreshTensor, weight, default, dWeight); // planted fault: the sign
        Tolerance.TimesNaive(2).MustReject(bench.Get(dWeight), exact, naive);
        Assert.Equal(rows, Array.ConvertAll(bench.Get(dWeight), v => -v)); // and without dFresh the rest is the same

        bench.Device.BlendBackward(d, data.FreshTensor, data.CachedTensor, weight, d, dWeight);
        Assert.Equal(bench.Get(dFresh), bench.Get(d));
        Assert.Equal(rows, bench.Get(dWeight));
    }

    private sealed class Case
    {
        public Case(Workbench bench, int[] shape)
        {
            int count = shape[0] * shape[1] * shape[2];
            (Fresh, Cached) = (RandomData.Normal(seed: 141, count), RandomData.Normal(seed: 142, count));
            (FreshTensor, CachedTensor) = (bench.Put(Fresh, shape), bench.Put(Cached, shape));
        }

        public float[] Fresh { get; }

        public float[] Cached { get; }

        public Tensor FreshTensor { get; }

        public Tensor CachedTensor { get; }
    }
}
