using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.SamplerUpdate"/> was called with.</summary>
internal readonly record struct SamplerUpdateArguments(
    Tensor Output,
    Tensor GuidanceScale,
    int GuidedChannels,
    SamplerCoefficients Coefficients,
    Tensor Noise,
    Tensor X,
    Tensor X0,
    Tensor Guided) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new SamplerUpdateOp<V>(this);
}

/// <summary>Guidance and one sampler step; one channel of one image per tile.</summary>
/// <remarks>
/// Products and sums are rounded one by one in the documented order, as the published code's are: no fused multiply-add, so every
/// instruction set gives the same picture as long as exp does.
/// </remarks>
internal sealed unsafe class SamplerUpdateOp<V>(SamplerUpdateArguments arguments) : CpuOp
    where V : unmanaged, IFloats<V>
{
    private readonly SamplerUpdateArguments _arguments = arguments;
    private readonly SamplerCoefficients _coefficients = arguments.Coefficients;
    private readonly int _images = arguments.X.Shape[0];
    private readonly int _channels = arguments.X.Shape[1];
    private readonly int _outputChannels = arguments.Output.Shape[1];
    private readonly int _pixels = arguments.X.Shape[2] * arguments.X.Shape[3];

    /// <inheritdoc/>
    public override string Name => nameof(Device.SamplerUpdate);

    /// <inheritdoc/>
    public override int Tiles => _images * _channels;

    /// <inheritdoc/>
    public override long Bytes
    {
        get
        {
            long state = _arguments.X.Shape.Count, output = _arguments.Output.Shape.Count;
            int passes = 2 + (_coefficients.UsesNoise ? 1 : 0) + (_arguments.X0.IsNone ? 0 : 1);
            return sizeof(float) * (passes * state + (_arguments.Guided.IsNone ? 1 : 2) * output);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int tile, nint scratch)
    {
        int image = tile / _channels, channel = tile % _channels;
        bool hasGuidance = !_arguments.GuidanceScale.IsNone, isGuided = hasGuidance && channel < _arguments.GuidedChannels;
        bool learned = _coefficients.LearnedVariance, usesNoise = _coefficients.UsesNoise;
        V scale = V.Broadcast(hasGuidance ? *(float*)_arguments.GuidanceScale.Address : 0);
        float* conditional = Plane(_arguments.Output, image, channel);
        float* unconditional = hasGuidance ? Plane(_arguments.Output, _images + image, channel) : null;
        float* variance = learned ? Plane(_arguments.Output, image, _channels + channel) : null;
        float* x = Plane(_arguments.X, image, channel), noise = usesNoise ? Plane(_arguments.Noise, image, channel) : null;
        float* x0 = _arguments.X0.IsNone ? null : Plane(_arguments.X0, image, channel);
        bool keep = !_arguments.Guided.IsNone;
        float* guided = keep ? Plane(_arguments.Guided, image, channel) : null;
        float* guidedToo = keep && hasGuidance ? Plane(_arguments.Guided, _images + image, channel) : null;
        for (int i = 0; i < _pixels; i += V.Count)
        {
            int count = _pixels - i;
            V eps = Partial.Load<V>(conditional + i, count);
            V other = hasGuidance ? Partial.Load<V>(unconditional + i, count) : eps;
            if (isGuided)
            {
                eps = other + scale * (eps - other);
                other = eps;
            }

            if (keep)
            {
                Partial.Store(eps, guided + i, count);
                if (hasGuidance)
                {
                    Partial.Store(other, guidedToo + i, count);
                }
            }

            V log = learned ? Partial.Load<V>(variance + i, count) : default;
            V draw = usesNoise ? Partial.Load<V>(noise + i, count) : default;
            V next = Step(eps, log, draw, Partial.Load<V>(x + i, count), out V predicted);
            Partial.Store(next, x + i, count);
            if (x0 != null)
            {
                Partial.Store(predicted, x0 + i, count);
            }
        }

        if (keep && _outputChannels > _channels)
        {
            CopyVariance(image, channel);
            if (hasGuidance)
            {
                CopyVariance(_images + image, channel);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Step(V eps, V variance, V noise, V x, out V x0)
    {
        ref readonly SamplerCoefficients step = ref _coefficients;
        V scaled = V.Broadcast(step.XToX0) * x;
        x0 = scaled - V.Broadcast(step.EpsToX0) * eps;
        if (step.ClipX0)
        {
            x0 = V.Max(V.Broadcast(-1f), V.Min(V.Broadcast(1f), x0));
            eps = (scaled - x0) / V.Broadcast(step.EpsToX0);
        }

        V mean = V.Broadcast(step.MeanX0) * x0 + V.Broadcast(step.MeanEps) * eps + V.Broadcast(step.MeanX) * x;
        if (!step.UsesNoise)
        {
            return mean;
        }

        V deviation = V.Broadcast(step.Sigma);
        if (step.LearnedVariance)
        {
            V one = V.Broadcast(1f), half = V.Broadcast(0.5f);
            V fraction = (variance + one) * half;
            V log = fraction * V.Broadcast(step.MaxLogVariance) + (one - fraction) * V.Broadcast(step.MinLogVariance);
            deviation = Elementary.Exp(half * log);
        }

        return mean + deviation * noise;
    }

    private void CopyVariance(int row, int channel)
    {
        long bytes = (long)_pixels * sizeof(float);
        Buffer.MemoryCopy(Plane(_arguments.Output, row, _channels + channel), Plane(_arguments.Guided, row, _channels + channel), bytes, bytes);
    }

    private float* Plane(in Tensor tensor, int row, int channel) => (float*)tensor.Address + ((long)row * tensor.Shape[1] + channel) * _pixels;
}
