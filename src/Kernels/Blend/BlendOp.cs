using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.Blend"/> was called with.</summary>
internal readonly record struct BlendArguments(Tensor Fresh, Tensor Cached, Tensor Weight, Tensor Blended) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new BlendOp<V>(this);
}

/// <summary>w fresh + (1 - w) cached; some thousand elements per tile.</summary>
internal sealed unsafe class BlendOp<V>(BlendArguments arguments) : CpuOp
    where V : unmanaged, IFloats<V>
{
    private const int ElementsPerTile = 16 * 1024;

    private readonly float* _fresh = (float*)arguments.Fresh.Address;
    private readonly float* _cached = (float*)arguments.Cached.Address;
    private readonly float* _weight = (float*)arguments.Weight.Address;
    private readonly float* _blended = (float*)arguments.Blended.Address;
    private readonly long _count = arguments.Fresh.Shape.Count;

    /// <inheritdoc/>
    public override string Name => nameof(Device.Blend);

    /// <inheritdoc/>
    public override int Tiles => (int)((_count + ElementsPerTile - 1) / ElementsPerTile);

    /// <inheritdoc/>
    public override long Bytes => sizeof(float) * 3 * _count;

    /// <inheritdoc/>
    public override void Run(int tile, nint scratch)
    {
        long first = (long)tile * ElementsPerTile;
        int count = (int)Math.Min(ElementsPerTile, _count - first);
        float weight = *_weight;
        if (weight is 0 or 1)
        {
            // The other operand times 0 would lose the sign of a zero, and be NaN where it is infinite.
            long bytes = (long)count * sizeof(float);
            Buffer.MemoryCopy((weight == 0 ? _cached : _fresh) + first, _blended + first, bytes, bytes);
        }
        else
        {
            Mix(_fresh + first, _cached + first, weight, _blended + first, count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mix(float* fresh, float* cached, float weight, float* blended, int length)
    {
        V w = V.Broadcast(weight), rest = V.Broadcast(1 - weight);
        for (int i = 0; i < length; i += V.Count)
        {
            int count = length - i;
            Partial.Store(V.MultiplyAdd(w, Partial.Load<V>(fresh + i, count), rest * Partial.Load<V>(cached + i, count)), blended + i, count);
        }
    }
}
