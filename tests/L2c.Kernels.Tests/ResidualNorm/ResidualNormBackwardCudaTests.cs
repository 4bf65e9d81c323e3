using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>The gradients of the residual stream's additions and norms, as PTX through the emulator.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class ResidualNormBackwardCudaTests
{
    private const float Epsilon = 1e-6f;

    // B, T, C. Smallest that has a variance; primes; DiT-XL's width; more tokens than a block reads at a time, and rows than a block computes.
    private static readonly int[][] _shapes = [[1, 1, 2], [3, 7, 101], [2, 2, 1152], [2, 19, 40]];

    public static MatrixTheoryData<CudaPrecision, int[], bool> Cases => new(CudaWorkbench.Precisions, _shapes, [true, false]);

    public static MatrixTheoryData<CudaPrecision, int[]> Shapes => new(CudaWorkbench.Precisions, _shapes);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_gradient_of_an_addition_is_as_accurate_as_naive_arithmetic_in_the_same_storage(CudaPrecision precision, int[] shape)
    {
        using CudaWorkbench bench = new(precision);
        (int images, int tokens, int channels) = (shape[0], shape[1], shape[2]);
        float[] dx = Values(161, images * tokens), branch = Values(162, images * tokens), gate = Values(163, images);
        (double[] exact, double[] exactGate) = Reference.ResidualTermBackward<double>(dx, branch, gate, tokens, channels);
        (float[] naive, float[] naiveGate) = Reference.ResidualTermBackward<float>(dx, branch, gate, tokens, channels);
        Tensor onDx = bench.Put(dx, shape), onBranch = bench.Put(branch, shape);
        foreach (Tensor onGate in new[] { bench.Put(gate, images, channels), bench.PutMisaligned(gate, images, channels) })
        {
            Tensor dBranch = bench.Take(shape), both = bench.Take(shape);
            Tensor dGate = bench.PutMisaligned(new float[gate.Length], images, channels);
            bench.Device.ResidualTermBackward(onDx, new ResidualTerm(default, onGate), dBranch);
            Tolerance.TimesNaive(2).Check(bench.Get(dBranch), exact, bench.Round(naive));
            bench.Device.ResidualTermBackward(onDx, new ResidualTerm(onBranch, onGate), both, dGate);
            Assert.Equal(bench.Get(dBranch), bench.Get(both));
            Tolerance.TimesNaive(2).Check(bench.Get(dGate), exactGate, bench.Round(naiveGate));
            bench.Device.ResidualTermBackward(onBranch, new ResidualTerm(onBranch, onGate), both, dGate);
            Tolerance.TimesNaive(2).MustReject(bench.Get(both), exact, bench.Round(naive));
            Tolerance.TimesNaive(2).MustReject(bench.Get(dGate), exactGate, bench.Round(naiveGate));
        }

        Tensor ungated = bench.Take(shape);
        bench.Device.ResidualTermBackward(onDx, new ResidualTerm(default), ungated);
        Assert.Equal(dx, bench.Get(ungated));

        // In place, and one row of gates for all images.
        float[] one = [.. Enumerable.Repeat(gate[..channels], images).SelectMany(row => row)];
        bench.Device.ResidualTermBackward(onDx, new ResidualTerm(default, bench.Put(gate[..channels], 1, channels)), onDx);
        bench.Device.ResidualTermBackward(bench.Put(dx, shape), new ResidualTerm(default, bench.Put(one, images, channels)), ungated);
        Assert.Equal(bench.Get(ungated), bench.Get(onDx));

        float[] Values(int seed, int rows) => bench.Round(RandomData.Normal(seed, rows * channels));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_gradient_of_a_norm_is_as_accurate_as_naive_arithmetic_in_the_same_storage(CudaPrecision precision, int[] shape, bool isAffine)
    {
        using CudaWorkbench bench = new(precision);
        Case data = new(bench, shape, isAffine);
        (double[] exactX, double[] exactScale, double[] exactShift) = data.Exact<double>();
        (float[] naiveX, float[] naiveScale, float[] naiveShift) = data.Exact<float>();
        foreach (bool aligned in new[] { true, false })
        {
            Tensor dx = bench.Take(shape), frozen = bench.Take(shape), dScale = data.TakeVector(), dShift = data.TakeVector();
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
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_large_mean_does_not_cancel_the_variance(CudaPrecision precision, int[] shape)
    {
        using CudaWorkbench bench = new(precision);
        Case data = new(bench, shape, isAffine: false, mean: 1000);
        Tensor dx = bench.Take(shape);
        bench.Device.NormBackward(data.PutX(), data.PutNorm(true), data.PutDy(), data.PutDxIn(), dx);
        Tolerance.TimesNaive(2).Check(bench.Get(dx), data.Exact<double>().DxOut, bench.Round(data.Exact<float>().DxOut));
    }

    [Fact]
    public void The_last_row_of_scales_serves_the_images_beyond_it()
    {
        using CudaWorkbench bench = new(CudaPrecision.F32);
        Case data = new(bench, [3, 2, 16], isAffine: false);
        Tensor few = bench.Take(3, 2, 16), all = bench.Take(3, 2, 16);
        Tensor two = bench.Put(data.Scale[..32], 2, 16), three = bench.Put([.. data.Scale[..32], .. data.Scale[16..32]], 3, 16);
        bench.Device.NormBackward(data.PutX(), Norm.Modulated(two, two, Epsilon), data.PutDy(), default, few);
        bench.Device.NormBackward(data.PutX(), Norm.Modulated(three, three, Epsilon), data.PutDy(), default, all);
        Assert.Equal(bench.Get(all), bench.Get(few));
    }

    private sealed class Case
    {
        private readonly CudaWorkbench _bench;
        private readonly int[] _shape;
        private readonly bool _isAffine;
        private readonly float[] _x;
        private readonly float[] _dy;
        private readonly float[] _dxIn;

        public Case(CudaWorkbench bench, int[] shape, bool isAffine, double mean = 0)
        {
            (_bench, _shape, _isAffine) = (bench, shape, isAffine);
            int size = shape[0] * shape[1] * shape[2];
            _x = bench.Round(RandomData.Normal(seed: 171, size, mean: mean));
            _dy = bench.Round(RandomData.Normal(seed: 172, size));
            _dxIn = bench.Round(RandomData.Normal(seed: 173, size));
            Scale = bench.Round(RandomData.Normal(seed: 174, (isAffine ? 1 : shape[0]) * shape[2]));
        }

        public int Channels => _shape[2];

        public float[] Scale { get; }

        public (T[] DxOut, T[] DScale, T[] DShift) Exact<T>()
            where T : System.Numerics.IFloatingPointIeee754<T> =>
            Reference.NormBackward<T>(_x, Scale, _isAffine, _dy, _dxIn, _shape[1], Channels, Epsilon);

        public Tensor PutX() => _bench.Put(_x, _shape);

        public Tensor PutDy() => _bench.Put(_dy, _shape);

        public Tensor PutDxIn() => _bench.Put(_dxIn, _shape);

        public Tensor TakeVector() => _isAffine ? _bench.Take(Channels) : _bench.Take(_shape[0], Channels);

        public Norm PutNorm(bool aligned)
        {
            int rows = _isAffine ? 1 : _shape[0];
            Tensor scale = aligned ? _bench.Put(Scale, rows, Channels) : _bench.PutMisaligned(Scale, rows, Channels);
            return _isAffine ? Norm.Affine(scale, scale, Epsilon) : Norm.Modulated(scale, scale, Epsilon);
        }
    }
}
