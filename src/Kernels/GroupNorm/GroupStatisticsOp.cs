using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>The first half of <see cref="Device.GroupNorm"/>.</summary>
internal readonly record struct GroupStatisticsArguments(Tensor X, Tensor Gamma, float Epsilon, GroupStatistics Statistics) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new GroupStatisticsOp<V>(this);
}

/// <summary>Mean and variance of every group, a part of an image per tile.</summary>
/// <remarks>
/// A part is looked at twice, the second time in cache: sums of channels, whose groups' sums give means, then sums of squared differences to them.
/// Whoever ends an image's last part adds the parts in order, in double precision: the squared differences of two parts add up to those of both and
/// n m / (n + m) times the square of the difference of their means (Chan, Golub and LeVeque 1979).
/// </remarks>
internal sealed unsafe class GroupStatisticsOp<V>(GroupStatisticsArguments arguments) : CpuOp
    where V : unmanaged, IFloats<V>
{
    private readonly float* _x = (float*)arguments.X.Address;
    private readonly float* _gamma = (float*)arguments.Gamma.Address;
    private readonly float _epsilon = arguments.Epsilon;
    private readonly GroupStatistics _statistics = arguments.Statistics;
    private readonly int _channels = arguments.Statistics.Channels;
    private readonly int _width = arguments.Statistics.Channels / arguments.Statistics.Groups;

    /// <inheritdoc/>
    public override string Name => nameof(Device.GroupNorm);

    /// <inheritdoc/>
    public override int Tiles => _statistics.Images * _statistics.PartsPerImage;

    /// <inheritdoc/>
    public override long ScratchBytes => 2L * sizeof(float) * Padded;

    /// <inheritdoc/>
    public override long Bytes => sizeof(float) * (long)_statistics.Images * _statistics.Pixels * _channels;

    // C up to whole vectors.
    private int Padded => (_channels + V.Count - 1) / V.Count * V.Count;

    /// <inheritdoc/>
    public override void Run(int tile, nint scratch)
    {
        (int image, int part) = Math.DivRem(tile, _statistics.PartsPerImage);
        (int first, int pixels) = _statistics.PixelsOf(part);
        float* x = _x + ((long)image * _statistics.Pixels + first) * _channels, sums = (float*)scratch, means = sums + Padded;
        float* result = _statistics.Part(image, part);
        new Span<float>(means, Padded).Clear();
        AddSquares<Zero>(x, pixels, means, sums);
        for (int group = 0; group < _statistics.Groups; group++)
        {
            float mean = SumOf(sums, group) / ((float)pixels * _width);
            result[group] = mean;
            new Span<float>(means + group * _width, _width).Fill(mean);
        }

        AddSquares<One>(x, pixels, means, sums);
        for (int group = 0; group < _statistics.Groups; group++)
        {
            result[_statistics.Groups + group] = SumOf(sums, group);
        }

        if (_statistics.IsLast(image))
        {
            AddParts(image);
        }
    }

    /// <summary>sums[c] = sum over pixels of x[c], or of its squared difference to means[c].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddSquares<IsSquared>(float* x, int pixels, float* means, float* sums)
        where IsSquared : struct, IConstant
    {
        new Span<float>(sums, Padded).Clear();
        int pixel = 0;
        for (; pixel + 4 <= pixels; pixel += 4, x += 4L * _channels)
        {
            for (int c = 0; c < _channels; c += V.Count)
            {
                int count = _channels - c;
                V mean = V.Load(means + c);
                V a = Term<IsSquared>(x + c, count, mean), b = Term<IsSquared>(x + _channels + c, count, mean);
                V d = Term<IsSquared>(x + 2L * _channels + c, count, mean), e = Term<IsSquared>(x + 3L * _channels + c, count, mean);
                V.Store(V.Load(sums + c) + ((a + b) + (d + e)), sums + c);
            }
        }

        for (; pixel < pixels; pixel++, x += _channels)
        {
            for (int c = 0; c < _channels; c += V.Count)
            {
                V.Store(V.Load(sums + c) + Term<IsSquared>(x + c, _channels - c, V.Load(means + c)), sums + c);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Term<IsSquared>(float* x, int count, V mean)
        where IsSquared : struct, IConstant
    {
        V value = Partial.Load<V>(x, count);
        return IsSquared.Value == 1 ? (value - mean) * (value - mean) : value;
    }

    private float SumOf(float* channels, int group)
    {
        float sum = 0;
        for (int c = group * _width; c < (group + 1) * _width; c++)
        {
            sum += channels[c];
        }

        return sum;
    }

    private void AddParts(int image)
    {
        float* means = _statistics.Norm(image), factors = means + _channels;
        for (int group = 0; group < _statistics.Groups; group++)
        {
            double count = 0, mean = 0, squares = 0;
            for (int part = 0; part < _statistics.PartsPerImage; part++)
            {
                float* values = _statistics.Part(image, part);
                double more = (double)_statistics.PixelsOf(part).Count * _width, sum = count + more, difference = values[group] - mean;
                mean += difference * more / sum;
                squares += values[_statistics.Groups + group] + difference * difference * count * more / sum;
                count = sum;
            }

            float factor = (float)(1 / Math.Sqrt(squares / count + _epsilon));
            for (int c = group * _width; c < (group + 1) * _width; c++)
            {
                (means[c], factors[c]) = ((float)mean, factor * _gamma[c]);
            }
        }
    }
}
