using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>Attention back, then a linear map forward and back, on images <c>first</c> .. of a fixed set.</summary>
internal sealed class MatrixGradientChain : Chain
{
    /// <summary>Images in the set.</summary>
    public const int Images = 5;

    private const int Tokens = 61, Heads = 3, Width = 60, Hidden = 401;

    private readonly Matrix _weight, _transposed;
    private readonly Tensor _qkv, _dy, _values, _dQkv, _hidden, _dx, _dWeight, _dBias;

    public MatrixGradientChain(string set, int threads, int first, int count)
        : base(set, threads)
    {
        int perImage = Tokens * Width;
        float[] qkv = RandomData.Normal(seed: 1, Images * 3 * perImage), dy = RandomData.Normal(seed: 2, Images * perImage);
        _qkv = Bench.Put(qkv[(first * 3 * perImage)..((first + count) * 3 * perImage)], count, Tokens, 3 * Width);
        _dy = Bench.Put(dy[(first * perImage)..((first + count) * perImage)], count, Tokens, Width);
        _values = Bench.Put(RandomData.Normal(seed: 3, Hidden * 3 * Width, deviation: 0.1), Hidden, 3 * Width);
        _weight = Bench.PutMatrix(new float[Hidden * 3 * Width], Hidden, 3 * Width);
        _transposed = Bench.View(_weight);
        _dQkv = Bench.Take(count, Tokens, 3 * Width);
        _hidden = Bench.Take(count, Tokens, Hidden);
        _dx = Bench.Take(count, Tokens, 3 * Width);
        _dWeight = Bench.Take(Hidden, 3 * Width);
        _dBias = Bench.Take(Hidden);
    }

    public override string[] OpNames =>
    [
        "AttentionBackward", "PackMatrix", "Linear", "PackTransposed", "Linear", "LinearWeightGradient", "ColumnSums",
    ];

    public override void Enqueue()
    {
        CpuDevice device = Bench.Device;
        device.AttentionBackward(_qkv, _dy, _dQkv, Heads);
        device.PackMatrix(_values, _weight);
        device.Linear(_dQkv, _weight, default, _hidden);
        device.PackTransposed(_values, _transposed);
        device.Linear(_hidden, _transposed, default, _dx);
        device.LinearWeightGradient(_hidden, _dQkv, _dWeight);
        device.ColumnSums(_hidden, _dBias);
    }

    public override float[][] PerImage() => [Bench.Get(_dQkv), Bench.Get(_hidden), Bench.Get(_dx)];

    public override float[][] Everything() => [.. PerImage(), Bench.Get(_dWeight), Bench.Get(_dBias)];
}
