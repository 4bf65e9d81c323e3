using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>Patchify, embed, modulate, attention, MLP, head, sampler step: images <c>first</c> .. of a fixed set.</summary>
internal sealed class ForwardChain : Chain
{
    /// <summary>Images in the set.</summary>
    public const int Images = 8;

    private const int Channels = 4, Size = 14, Patch = 2, Tokens = 49, Width = 60, Heads = 3, Hidden = 401;

    private static readonly SamplerPrediction _prediction = new() { InputToX0 = 1.6f, EpsToX0 = 1.25f };
    private static readonly LinearUpdate[] _updates = [new(SamplerState.X) { X0 = 0.72f, Eps = 0.69f, H1 = 0.2f, Noise = 0.1f }, new(SamplerState.H1) { X0 = 1 }];

    private readonly float[] _images;
    private readonly Tensor _image, _patches, _x, _normal, _qkv, _mixed, _hidden, _branch, _tokens, _output, _time, _table, _labels, _c, _silu, _modulation, _kept;
    private readonly Matrix _embed, _modulate, _project, _up, _down, _head;
    private readonly Tensor _bias, _affine, _scalar, _taps, _convolved;

    public ForwardChain(string set, int threads, int first, int count)
        : base(set, threads)
    {
        int pixels = Channels * Size * Size, inputs = Channels * Patch * Patch;
        _images = RandomData.Normal(seed: 1, Images * pixels)[(first * pixels)..((first + count) * pixels)];
        _image = Bench.Put(_images, count, Channels, Size, Size);
        _labels = Bench.Put(RandomData.Integers(seed: 2, Images, 10)[first..(first + count)]);
        _time = Bench.Put(RandomData.Normal(seed: 3, Width), 1, Width);
        _table = Bench.Put(RandomData.Normal(seed: 4, 10 * Width), 10, Width);
        _bias = Bench.Put(RandomData.Normal(seed: 5, Hidden), Hidden);
        _affine = Bench.Put(RandomData.Normal(seed: 12, Width), Width);
        _scalar = Bench.Put([-0.5f], 1);
        _embed = Weight(6, Width, inputs);
        _modulate = Weight(7, 6 * Width, Width);
        _project = Weight(8, 3 * Width, Width);
        _up = Weight(9, Hidden, Width);
        _down = Weight(10, Width, Hidden);
        _head = Weight(11, inputs, 2 * Width);
        _taps = Bench.Put(RandomData.Normal(seed: 13, Channels * Channels * 9, 0.2), Channels, Channels, 3, 3);
        _convolved = Bench.Take(count, Channels, Size, Size);
        _patches = Bench.Take(count, Tokens, inputs);
        _x = Bench.Take(count, Tokens, Width);
        _normal = Bench.Take(count, Tokens, Width);
        _qkv = Bench.Take(count, Tokens, 3 * Width);
        _mixed = Bench.Take(count, Tokens, Width);
        _hidden = Bench.Take(count, Tokens, Hidden);
        _branch = Bench.Take(count, Tokens, Width);
        _tokens = Bench.Take(count, Tokens, inputs);
        _output = Bench.Take(count, Channels, Size, Size);
        _c = Bench.Take(count, Width);
        _silu = Bench.Take(count, Width);
        _modulation = Bench.Take(count, 6 * Width);
        _kept = Bench.Put(_images, count, Channels, Size, Size);
    }

    public override string[] OpNames =>
    [
        "Conditioning", "Linear", "Patchify", "Linear", "ResidualNorm", "Linear", "Attention", "ResidualNorm", "Linear", "Linear",
        "ResidualNorm", "Linear", "Linear", "Unpatchify", "ImageConvolution", "SamplerUpdate", "SamplerUpdate",
    ];

    public override void Enqueue()
    {
        CpuDevice device = Bench.Device;
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
        device.Linear(_normal, _head.SliceInputs(0, Width), default, _tokens);
        device.Linear(_mixed, _head.SliceInputs(Width, Width), default, _tokens, accumulates: true);
        device.Unpatchify(_tokens, _output, Patch);
        device.ImageConvolution(_output, _taps, default, _convolved);
        device.SamplerUpdate(_convolved, default, 0, _prediction, new(_image, H1: _kept), _convolved, _updates);
        device.SamplerUpdate(_convolved, default, 0, _prediction, new(_image, H1: _kept), _convolved, _updates); // reads what the first one kept
    }

    public override void Reset()
    {
        Bench.Device.Upload(_image, _images);
        Bench.Device.Upload(_kept, _images);
    }

    public override float[][] PerImage() => [Bench.Get(_image), Bench.Get(_kept)];

    public override float[][] Everything() => PerImage();

    private Matrix Weight(int seed, int outputs, int inputs) =>
        Bench.PutMatrix(RandomData.Normal(seed, outputs * inputs, 1 / Math.Sqrt(inputs)), outputs, inputs);
}
