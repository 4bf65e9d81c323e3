using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>A short chain of every op: what an image gives must not depend on its company, on the threads, or on being recorded. Bit for bit.</summary>
public sealed class DeterminismTests
{
    private const int Images = 8, Channels = 4, Size = 14, Patch = 2, Tokens = 49, Width = 60, Heads = 3, Hidden = 401;

    private static readonly SamplerPrediction _prediction = new() { InputToX0 = 1.6f, EpsToX0 = 1.25f };
    private static readonly LinearUpdate[] _updates = [new(SamplerState.X) { X0 = 0.72f, Eps = 0.69f, H1 = 0.2f, Noise = 0.1f }, new(SamplerState.H1) { X0 = 1 }];

    public static TheoryData<string> Sets => [.. Workbench.Sets];

    [Theory]
    [MemberData(nameof(Sets))]
    public void An_image_is_the_same_alone_and_in_a_batch(string set)
    {
        using var together = new Chain(set, threads: 2, first: 0, count: Images);
        together.Enqueue();
        float[] all = together.Result();
        int perImage = all.Length / Images;
        for (int image = 0; image < Images; image++)
        {
            using var alone = new Chain(set, threads: 2, first: image, count: 1);
            alone.Enqueue();
            Assert.Equal(all[(image * perImage)..((image + 1) * perImage)], alone.Result());
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
            expected ??= eager.Result();
            Assert.DoesNotContain(expected, float.IsNaN);
            Assert.Equal(expected, eager.Result());

            using var recorded = new Chain(set, threads, first: 0, count: Images);
            using OpSequence sequence = recorded.Capture();
            Assert.Equal(15, sequence.Ops.Count);
            Assert.NotEqual(expected, recorded.Result()); // nothing has run yet
            for (int run = 0; run < 3; run++)
            {
                recorded.Reset();
                sequence.Run();
                Assert.Equal(expected, recorded.Result());
            }
        }
    }

    /// <summary>Patchify, embed, modulate, attention, MLP, head, sampler step: images <c>first</c> .. of a fixed set.</summary>
    internal sealed class Chain : IDisposable
    {
        private readonly Workbench _bench;
        private readonly float[] _images;
        private readonly Tensor _image, _patches, _x, _normal, _qkv, _mixed, _hidden, _branch, _tokens, _output, _time, _table, _labels, _c, _silu, _modulation, _kept;
        private readonly Matrix _embed, _modulate, _project, _up, _down, _head;
        private readonly Tensor _bias, _affine, _scalar;

        public Chain(string set, int threads, int first, int count)
        {
            _bench = new Workbench(set, threads);
            int pixels = Channels * Size * Size, inputs = Channels * Patch * Patch;
            _images = RandomData.Normal(seed: 1, Images * pixels)[(first * pixels)..((first + count) * pixels)];
            _image = _bench.Put(_images, count, Channels, Size, Size);
            _labels = _bench.Put(RandomData.Integers(seed: 2, Images, 10)[first..(first + count)]);
            _time = _bench.Put(RandomData.Normal(seed: 3, Width), 1, Width);
            _table = _bench.Put(RandomData.Normal(seed: 4, 10 * Width), 10, Width);
            _bias = _bench.Put(RandomData.Normal(seed: 5, Hidden), Hidden);
            _affine = _bench.Put(RandomData.Normal(seed: 12, Width), Width);
            _scalar = _bench.Put([-0.5f], 1);
            _embed = Weight(6, Width, inputs);
            _modulate = Weight(7, 6 * Width, Width);
            _project = Weight(8, 3 * Width, Width);
            _up = Weight(9, Hidden, Width);
            _down = Weight(10, Width, Hidden);
            _head = Weight(11, inputs, Width);
            _patches = _bench.Take(count, Tokens, inputs);
            _x = _bench.Take(count, Tokens, Width);
            _normal = _bench.Take(count, Tokens, Width);
            _qkv = _bench.Take(count, Tokens, 3 * Width);
            _mixed = _bench.Take(count, Tokens, Width);
            _hidden = _bench.Take(count, Tokens, Hidden);
            _branch = _bench.Take(count, Tokens, Width);
            _tokens = _bench.Take(count, Tokens, inputs);
            _output = _bench.Take(count, Channels, Size, Size);
            _c = _bench.Take(count, Width);
            _silu = _bench.Take(count, Width);
            _modulation = _bench.Take(count, 6 * Width);
            _kept = _bench.Put(_images, count, Channels, Size, Size);
        }

        public void Enqueue()
        {
            CpuDevice device = _bench.Device;
            Tensor Part(int index) => _modulation.SliceColumns(index * Width, Width);
            device.Conditioning(_time, _table, _labels, _c, _silu);
            device.Linear(_silu, _modulate, default, _modulation);
            device.Patchify(_image, _patches, Patch);
            device.Linear(_patches, _embed, default, _x);
            device.ResidualNorm(_x, [], default, Norm.Modulated(Part(0), Part(1), 1e-6f), _normal);
            device.Linear(_normal, _project, default, _qkv);
            device.Attention(_qkv, _mixed, Heads);
            device.ResidualNorm(_x, [new(_mixed, Part(2))], _x, Norm.Modulated(Part(3), Part(4), 1e-6f), _normal);
            device.Linear(_normal, _up, _bias, _hidden, Activation.GeluTanh);
            device.Linear(_hidden, _down, default, _branch);
            ResidualTerm[] forecast = [new(_branch, Part(5), Weight: 1.5f), new(_mixed, Scalar: _scalar, Joins: true), new(_x)];
            device.ResidualNorm(_x, forecast, default, Norm.Affine(_affine, _affine, 1e-6f), _normal);
            device.Linear(_normal, _head, default, _tokens);
            device.Unpatchify(_tokens, _output, Patch);
            device.SamplerUpdate(_output, default, 0, _prediction, new(_image, H1: _kept), _output, _updates);
            device.SamplerUpdate(_output, default, 0, _prediction, new(_image, H1: _kept), _output, _updates); // reads what the first one kept
        }

        public OpSequence Capture() => _bench.Device.Capture(Enqueue);

        public void Reset()
        {
            _bench.Device.Upload(_image, _images);
            _bench.Device.Upload(_kept, _images);
        }

        public float[] Result() => _bench.Get(_image);

        public void Dispose() => _bench.Dispose();

        private Matrix Weight(int seed, int outputs, int inputs) =>
            _bench.PutMatrix(RandomData.Normal(seed, outputs * inputs, 1 / Math.Sqrt(inputs)), outputs, inputs);
    }
}
