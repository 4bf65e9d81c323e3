using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class NormBackwardTests
{
    private const float Epsilon = 1e-6f;

    // B, T, C: smallest whose gradient is not 0 (of two channels only their order counts); DiT-XL's width; awkward, an incomplete chunk of tokens.
    private static readonly int[][] _shapes = [[1, 1, 3], [2, 32, 1152], [3, 71, 101]];

    public static MatrixTheoryData<string, int[], bool> Cases => new(Workbench.Sets, _shapes, [false, true]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradients_are_as_accurate_as_naive_fp32(string set, int[] shape, bool isAffine)
    {
        using var bench = new Workbench(set);
        Case data = new(shape, isAffine);
        (double[] exact, double[] exactScale, double[] exactShift) = data.Expected<double>();
        (float[] naive, float[] naiveScale, float[] naiveShift) = data.Expected<float>();
        Result result = data.Run(bench);
        Tolerance.TimesNaive(2).Check(result.Dx, exact, naive);
        Tolerance.TimesNaive(2).Check(result.DScale, exactScale, naiveScale);
        Tolerance.TimesNaive(2).Check(result.DShift, exactShift, naiveShift);

        // Planted faults: the other kind of norm, and no gradient from after the norm.
        float[] wrong = Array.ConvertAll(data.Scale, v => isAffine ? v + 1 : v - 1);
        Tolerance.TimesNaive(2).MustReject(data.Run(bench, scale: wrong).Dx, exact, naive);
        Tolerance.TimesNaive(2).MustReject(data.Run(bench, withDxIn: false).Dx, exact, naive);
        Tolerance.TimesNaive(2).MustReject(result.DShift, exactScale, naiveScale);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Each_result_alone_and_in_place_is_the_same_bit_for_bit(string set, int[] shape, bool isAffine)
    {
        using var bench = new Workbench(set);
        Case data = new(shape, isAffine);
        Result result = data.Run(bench);
        Tensor x = bench.Put(data.X, shape), dy = bench.Put(data.Dy, shape), dx = bench.Put(data.DxIn, shape);
        bench.Device.NormBackward(x, data.PutNorm(bench), dy, dx, dx);
        Assert.Equal(result.Dx, bench.Get(dx));
        dx = bench.Put(data.DxIn, shape);
        bench.Device.NormBackward(x, data.PutNorm(bench), dy, dx, dy);
        Assert.Equal(result.Dx, bench.Get(dy));
        Assert.Equal(data.DxIn, bench.Get(dx));

        Tensor dScale = data.TakeVector(bench), dShift = data.TakeVector(bench);
        bench.Device.NormBackward(x, data.PutNorm(bench), bench.Put(data.Dy, shape), default, default, dScale, dShift);
        Assert.Equal(result.DScale, bench.Get(dScale));
        Assert.Equal(result.DShift, bench.Get(dShift));
    }

    [Theory]
    [MemberData(nameof(Workbench.AllSets), MemberType = typeof(Workbench))]
    public void A_large_mean_does_not_cancel(string set)
    {
        using var bench = new Workbench(set);
        Case data = new([2, 5, 77], isAffine: false, mean: 1000);
        (double[] exact, _, _) = data.Expected<double>();
        (float[] naive, _, _) = data.Expected<float>();
        Tolerance.TimesNaive(2).Check(data.Run(bench).Dx, exact, naive);
    }

    [Fact]
    public void The_last_row_of_scales_serves_all_further_images()
    {
        using var bench = new Workbench(nameof(InstructionSet.Portable));
        float[] x = RandomData.Normal(seed: 151, 60), dy = RandomData.Normal(seed: 152, 60), few = RandomData.Normal(seed: 153, 10);
        Assert.Equal(Run(5, [.. few, .. few[5..], .. few[5..]]), Run(5, few));

        float[] Run(int channels, float[] scale)
        {
            Tensor scales = bench.Put(scale, scale.Length / channels, channels), dx = bench.Take(4, 3, channels);
            Norm norm = Norm.Modulated(scales, scales, Epsilon);
            bench.Device.NormBackward(bench.Put(x, 4, 3, channels), norm, bench.Put(dy, 4, 3, channels), default, dx);
            return bench.Get(dx);
        }
    }

    private sealed record Result(float[] Dx, float[] DScale, float[] DShift);

    private sealed class Case(int[] shape, bool isAffine, double mean = 0)
    {
        private readonly int _rows = isAffine ? 1 : shape[0];

        public float[] X { get; } = RandomData.Normal(seed: 154, shape[0] * shape[1] * shape[2], mean: mean);

        public float[] Dy { get; } = RandomData.Normal(seed: 155, shape[0] * shape[1] * shape[2]);

        public float[] DxIn { get; } = RandomData.Normal(seed: 156, shape[0] * shape[1] * shape[2]);

        public float[] Scale { get; } = RandomData.Normal(seed: 157, (isAffine ? 1 : shape[0]) * shape[2]);

        public (T[] Dx, T[] DScale, T[] DShift) Expected<T>()
            where T : System.Numerics.IFloatingPointIeee754<T> =>
            Reference.NormBackward<T>(X, Scale, isAffine, Dy, DxIn, shape[1], shape[2], Epsilon);

        public Norm PutNorm(Workbench bench, float[]? scale = null)
        {
            Tensor vectors = bench.Put(scale ?? Scale, _rows, shape[2]);
            return isAffine ? Norm.Affine(vectors, vectors, Epsilon) : Norm.Modulated(vectors, vectors, Epsilon);
        }

        /// <summary>Parts of wider rows, as the modulations of a block are.</summary>
        public Tensor TakeVector(Workbench bench) => bench.Take(_rows, 3 * shape[2]).SliceColumns(shape[2], shape[2]);

        public Result Run(Workbench bench, float[]? scale = null, bool withDxIn = true)
        {
            Tensor dx = bench.Take(shape), dScale = TakeVector(bench), dShift = TakeVector(bench);
            Tensor dxIn = withDxIn ? bench.Put(DxIn, shape) : default;
            bench.Device.NormBackward(bench.Put(X, shape), PutNorm(bench, scale), bench.Put(Dy, shape), dxIn, dx, dScale, dShift);
            return new(bench.Get(dx), bench.Get(dScale), bench.Get(dShift));
        }
    }
}
