using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.ClipNorm"/> was called with.</summary>
internal readonly record struct ClipNormArguments(Tensor Gradients, float Most, Tensor Norm, Tensor Scale, PartialSums Partials) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new ClipNormOp<V>(this);
}

/// <summary>The squares of some thousand values per tile; whoever ends the last tile adds the tiles in order, in double precision.</summary>
internal sealed unsafe class ClipNormOp<V> : CpuOp
    where V : unmanaged, IFloats<V>
{
    private const int ElementsPerTile = 8 * 1024;

    // As many chains as hide the latency of a multiply-add.
    private const int Vectors = 4;

    private readonly ClipNormArguments _arguments;
    private readonly long _count;

    public ClipNormOp(ClipNormArguments arguments)
    {
        (_arguments, _count) = (arguments, arguments.Gradients.Shape.Count);
        arguments.Partials.Reserve(Tiles, 1);
    }

    /// <inheritdoc/>
    public override string Name => nameof(Device.ClipNorm);

    /// <inheritdoc/>
    public override int Tiles => (int)((_count + ElementsPerTile - 1) / ElementsPerTile);

    /// <inheritdoc/>
    public override long Bytes => sizeof(float) * _count;

    /// <inheritdoc/>
    public override void Run(int tile, nint scratch)
    {
        long first = (long)tile * ElementsPerTile;
        _arguments.Partials.Values[tile] = SumOfSquares((float*)_arguments.Gradients.Address + first, (int)Math.Min(ElementsPerTile, _count - first));
        if (!_arguments.Partials.IsLast(0, Tiles))
        {
            return;
        }

        double sum = 0;
        for (int part = 0; part < Tiles; part++)
        {
            sum += _arguments.Partials.Values[part];
        }

        double norm = Math.Sqrt(sum), divisor = norm + Device.ClipEpsilon;
        *(float*)_arguments.Norm.Address = (float)norm;

        // A norm that is not a number makes the step one, so that the run ends.
        *(float*)_arguments.Scale.Address = divisor <= _arguments.Most ? 1 : (float)(_arguments.Most / divisor);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float SumOfSquares(float* values, int count)
    {
        V a = default, b = default, c = default, d = default;
        int i = 0;
        for (; i + (Vectors * V.Count) <= count; i += Vectors * V.Count)
        {
            V v0 = V.Load(values + i), v1 = V.Load(values + i + V.Count);
            V v2 = V.Load(values + i + 2 * V.Count), v3 = V.Load(values + i + 3 * V.Count);
            a = V.MultiplyAdd(v0, v0, a);
            b = V.MultiplyAdd(v1, v1, b);
            c = V.MultiplyAdd(v2, v2, c);
            d = V.MultiplyAdd(v3, v3, d);
        }

        for (; i < count; i += V.Count)
        {
            V value = Partial.Load<V>(values + i, count - i);
            a = V.MultiplyAdd(value, value, a);
        }

        return V.Sum(a + b + (c + d));
    }
}
