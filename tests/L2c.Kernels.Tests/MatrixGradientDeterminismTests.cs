using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>The gradients of matrix products and of attention must not depend on threads or on being recorded; those of activations, which belong to
/// an image, not on its company either. Bit for bit.</summary>
public sealed class MatrixGradientDeterminismTests
{
    private const int Images = 5, Tokens = 61, Heads = 3, Width = 60, Hidden = 401;

    public static TheoryData<string> Sets => [.. Workbench.Sets];

    [Theory]
    [MemberData(nameof(Sets))]
    public void An_image_has_the_same_gradient_alone_and_in_a_batch(string set)
    {
        using var together = new Chain(set, threads: 2, first: 0, count: Images);
        together.Enqueue();
        float[] all = together.OfActivations();
        int perImage = all.Length / Images;
        for (int image = 0; image < Images; image++)
        {
            using var alone = new Chain(set, threads: 2, first: image, count: 1);
            alone.Enqueue();
            Assert.Equal(all[(image * perImage)..((image + 1) * perImage)], alone.OfActivations());
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Threads_and_recording_change_nothing(string set)
    {
        float[]? expected = null;
        foreach (int threads in (int[])[1, 2, 3, 7])
        {
            using var eager = new Chain(set, threads, first: 0, count: Images);
            eager.Enqueue();
            expected ??= eager.OfAll();
            Assert.DoesNotContain(expected, float.IsNaN);
            Assert.Equal(expected, eager.OfAll());

            using var recorded = new Chain(set, threads, first: 0, count: Images);
            using OpSequence sequence = recorded.Capture();
            Assert.Equal(
                ["AttentionBackward", "PackMatrix", "Linear", "PackTransposed", "Linear", "LinearWeightGradient", "ColumnSums"],
                sequence.Ops.Select(op => op.Name));
            Assert.Contains(recorded.OfAll(), float.IsNaN); // nothing has run yet
            for (int run = 0; run < 3; run++)
            {
                sequence.Run();
                Assert.Equal(expected, recorded.OfAll());
            }
        }
    }

    /// <summary>Attention back, then a linear map forward and back, on images <c>first</c> .. of a fixed set.</summary>
    internal sealed class Chain : IDisposable
    {
        private readonly Workbench _bench;
        private readonly Arena _arena;
        private readonly Matrix _weight, _transposed;
        private readonly Tensor _qkv, _dy, _values, _dQkv, _hidden, _dx, _dWeight, _dBias;

        public Chain(string set, int threads, int first, int count)
        {
            _bench = new Workbench(set, threads);
            int perImage = Tokens * Width;
            float[] qkv = RandomData.Normal(seed: 1, Images * 3 * perImage), dy = RandomData.Normal(seed: 2, Images * perImage);
            _qkv = _bench.Put(qkv[(first * 3 * perImage)..((first + count) * 3 * perImage)], count, Tokens, 3 * Width);
            _dy = _bench.Put(dy[(first * perImage)..((first + count) * perImage)], count, Tokens, Width);
            _values = _bench.Put(RandomData.Normal(seed: 3, Hidden * 3 * Width, deviation: 0.1), Hidden, 3 * Width);
            (_arena, (_weight, _transposed)) = Arena.Carve(_bench.Device, "test", arena =>
            {
                Matrix weight = arena.TakeMatrix(Hidden, 3 * Width);
                return (weight, arena.TakeTransposed(weight));
            });
            _dQkv = _bench.Take(count, Tokens, 3 * Width);
            _hidden = _bench.Take(count, Tokens, Hidden);
            _dx = _bench.Take(count, Tokens, 3 * Width);
            _dWeight = _bench.Take(Hidden, 3 * Width);
            _dBias = _bench.Take(Hidden);
        }

        public void Enqueue()
        {
            CpuDevice device = _bench.Device;
            device.AttentionBackward(_qkv, _dy, _dQkv, Heads);
            device.PackMatrix(_values, _weight);
            device.Linear(_dQkv, _weight, default, _hidden);
            device.PackTransposed(_values, _transposed);
            device.Linear(_hidden, _transposed, default, _dx);
            device.LinearWeightGradient(_hidden, _dQkv, _dWeight);
            device.ColumnSums(_hidden, _dBias);
        }

        public OpSequence Capture() => _bench.Device.Capture(Enqueue);

        public float[] OfActivations() => [.. _bench.Get(_dQkv).Zip(_bench.Get(_dx), (a, b) => (float[])[a, b]).SelectMany(pair => pair)];

        public float[] OfAll() => [.. OfActivations(), .. _bench.Get(_dWeight), .. _bench.Get(_dBias)];

        public void Dispose()
        {
            _arena.Dispose();
            _bench.Dispose();
        }
    }
}
