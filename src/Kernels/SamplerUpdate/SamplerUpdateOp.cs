using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.SamplerUpdate"/> was called with: the states that are read, and where each update goes.</summary>
internal readonly record struct SamplerUpdateArguments(
    Tensor Output,
    Tensor GuidanceScale,
    int GuidedChannels,
    SamplerPrediction Prediction,
    SamplerTensors Read,
    Tensor Noise,
    LinearUpdate[] Updates,
    Tensor[] Targets,
    Tensor Guided,
    long Bytes) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new SamplerUpdateOp<V>(this);
}

/// <summary>Guidance and the updates of one evaluation; one channel of one image per tile.</summary>
/// <remarks>
/// Products and sums are rounded one by one in the documented order, as the published codes' are: no fused multiply-add, so every
/// instruction set gives the same picture as long as exp does.
/// </remarks>
internal sealed unsafe class SamplerUpdateOp<V>(SamplerUpdateArguments arguments) : CpuOp
    where V : unmanaged, IFloats<V>
{
    private readonly SamplerUpdateArguments _arguments = arguments;
    private readonly SamplerPrediction _prediction = arguments.Prediction;
    private readonly int _images = Input(arguments).Shape[0];
    private readonly int _channels = Input(arguments).Shape[1];
    private readonly int _outputChannels = arguments.Output.Shape[1];
    private readonly int _pixels = arguments.Output.Shape[2] * arguments.Output.Shape[3];

    /// <inheritdoc/>
    public override string Name => nameof(Device.SamplerUpdate);

    /// <inheritdoc/>
    public override int Tiles => _images * _channels;

    /// <inheritdoc/>
    public override long Bytes => _arguments.Bytes;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int tile, nint scratch)
    {
        int image = tile / _channels, channel = tile % _channels;
        bool hasGuidance = !_arguments.GuidanceScale.IsNone, isGuided = hasGuidance && channel < _arguments.GuidedChannels;
        V scale = V.Broadcast(hasGuidance ? *(float*)_arguments.GuidanceScale.Address : 0);
        float* conditional = Plane(_arguments.Output, image, channel);
        float* unconditional = hasGuidance ? Plane(_arguments.Output, _images + image, channel) : null;
        float* variance = _prediction.LearnedVariance ? Plane(_arguments.Output, image, _channels + channel) : null;
        float* guided = Plane(_arguments.Guided, image, channel);
        float* guidedToo = hasGuidance ? Plane(_arguments.Guided, _images + image, channel) : null;
        float* x = Plane(_arguments.Read.X, image, channel), u = Plane(_arguments.Read.U, image, channel);
        float* h1 = Plane(_arguments.Read.H1, image, channel), h2 = Plane(_arguments.Read.H2, image, channel);
        float* h3 = Plane(_arguments.Read.H3, image, channel), noise = Plane(_arguments.Noise, image, channel);
        float** targets = stackalloc float*[LinearUpdate.MaxCount];
        for (int k = 0; k < _arguments.Targets.Length; k++)
        {
            targets[k] = Plane(_arguments.Targets[k], image, channel);
        }

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

            if (guided != null)
            {
                Partial.Store(eps, guided + i, count);
                if (hasGuidance)
                {
                    Partial.Store(other, guidedToo + i, count);
                }
            }

            Known known = new() { X = Load(x, i), U = Load(u, i), H1 = Load(h1, i), H2 = Load(h2, i), H3 = Load(h3, i), Noise = Load(noise, i) };
            Predict(eps, Load(variance, i), ref known);
            for (int k = 0; k < _arguments.Updates.Length; k++)
            {
                Partial.Store(known.Sum(_arguments.Updates[k]), targets[k] + i, count);
            }
        }

        if (guided != null && _outputChannels > _channels)
        {
            CopyVariance(image, channel);
            if (hasGuidance)
            {
                CopyVariance(_images + image, channel);
            }
        }
    }

    private static Tensor Input(in SamplerUpdateArguments arguments) => arguments.Read[arguments.Prediction.Input];

    // Completes what is known by x0, eps and the noise's deviation.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Predict(V eps, V variance, ref Known known)
    {
        ref readonly SamplerPrediction p = ref _prediction;
        V scaled = V.Broadcast(p.InputToX0) * (p.Input == SamplerState.U ? known.U : known.X);
        V x0 = scaled - V.Broadcast(p.EpsToX0) * eps;
        if (p.ClipX0)
        {
            x0 = V.Max(V.Broadcast(-1f), V.Min(V.Broadcast(1f), x0));
            eps = (scaled - x0) / V.Broadcast(p.EpsToX0);
        }

        (known.X0, known.Eps) = (x0, eps);
        if (p.LearnedVariance)
        {
            V one = V.Broadcast(1f), half = V.Broadcast(0.5f);
            V fraction = (variance + one) * half;
            V log = fraction * V.Broadcast(p.MaxLogVariance) + (one - fraction) * V.Broadcast(p.MinLogVariance);
            known.Noise = Elementary.Exp(half * log) * known.Noise;
        }
    }

    private void CopyVariance(int row, int channel)
    {
        long bytes = (long)_pixels * sizeof(float);
        Buffer.MemoryCopy(Plane(_arguments.Output, row, _channels + channel), Plane(_arguments.Guided, row, _channels + channel), bytes, bytes);
    }

    private V Load(float* plane, int at) => plane == null ? default : Partial.Load<V>(plane + at, _pixels - at);

    private float* Plane(in Tensor tensor, int row, int channel) =>
        tensor.IsNone ? null : (float*)tensor.Address + ((long)row * tensor.Shape[1] + channel) * _pixels;

    /// <summary>What the sums of some pixels are made of.</summary>
    private struct Known
    {
        public V X0, Eps, X, U, H1, H2, H3, Noise;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly V Sum(in LinearUpdate by)
        {
            V sum = default;
            Add(ref sum, by.X0, X0);
            Add(ref sum, by.Eps, Eps);
            Add(ref sum, by.X, X);
            Add(ref sum, by.U, U);
            Add(ref sum, by.H1, H1);
            Add(ref sum, by.H2, H2);
            Add(ref sum, by.H3, H3);
            Add(ref sum, by.Noise, Noise);
            return sum;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Add(ref V sum, float weight, V value)
        {
            if (weight != 0)
            {
                sum += V.Broadcast(weight) * value;
            }
        }
    }
}
