using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class NormBackwardTests
{
    private const float Epsilon = 1e-6f;

    // B, T, C: smallest whose gradient is not 0 (of two channels only their order counts); DiT-XL's width; awkward, an incomplete chunk of tokens.
    private static readonly int[][] _shapes = [[1, 1, 3], [2, 32, 1152], [3, 71, 101]];

    // Smallest that has a variance; primes; DiT-XL's width; more tokens than a block reads at a time, and rows than a block computes.
    private static readonly int[][] _shapesOfCuda = [[1, 1, 2], [3, 7, 101], [2, 2, 1152], [2, 19, 40]];

    public static TheoryData<string, int[], bool> Cases =>
        [.. DeviceCases.Of(DeviceCases.Cpu, _shapes, [true, false]), .. DeviceCases.Of(DeviceCases.Stored, _shapesOfCuda, [true, false])];

    public static TheoryData<string, int[]> Means =>
        [.. DeviceCases.Of<int[]>(DeviceCases.Cpu, [[2, 5, 77]]), .. DeviceCases.Of(DeviceCases.Stored, _shapesOfCuda)];

    public static TheoryData<string, int> Widths => [.. DeviceCases.Of(DeviceCases.OnePerKind, [5, 16])];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradients_are_as_accurate_as_naive_arithmetic_in_the_same_storage(string device, int[] shape, bool isAffine)
    {
        using Bench bench = Bench.Open(device);
        Case data = new(bench, shape, isAffine);
        (double[] exactX, double[] exactScale, double[] exactShift) = data.Exact<double>();
        (float[] naiveX, float[] naiveScale, float[] naiveShift) = data.Exact<float>();
        foreach (bool aligned in new[] { true, false })
        {
            Tensor dx = bench.Take(shape), frozen = bench.Take(shape), dScale = data.TakeWide(), dShift = data.TakeWide();
            bench.Device.NormBackward(data.PutX(), data.PutNorm(aligned), data.PutDy(), data.PutDxIn(), dx, dScale, dShift);
            Tolerance.TimesNaive(2).Check(bench.Get(dx), exactX, bench.Round(naiveX));
            Tolerance.TimesNaive(2).Check(bench.Get(dScale), exactScale, bench.Round(naiveScale));
            Tolerance.TimesNaive(2).Check(bench.Get(dShift), exactShift, bench.Round(naiveShift));

            // With frozen vectors, over each of its inputs, and for the vectors alone: the same bits.
            bench.Device.NormBackward(data.PutX(), data.PutNorm(aligned), data.PutDy(), data.PutDxIn(), frozen);
            Assert.Equal(bench.Get(dx), bench.Get(frozen));
            Tensor overDy = data.PutDy(), overDxIn = data.PutDxIn(), again = data.TakeVector(), shiftAgain = data.TakeVector();
            bench.Device.NormBackward(data.PutX(), data.PutNorm(aligned), overDy, data.PutDxIn(), overDy, again, shiftAgain);
            Assert.Equal(bench.Get(dx), bench.Get(overDy));
            Assert.Equal(bench.Get(dScale), bench.Get(again));
            Tensor dy = data.PutDy(), dxIn = data.PutDxIn();
            bench.Device.NormBackward(data.PutX(), data.PutNorm(aligned), dy, dxIn, dy);
            Assert.Equal(bench.Get(dx), bench.Get(dy));
            Assert.Equal(data.DxIn, bench.Get(dxIn));
            bench.Device.NormBackward(data.PutX(), data.PutNorm(aligned), data.PutDy(), overDxIn, overDxIn);
            Assert.Equal(bench.Get(dx), bench.Get(overDxIn));
            bench.Device.NormBackward(data.PutX(), data.PutNorm(aligned), data.PutDy(), default, default, again, shiftAgain);
            Assert.Equal(bench.Get(dScale), bench.Get(again));
            Assert.Equal(bench.Get(dShift), bench.Get(shiftAgain));
        }

        Tensor wrong = bench.Take(shape), wrongScale = data.TakeVector(), wrongShift = data.TakeVector();
        bench.Device.NormBackward(data.PutX(), data.PutNorm(true), data.PutDy(), default, wrong);
        Tolerance.TimesNaive(2).MustReject(bench.Get(wrong), exactX, bench.Round(naiveX));
        bench.Device.NormBackward(data.PutDy(), data.PutNorm(true), data.PutX(), data.PutDxIn(), wrong, wrongScale, wrongShift);
        Tolerance.TimesNaive(2).MustReject(bench.Get(wrongShift), exactShift, bench.Round(naiveShift));
        if (data.Channels > 2)
        {
            // A norm over two channels sees only the sign of their difference.
            Tolerance.TimesNaive(2).MustReject(bench.Get(wrong), exactX, bench.Round(naiveX));
            Tolerance.TimesNaive(2).MustReject(bench.Get(wrongScale), exactScale, bench.Round(naiveScale));

            // The other kind of norm; the vectors exchanged.
            float[] other = bench.Round(Array.ConvertAll(data.Scale, value => isAffine ? value + 1 : value - 1));
            bench.Device.NormBackward(data.PutX(), data.PutNorm(true, other), data.PutDy(), data.PutDxIn(), wrong, wrongScale, wrongShift);
            Tolerance.TimesNaive(2).MustReject(bench.Get(wrong), exactX, bench.Round(naiveX));
            Tolerance.TimesNaive(2).MustReject(bench.Get(wrongShift), exactScale, bench.Round(naiveScale));
        }
    }

    [Theory]
    [MemberData(nameof(Means))]
    public void A_large_mean_does_not_cancel_the_variance(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        Case data = new(bench, shape, isAffine: false, mean: 1000);
        Tensor dx = bench.Take(shape);
        bench.Device.NormBackward(data.PutX(), data.PutNorm(true), data.PutDy(), data.PutDxIn(), dx);
        Tolerance.TimesNaive(2).Check(bench.Get(dx), data.Exact<double>().DxOut, bench.Round(data.Exact<float>().DxOut));
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void The_last_row_of_scales_serves_all_further_images(string device, int width)
    {
        using Bench bench = Bench.Open(device);
        float[] x = RandomData.Normal(seed: 151, 12 * width), dy = RandomData.Normal(seed: 152, 12 * width), few = RandomData.Normal(seed: 153, 2 * width);
        Assert.Equal(Run([.. few, .. few[width..], .. few[width..]]), Run(few));

        float[] Run(float[] scale)
        {
            Tensor scales = bench.Put(scale, scale.Length / width, width), dx = bench.Take(4, 3, width);
            Norm norm = Norm.Modulated(scales, scales, Epsilon);
            bench.Device.NormBackward(bench.Put(x, 4, 3, width), norm, bench.Put(dy, 4, 3, width), default, dx);
            return bench.Get(dx);
        }
    }

    private sealed class Case
    {
        private readonly Bench _bench;
        private readonly int[] _shape;
        private readonly bool _isAffine;
        private readonly float[] _x;
        private readonly float[] _dy;

        public Case(Bench bench, int[] shape, bool isAffine, double mean = 0)
        {
            (_bench, _shape, _isAffine) = (bench, shape, isAffine);
            int size = shape[0] * shape[1] * shape[2];
            _x = bench.Round(RandomData.Normal(seed: 171, size, mean: mean));
            _dy = bench.Round(RandomData.Normal(seed: 172, size));
            DxIn = bench.Round(RandomData.Normal(seed: 173, size));
            Scale = bench.Round(RandomData.Normal(seed: 174, (isAffine ? 1 : shape[0]) * shape[2]));
        }

        public int Channels => _shape[2];

        public float[] DxIn { get; }

        public float[] Scale { get; }

        public (T[] DxOut, T[] DScale, T[] DShift) Exact<T>()
            where T : System.Numerics.IFloatingPointIeee754<T> =>
            Reference.NormBackward<T>(_x, Scale, _isAffine, _dy, DxIn, _shape[1], Channels, Epsilon);

        public Tensor PutX() => _bench.Put(_x, _shape);

        public Tensor PutDy() => _bench.Put(_dy, _shape);

        public Tensor PutDxIn() => _bench.Put(DxIn, _shape);

        public Tensor TakeVector() => _isAffine ? _bench.Take(Channels) : _bench.Take(_shape[0], Channels);

        /// <summary>Parts of wider rows, as the modulations of a block are.</summary>
        public Tensor TakeWide() => _bench.Take(_isAffine ? 1 : _shape[0], 3 * Channels).SliceColumns(Channels, Channels);

        public Norm PutNorm(bool aligned, float[]? values = null)
        {
            int rows = _isAffine ? 1 : _shape[0];
            Tensor scale = aligned ? _bench.Put(values ?? Scale, rows, Channels) : _bench.PutMisaligned(values ?? Scale, rows, Channels);
            return _isAffine ? Norm.Affine(scale, scale, Epsilon) : Norm.Modulated(scale, scale, Epsilon);
        }
    }
}
