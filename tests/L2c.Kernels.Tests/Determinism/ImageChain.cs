using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>What a decoder and an Inception network are made of, on few channels: windows inside an image and across its sides, norm, pools into
/// channels of one image, a wider picture. Images <c>first</c> .. of a fixed set.</summary>
internal sealed class ImageChain : Chain
{
    /// <summary>Images in the set.</summary>
    public const int Images = 4;

    private const int Side = 13, Width = 40, Large = 26;

    private readonly Tensor _image, _x, _normal, _branches, _large, _small, _mean, _picture, _halved;
    private readonly Matrix _in, _block, _down, _out;
    private readonly Tensor _bias;

    public ImageChain(string set, int threads, int first, int count)
        : base(set, threads)
    {
        const int Size = Side * Side * 3;
        _image = Bench.Put(RandomData.Normal(seed: 351, Images * Size)[(first * Size)..((first + count) * Size)], count, Side, Side, 3);
        (_in, _block, _down, _out) = (Weight(352, Width, 3), Weight(353, Width, Width), Weight(354, 21, 3 * Width), Weight(355, 3, Width));
        _bias = Bench.Put(RandomData.Normal(seed: 356, Width), Width);
        (_x, _normal) = (Bench.Take(count, Side, Side, Width), Bench.Take(count, Side, Side, Width));
        _branches = Bench.Take(count, Side, Side, 3 * Width);
        _large = Bench.Take(count, Large, Large, Width);
        (_small, _mean) = (Bench.Take(count, 6, 6, 21), Bench.Take(count, 1, 1, 21));
        _picture = Bench.Take(count, Large, Large, 3);
        _halved = Bench.Take(count, Side, Side, 3);
    }

    public override string[] OpNames =>
    [
        "Convolution", "GroupNorm", "GroupNorm", "Convolution", "Pooling", "Pooling", "Linear", "Convolution", "Pooling", "Upsample", "Convolution",
        "Pooling",
    ];

    public override void Enqueue()
    {
        CpuDevice device = Bench.Device;
        Window same = Window.Square(3, padding: 1);
        Tensor narrow = _bias.SliceColumns(0, 21);
        device.Convolution(_image, _in, _bias, _x, same);
        device.GroupNorm(_x, _bias, _bias, _normal, 8, 1e-6f, Activation.Silu);
        device.Convolution(_normal, _block, _bias, _x, same, Activation.Relu, accumulates: true);
        device.Pooling(_x, _branches.SliceChannels(0, Width), same, Pool.Max);
        device.Pooling(_x, _branches.SliceChannels(Width, Width), same, Pool.Average);
        device.Convolution(_x, _block.SliceInputs(0, Width), _bias, _branches.SliceChannels(2 * Width, Width), Window.Square(1));
        device.Convolution(_branches, _down, narrow, _small, Window.Square(3, stride: 2), Activation.Silu);
        device.Pooling(_small, _mean, Window.Square(6), Pool.Average);
        device.Upsample(_branches.SliceChannels(Width, Width), _large);
        device.Convolution(_large, _out, default, _picture, same);
        device.Pooling(_picture, _halved, Window.Square(2, stride: 2), Pool.Max);
    }

    public override float[][] PerImage() => [.. new[] { _x, _branches, _small, _mean, _picture, _halved }.Select(Bench.Get)];

    public override float[][] Everything() => PerImage();

    private Matrix Weight(int seed, int outputs, int channels) =>
        Bench.PutMatrix(RandomData.Normal(seed, outputs * 9 * channels, 1 / Math.Sqrt(9 * channels)), outputs, 9 * channels);
}
