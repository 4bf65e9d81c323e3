using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.SquaredError"/> was called with.</summary>
internal readonly record struct SquaredErrorArguments(Tensor A, Tensor B, int Counted, float Scale, Tensor DA, Tensor Sums) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new SquaredErrorOp<V>(this);
}

/// <summary>The gradient and the sum of one image per tile.</summary>
internal sealed unsafe class SquaredErrorOp<V>(SquaredErrorArguments arguments) : CpuOp
    where V : unmanaged, IFloats<V>
{
    private readonly float* _a = (float*)arguments.A.Address;
    private readonly float* _b = (float*)arguments.B.Address;
    private readonly float* _dA = (float*)arguments.DA.Address;
    private readonly float* _sums = (float*)arguments.Sums.Address;
    private readonly int _counted = arguments.Counted;
    private readonly float _scale = arguments.Scale;
    private readonly int _images = arguments.A.Shape[0];
    private readonly int _size = (int)(arguments.A.Shape.Count / arguments.A.Shape[0]);

    /// <inheritdoc/>
    public override string Name => nameof(Device.SquaredError);

    /// <inheritdoc/>
    public override int Tiles => _images;

    /// <inheritdoc/>
    public override long Bytes => sizeof(float) * (long)_images * (_size + (2 * _counted));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int tile, nint scratch)
    {
        long at = (long)tile * _size;
        float* a = _a + at, b = _b + at, dA = _dA + at;
        V scale = V.Broadcast(_scale), sum = default;
        for (int i = 0; i < _counted; i += V.Count)
        {
            int count = _counted - i;
            V difference = Partial.Load<V>(a + i, count) - Partial.Load<V>(b + i, count);
            sum = V.MultiplyAdd(difference, difference, sum);
            Partial.Store(scale * difference, dA + i, count);
        }

        new Span<float>(dA + _counted, _size - _counted).Clear();
        _sums[tile] = V.Sum(sum);
    }
}
