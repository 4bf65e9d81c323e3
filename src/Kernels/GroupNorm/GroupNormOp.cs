using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>The second half of <see cref="Device.GroupNorm"/>.</summary>
internal readonly record struct GroupNormArguments(Tensor X, Tensor Beta, Tensor Y, Activation Activation, GroupStatistics Statistics) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new GroupNormOp<V>(this);
}

/// <summary>y = act((x - mean) factor + beta) with an image's means and factors of channels; some pixels per tile.</summary>
internal sealed unsafe class GroupNormOp<V>(GroupNormArguments arguments) : CpuOp
    where V : unmanaged, IFloats<V>
{
    private const int ElementsPerTile = 16 * 1024;

    private readonly float* _x = (float*)arguments.X.Address;
    private readonly float* _beta = (float*)arguments.Beta.Address;
    private readonly float* _y = (float*)arguments.Y.Address;
    private readonly Activation _activation = arguments.Activation;
    private readonly GroupStatistics _statistics = arguments.Statistics;
    private readonly int _channels = arguments.Statistics.Channels;
    private readonly int _pixelsPerTile = Math.Max(1, ElementsPerTile / arguments.Statistics.Channels);

    /// <inheritdoc/>
    public override string Name => nameof(Device.GroupNorm);

    /// <inheritdoc/>
    public override int Tiles => _statistics.Images * TilesPerImage;

    /// <inheritdoc/>
    public override long Bytes => 2L * sizeof(float) * _statistics.Images * _statistics.Pixels * _channels;

    private int TilesPerImage => (_statistics.Pixels + _pixelsPerTile - 1) / _pixelsPerTile;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int tile, nint scratch)
    {
        (int image, int part) = Math.DivRem(tile, TilesPerImage);
        int first = part * _pixelsPerTile, end = Math.Min(first + _pixelsPerTile, _statistics.Pixels);
        float* means = _statistics.Norm(image), factors = means + _channels;
        long at = ((long)image * _statistics.Pixels + first) * _channels;
        for (int pixel = first; pixel < end; pixel++, at += _channels)
        {
            Pixel(_x + at, means, factors, _y + at);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Pixel(float* x, float* means, float* factors, float* y)
    {
        for (int c = 0; c < _channels; c += V.Count)
        {
            int count = _channels - c;
            V difference = Partial.Load<V>(x + c, count) - Partial.Load<V>(means + c, count);
            V value = V.MultiplyAdd(difference, Partial.Load<V>(factors + c, count), Partial.Load<V>(_beta + c, count));
            Partial.Store(ActivationForms.Value(_activation, value), y + c, count);
        }
    }
}
