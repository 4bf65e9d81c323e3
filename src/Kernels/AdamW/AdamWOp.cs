using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.AdamW"/> was called with.</summary>
internal readonly record struct AdamWArguments(
    Tensor Weights, Tensor Gradients, Tensor FirstMoment, Tensor SecondMoment, Tensor Average, Tensor Coefficients) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new AdamWOp<V>(this);
}

/// <summary>One step of some thousand weights per tile.</summary>
internal sealed unsafe class AdamWOp<V>(AdamWArguments arguments) : CpuOp
    where V : unmanaged, IFloats<V>
{
    private const int ElementsPerTile = 8 * 1024;

    private readonly float* _weights = (float*)arguments.Weights.Address;
    private readonly float* _gradients = (float*)arguments.Gradients.Address;
    private readonly float* _first = (float*)arguments.FirstMoment.Address;
    private readonly float* _second = (float*)arguments.SecondMoment.Address;
    private readonly float* _average = (float*)arguments.Average.Address;
    private readonly float* _coefficients = (float*)arguments.Coefficients.Address;
    private readonly long _count = arguments.Weights.Shape.Count;

    /// <inheritdoc/>
    public override string Name => nameof(Device.AdamW);

    /// <inheritdoc/>
    public override int Tiles => (int)((_count + ElementsPerTile - 1) / ElementsPerTile);

    /// <inheritdoc/>
    public override long Bytes => sizeof(float) * (_average == null ? 7 : 9) * _count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int tile, nint scratch)
    {
        float rate = Coefficient(AdamWCoefficient.LearningRate), rate2 = Coefficient(AdamWCoefficient.OneMinusBeta2);
        V decay = V.Broadcast(rate * Coefficient(AdamWCoefficient.WeightDecay)), step = V.Broadcast(rate * Coefficient(AdamWCoefficient.Correction1));
        V toFirst = V.Broadcast(Coefficient(AdamWCoefficient.OneMinusBeta1)), toSecond = V.Broadcast(rate2), keepSecond = V.Broadcast(1 - rate2);
        V correction = V.Broadcast(Coefficient(AdamWCoefficient.Correction2)), epsilon = V.Broadcast(Coefficient(AdamWCoefficient.Epsilon));
        V toAverage = V.Broadcast(Coefficient(AdamWCoefficient.OneMinusEmaDecay)), scale = V.Broadcast(Coefficient(AdamWCoefficient.GradientScale));
        long end = Math.Min((tile + 1L) * ElementsPerTile, _count);
        for (long i = (long)tile * ElementsPerTile; i < end; i += V.Count)
        {
            int count = (int)(end - i);
            V w = Partial.Load<V>(_weights + i, count), g = scale * Partial.Load<V>(_gradients + i, count);
            V m = Partial.Load<V>(_first + i, count), v = Partial.Load<V>(_second + i, count);
            m = V.MultiplyAdd(toFirst, g - m, m);
            v = V.MultiplyAdd(toSecond * g, g, keepSecond * v);
            w = w - decay * w - step * m / V.MultiplyAdd(V.Sqrt(v), correction, epsilon);
            Partial.Store(w, _weights + i, count);
            Partial.Store(m, _first + i, count);
            Partial.Store(v, _second + i, count);
            if (_average != null)
            {
                V average = Partial.Load<V>(_average + i, count);
                Partial.Store(V.MultiplyAdd(toAverage, w - average, average), _average + i, count);
            }
        }
    }

    private float Coefficient(AdamWCoefficient column) => _coefficients[(int)column];
}
