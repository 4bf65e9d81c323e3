using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>A stream, branches that are added to it and a norm behind them, for every device.</summary>
internal sealed class ResidualNormCase
{
    /// <summary>The epsilon of its norms.</summary>
    public const float Epsilon = 1e-6f;

    private readonly Bench _bench;
    private readonly int[] _shape;
    private readonly bool _sharedX;
    private readonly float[] _x;

    /// <param name="bench">The device, whose storage type the values have.</param>
    /// <param name="shape">B, T, C.</param>
    /// <param name="terms">How many branches; the second has no gate, as in U-ViT.</param>
    /// <param name="sharedX">Whether all images have one x, as positions are.</param>
    /// <param name="mean">Of x.</param>
    public ResidualNormCase(Bench bench, int[] shape, int terms, bool sharedX = false, double mean = 0)
    {
        (_bench, _shape, _sharedX) = (bench, shape, sharedX);
        int size = shape[0] * shape[1] * shape[2];
        _x = bench.Round(RandomData.Normal(seed: 61, sharedX ? shape[1] * shape[2] : size, mean: mean));
        Branches = [.. Enumerable.Range(0, terms).Select(i => bench.Round(RandomData.Normal(seed: 62 + i, size)))];
        Gates = [.. Enumerable.Range(0, terms).Select(i => bench.Round(RandomData.Normal(seed: 72 + i, shape[0] * shape[2])))];
        Scale = bench.Round(RandomData.Normal(seed: 82, shape[0] * shape[2]));
        Shift = bench.Round(RandomData.Normal(seed: 83, shape[0] * shape[2]));
    }

    public int Channels => _shape[2];

    public float[][] Branches { get; }

    public float[][] Gates { get; }

    public float[] Scale { get; }

    public float[] Shift { get; }

    public T[] Sum<T>()
        where T : System.Numerics.IFloatingPointIeee754<T> => Reference.Residual<T>(_x, Terms(0), _shape[0], _shape[1], Channels);

    /// <summary>The sum of what is there already and the branches from some number on.</summary>
    public float[] Continue(float[] sum, int from) => Reference.Residual<float>(sum, Terms(from), _shape[0], _shape[1], Channels);

    public T[] Normal<T>()
        where T : System.Numerics.IFloatingPointIeee754<T> => Reference.LayerNorm(Sum<T>(), Channels, Epsilon);

    public (T[] Sum, T[] Y) Modulated<T>()
        where T : System.Numerics.IFloatingPointIeee754<T> => (Sum<T>(), Reference.Modulate(Normal<T>(), Scale, Shift, _shape[1], Channels));

    /// <summary>fp32 arithmetic, results rounded to the storage type.</summary>
    public (float[] Sum, float[] Y) Naive()
    {
        (float[] sum, float[] y) = Modulated<float>();
        return (_bench.Round(sum), _bench.Round(y));
    }

    public Tensor PutX() => _sharedX ? _bench.Put(_x, _shape[1], Channels) : _bench.Put(_x, _shape);

    public ResidualTerm[] PutTerms(bool dropGate = false) =>
    [
        .. Branches.Select((branch, i) =>
            new ResidualTerm(_bench.Put(branch, _shape), IsGated(i) && !dropGate ? _bench.Put(Gates[i], _shape[0], Channels) : default)),
    ];

    public Norm PutNorm(float[]? scale = null, float[]? shift = null) =>
        Norm.Modulated(_bench.Put(scale ?? Scale, _shape[0], Channels), _bench.Put(shift ?? Shift, _shape[0], Channels), Epsilon);

    public (float[] Sum, float[] Y) Run(float[]? scale = null, float[]? shift = null, bool dropGate = false)
    {
        Tensor sum = _bench.Take(_shape), y = _bench.Take(_shape);
        _bench.Device.ResidualNorm(PutX(), PutTerms(dropGate), sum, PutNorm(scale, shift), y);
        return (_bench.Get(sum), _bench.Get(y));
    }

    private ReferenceTerm[] Terms(int from) =>
        [.. Branches.Select((branch, i) => new ReferenceTerm(branch, IsGated(i) ? Gates[i] : null)).Skip(from)];

    private static bool IsGated(int term) => term != 1;
}
