using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.Convert"/> was called with.</summary>
internal readonly record struct ConvertArguments(Tensor X, Tensor Y) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new ConvertOp<V>(this);
}

/// <summary>Elements from fp32 to bfloat16, some kilobytes per tile.</summary>
internal sealed unsafe class ConvertOp<V>(ConvertArguments arguments) : CpuOp
    where V : unmanaged, IFloats<V>
{
    private const int ElementsPerTile = 16 * 1024;

    private readonly long _count = arguments.X.Shape.Count;
    private readonly float* _x = (float*)arguments.X.Address;
    private readonly ushort* _y = (ushort*)arguments.Y.Address;

    /// <inheritdoc/>
    public override string Name => nameof(Device.Convert);

    /// <inheritdoc/>
    public override int Tiles => (int)((_count + ElementsPerTile - 1) / ElementsPerTile);

    /// <inheritdoc/>
    public override long Bytes => _count * (sizeof(float) + sizeof(ushort));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int tile, nint scratch)
    {
        long first = (long)tile * ElementsPerTile;
        int count = (int)Math.Min(ElementsPerTile, _count - first);
        float* x = _x + first;
        ushort* y = _y + first;
        for (int i = 0; i < count; i += V.Count)
        {
            BFloat16.Store(Partial.Load<V>(x + i, count - i), y + i, count - i);
        }
    }
}
