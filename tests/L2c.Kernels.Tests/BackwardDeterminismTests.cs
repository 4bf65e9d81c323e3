using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>A chain of the row ops of the backward pass and of training: no result depends on the threads, on being recorded, or (where it belongs
/// to an image) on the other images. Bit for bit.</summary>
public sealed class BackwardDeterminismTests
{
    private const int Images = 5, Channels = 4, Size = 14, Patch = 2, Tokens = 49, Width = 60;

    [Theory]
    [MemberData(nameof(Workbench.AllSets), MemberType = typeof(Workbench))]
    public void An_image_is_the_same_alone_and_in_a_batch(string set)
    {
        using var together = new Chain(set, threads: 3, first: 0, count: Images);
        together.Enqueue();
        float[][] all = together.PerImage();
        for (int image = 0; image < Images; image++)
        {
            using var alone = new Chain(set, threads: 3, first: image, count: 1);
            alone.Enqueue();
            foreach ((float[] several, float[] one) in all.Zip(alone.PerImage()))
            {
                Assert.DoesNotContain(one, float.IsNaN);
                Assert.Equal(several[(image * one.Length)..((image + 1) * one.Length)], one);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Workbench.AllSets), MemberType = typeof(Workbench))]
    public void Threads_and_recording_change_nothing(string set)
    {
        float[][]? expected = null;
        foreach (int threads in (int[])[1, 2, 3, 7])
        {
            using var eager = new Chain(set, threads, first: 0, count: Images);
            eager.Enqueue();
            expected ??= eager.Everything();
            Assert.All(expected, values => Assert.DoesNotContain(values, float.IsNaN));
            Assert.Equal(expected, eager.Everything());

            using var recorded = new Chain(set, threads, first: 0, count: Images);
            using OpSequence sequence = recorded.Capture();
            Assert.Equal(Chain.OpCount, sequence.Ops.Count);
            Assert.NotEqual(expected, recorded.Everything()); // nothing has run yet
            for (int run = 0; run < 3; run++)
            {
                recorded.Reset();
                sequence.Run();
                Assert.Equal(expected, recorded.Everything());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Workbench.AllSets), MemberType = typeof(Workbench))]
    public void An_op_recorded_before_a_larger_one_finds_its_sums_where_they_moved(string set)
    {
        using var small = new Chain(set, threads: 2, first: 0, count: 1);
        using OpSequence sequence = small.Capture();
        sequence.Run();
        float[][] expected = small.Everything();
        small.EnqueueLarger();
        small.Reset();
        sequence.Run();
        Assert.Equal(expected, small.Everything());
    }

    /// <summary>Image to tokens, blend, norm, gated branch, weighted branch, activation, conditioning; both losses; a step of AdamW on a gradient.
    /// Images <c>first</c> .. of a fixed set.</summary>
    internal sealed class Chain : IDisposable
    {
        public const int OpCount = 13;

        private readonly Workbench _bench;
        private readonly float[] _weightValues;
        private readonly Tensor _image, _tokens, _x, _y, _cached, _blended, _weight, _dWeight, _modulation, _vectors, _affine, _dAffine;
        private readonly Tensor _dx, _dBranch, _dSource, _dStudentGate, _dScalar, _dNorm, _dGate, _labels, _dTable, _dTime, _dA, _sums;
        private readonly Tensor _output, _noise, _table, _dOutput, _losses, _weights, _first, _second, _average, _coefficients;

        public Chain(string set, int threads, int first, int count)
        {
            _bench = new Workbench(set, threads);
            int inputs = Channels * Patch * Patch;
            int[] stream = [count, Tokens, Width], picture = [count, Channels, Size, Size];
            _image = Some(1, picture);
            _tokens = _bench.Take(count, Tokens, inputs);
            (_x, _y, _cached) = (Some(2, stream), Some(3, stream), Some(4, stream));
            (_blended, _dx, _dBranch, _dNorm) = (_bench.Take(stream), _bench.Take(stream), _bench.Take(stream), _bench.Take(stream));
            (_weight, _dWeight) = (_bench.Put([0.3f], 1), _bench.Take(count * Tokens));
            (_modulation, _vectors) = (Some(5, count, 2 * Width), _bench.Take(count, 2 * Width));
            (_affine, _dAffine) = (_bench.Put(RandomData.Normal(seed: 6, Width), Width), _bench.Take(2, Width));
            _dGate = _bench.Take(count, Width);
            (_dSource, _dStudentGate, _dScalar) = (_bench.Take(stream), _bench.Take(count, Width), _bench.Take(count * Tokens));
            _labels = _bench.Put(RandomData.Integers(seed: 7, Images, 3)[first..(first + count)]);
            (_dTable, _dTime) = (_bench.Take(3, Width), _bench.Take(count, Width));
            (_dA, _sums) = (_bench.Take(stream), _bench.Take(count));
            (_output, _noise) = (Some(8, count, 2 * Channels, Size, Size), Some(9, picture));
            (_dOutput, _losses) = (_bench.Take(count, 2 * Channels, Size, Size), _bench.Take(count, 2));
            float[] timesteps = [.. Enumerable.Range(first, count).SelectMany(i => (float[])[1.25f, 0.75f, 0.2f, 0.7f, -3, -2, i % 2])];
            _table = _bench.Put(timesteps, count, (int)HybridLossColumn.Count);
            _weightValues = RandomData.Normal(seed: 10, 3 * Width);
            (_weights, _average) = (_bench.Take(3 * Width), _bench.Take(3 * Width));
            (_first, _second) = (_bench.Take(3 * Width), _bench.Take(3 * Width));
            _coefficients = _bench.Put([1e-2f, 0.1f, 1e-3f, 1e-8f, 0.01f, 10, 31.6f, 1e-2f], (int)AdamWCoefficient.Count);
            Reset();

            Tensor Some(int seed, params int[] extents)
            {
                int size = extents.Skip(1).Aggregate(1, (product, extent) => product * extent);
                return _bench.Put(RandomData.Normal(seed, Images * size)[(first * size)..((first + count) * size)], extents);
            }
        }

        public void Enqueue()
        {
            CpuDevice device = _bench.Device;
            Tensor gate = _modulation.SliceColumns(0, Width), scale = _modulation.SliceColumns(Width, Width);
            device.UnpatchifyBackward(_image, _tokens, Patch);
            device.Activate(_tokens, _tokens, Activation.GeluTanh);
            device.Blend(_x, _cached, _weight, _blended);
            device.ActivateBackward(_y, _blended, _dx, Activation.GeluErf);
            device.BlendBackward(_dx, _x, _cached, _weight, _dBranch, _dWeight);
            Norm modulated = Norm.Modulated(scale, scale, 1e-6f), affine = Norm.Affine(_affine, _affine, 1e-6f);
            device.NormBackward(_x, modulated, _y, _dBranch, _dNorm, _vectors.SliceColumns(0, Width), _vectors.SliceColumns(Width, Width));
            device.NormBackward(_x, affine, _dNorm, default, _dx, _dAffine.SliceRows(0, 1), _dAffine.SliceRows(1, 1));
            device.ResidualTermBackward(_dx, new ResidualTerm(_cached, gate), _dBranch, _dGate);
            ResidualTerm[] student = [new(_cached, gate, Scalar: _weight), new(_x, Weight: 0.7f, Joins: true)];
            device.ResidualTermBackward(_dx, student, [new(Slope: -1), new(_dSource, 1)], _dStudentGate, _dScalar);
            device.ConditioningBackward(_dGate, gate, _labels, _dTime, _dTable);
            device.SquaredError(_x, _dBranch, Tokens * Width / 2, 0.01f, _dA, _sums);
            device.HybridLoss(_output, _noise, _image, _noise, _table, _dOutput, _losses);
            device.AdamW(_weights, _dTable.Reshape(3 * Width), _first, _second, _average, _coefficients);
        }

        /// <summary>Runs an op that needs more room for sums than those of the chain.</summary>
        public void EnqueueLarger()
        {
            Tensor x = _bench.Put(new float[9 * 200 * 70], 9, 200, 70), gate = _bench.Put(new float[9 * 70], 9, 70);
            _bench.Device.ResidualTermBackward(x, new ResidualTerm(x, gate), x, _bench.Take(9, 70));
        }

        public OpSequence Capture() => _bench.Device.Capture(Enqueue);

        public void Reset()
        {
            foreach (Tensor tensor in (Tensor[])[_weights, _average, _first, _second])
            {
                _bench.Device.Upload(tensor, Array.ConvertAll(_weightValues, Math.Abs));
            }
        }

        /// <summary>What belongs to one image each.</summary>
        public float[][] PerImage() =>
        [
            .. new[]
            {
                _tokens, _blended, _dx, _dBranch, _dNorm, _dWeight, _vectors, _dGate, _dSource, _dStudentGate, _dScalar, _dTime, _dA, _sums, _losses,
            }.Select(_bench.Get),
        ];

        public float[][] Everything() =>
            [.. PerImage(), .. new[] { _dAffine, _dTable, _dOutput, _weights, _average, _first, _second }.Select(_bench.Get)];

        public void Dispose() => _bench.Dispose();
    }
}
