using L2c.Kernels.Cuda;
using L2c.Testing;

namespace L2c.Kernels.Tests.Cuda;

/// <summary>What a decoder is made of, as one recording: it replays to the bits that calling it gives, whatever scratch memory other ops take later, and
/// can be listed on paper.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class ImageReplayCudaTests
{
    private const int Images = 2;
    private const int Side = 34;
    private const int Channels = 264; // wider than a head that a kernel holds

    public static TheoryData<CudaPrecision> Precisions => [.. Enum.GetValues<CudaPrecision>()];

    [Theory]
    [MemberData(nameof(Precisions))]
    public void A_recorded_pass_gives_the_bits_of_the_same_calls(CudaPrecision precision)
    {
        using CudaWorkbench bench = new(precision, new CudaOptions { PartBytes = 1 << 17 });
        Pass pass = new(bench), other = new(bench);
        using OpSequence sequence = bench.Device.Capture(pass.Enqueue);
        pass.Fill();
        other.Fill();
        other.Enqueue();
        float[][] expected = other.Results();
        sequence.Run();
        Assert.Equal(expected, pass.Results());
        Assert.All(expected, values => Assert.Contains(values, value => value != 0));

        // A later op's larger scratch memory leaves the recording's in place.
        long before = bench.Device.ScratchBytes;
        Tensor wide = bench.Put(new float[2 * 3 * 3 * 1024], 2, 3, 3, 1024);
        bench.Device.Convolution(
            wide, bench.PutMatrix(new float[17 * 9 * 1024], 17, 9 * 1024), default, bench.Take(2, 3, 3, 17), Window.Square(3, padding: 1));
        Assert.True(bench.Device.ScratchBytes > before);
        pass.Fill();
        sequence.Run();
        Assert.Equal(expected, pass.Results());
        Assert.Equal(sequence.Ops, bench.Device.List(pass.Enqueue));
    }

    [Fact]
    public void On_paper_no_memory_is_taken()
    {
        using CudaWorkbench bench = new(CudaPrecision.F16);
        Pass pass = new(bench);
        long before = bench.AllocatedBytes;
        IReadOnlyList<OpInfo> ops = bench.Device.List(pass.Enqueue);
        Assert.Equal(before, bench.AllocatedBytes);
        Assert.Equal(
            ["Convolution", "GroupNorm", "Convolution", "Pooling", "Linear", "Attention", "Upsample", "Convolution"], ops.Select(op => op.Name));
        Assert.All(ops, op => Assert.True(op.Bytes > 0, op.Name));
    }

    private sealed class Pass
    {
        private const int Narrow = 16, Pooled = Side / 8, Tokens = Pooled * Pooled;

        private readonly CudaWorkbench _bench;
        private readonly Tensor _image, _x, _normal, _pooled, _qkv, _mixed, _large, _picture, _vector, _bias;
        private readonly Matrix _in, _block, _map, _out;

        public Pass(CudaWorkbench bench)
        {
            _bench = bench;
            (_image, _x, _normal) = (bench.Take(Images, Side, Side, 3), bench.Take(Images, Side, Side, Narrow), bench.Take(Images, Side, Side, Narrow));
            _pooled = bench.Take(Images, Pooled, Pooled, Narrow);
            (_qkv, _mixed) = (bench.Take(Images, Tokens, 3 * Channels), bench.Take(Images, Tokens, Channels));
            (_large, _picture) = (bench.Take(Images, 2 * Pooled, 2 * Pooled, Channels), bench.Take(Images, 2 * Pooled, 2 * Pooled, 3));
            (_vector, _bias) = (Values(171, Narrow), Values(172, 3 * Channels));
            (_in, _block) = (Weight(173, Narrow, 27), Weight(174, Narrow, 9 * Narrow));
            (_map, _out) = (Weight(175, 3 * Channels, Narrow), Weight(176, 3, 9 * Channels));
        }

        public void Fill() => _bench.Device.Upload(_image, RandomData.Normal(seed: 177, Images * Side * Side * 3));

        public void Enqueue()
        {
            CudaDevice device = _bench.Device;
            Window same = Window.Square(3, padding: 1);
            device.Convolution(_image, _in, _vector, _x, same);
            device.GroupNorm(_x, _vector, _vector, _normal, 4, 1e-6f, Activation.Silu);
            device.Convolution(_normal, _block, _vector, _x, same, Activation.Relu, accumulates: true);
            device.Pooling(_x, _pooled, Window.Square(8, stride: 8), Pool.Average);
            device.Convolution(_pooled, _map, _bias, _qkv.Reshape(Images, Pooled, Pooled, 3 * Channels), Window.Square(1));
            device.Attention(_qkv, _mixed, 1);
            device.Upsample(_mixed.Reshape(Images, Pooled, Pooled, Channels), _large);
            device.Convolution(_large, _out, default, _picture, same);
        }

        public float[][] Results() => [.. new[] { _x, _normal, _pooled, _mixed, _large, _picture }.Select(_bench.Get)];

        private Tensor Values(int seed, int count) => _bench.Put(RandomData.Normal(seed, count), count);

        private Matrix Weight(int seed, int outputs, int inputs) =>
            _bench.PutMatrix(RandomData.Normal(seed, outputs * inputs, 1 / Math.Sqrt(inputs)), outputs, inputs);
    }
}
