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
    private readonly Term[] _terms = Terms(arguments);
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
        float* variance = _prediction.LearnedVariance && !_arguments.Noise.IsNone ? Plane(_arguments.Output, image, _channels + channel) : null;
        float* guided = Plane(_arguments.Guided, image, channel);
        float* guidedToo = hasGuidance ? Plane(_arguments.Guided, _images + image, channel) : null;
        float* input = Plane(Input(_arguments), image, channel), noise = Plane(_arguments.Noise, image, channel);
        float** targets = stackalloc float*[LinearUpdate.MaxCount];
        float** sources = stackalloc float*[_terms.Length];
        V* sums = stackalloc V[LinearUpdate.MaxCount];
        for (int k = 0; k < _arguments.Targets.Length; k++)
        {
            targets[k] = Plane(_arguments.Targets[k], image, channel);
        }

        for (int t = 0; t < _terms.Length; t++)
        {
            sources[t] = Plane(_terms[t].Source, image, channel);
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

            V draw = noise == null ? default : Partial.Load<V>(noise + i, count);
            V x0 = Predict(Partial.Load<V>(input + i, count), ref eps);
            if (variance != null)
            {
                draw = Deviation(Partial.Load<V>(variance + i, count)) * draw;
            }

            // All sums before the first is stored: an update may set what another reads.
            for (int k = 0, t = 0; k < _arguments.Updates.Length; k++)
            {
                ref readonly LinearUpdate update = ref _arguments.Updates[k];
                V sum = Add(Add(default, update.X0, x0), update.Eps, eps);
                for (; t < _terms.Length && _terms[t].Update == k; t++)
                {
                    sum += V.Broadcast(_terms[t].Weight) * Partial.Load<V>(sources[t] + i, count);
                }

                sums[k] = Add(sum, update.Noise, draw);
            }

            for (int k = 0; k < _arguments.Targets.Length; k++)
            {
                Partial.Store(sums[k], targets[k] + i, count);
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

    // The states that updates read, by update and in the order of the sum.
    private static Term[] Terms(in SamplerUpdateArguments arguments)
    {
        List<Term> terms = [];
        for (int k = 0; k < arguments.Updates.Length; k++)
        {
            foreach (SamplerState state in SamplerTensors.Readable)
            {
                float weight = arguments.Updates[k].WeightOf(state);
                if (weight != 0)
                {
                    terms.Add(new Term(k, weight, arguments.Read[state]));
                }
            }
        }

        return [.. terms];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Add(V sum, float weight, V value) => weight == 0 ? sum : sum + V.Broadcast(weight) * value;

    // x0; eps recomputed where x0 was clamped.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Predict(V input, ref V eps)
    {
        V scaled = V.Broadcast(_prediction.InputToX0) * input, toX0 = V.Broadcast(_prediction.EpsToX0);
        V x0 = scaled - toX0 * eps;
        if (_prediction.ClipX0)
        {
            x0 = V.Max(V.Broadcast(-1f), V.Min(V.Broadcast(1f), x0));
            eps = (scaled - x0) / toX0;
        }

        return x0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Deviation(V variance)
    {
        V one = V.Broadcast(1f), half = V.Broadcast(0.5f);
        V fraction = (variance + one) * half;
        V log = fraction * V.Broadcast(_prediction.MaxLogVariance) + (one - fraction) * V.Broadcast(_prediction.MinLogVariance);
        return Elementary.Exp(half * log);
    }

    private void CopyVariance(int row, int channel)
    {
        long bytes = (long)_pixels * sizeof(float);
        Buffer.MemoryCopy(Plane(_arguments.Output, row, _channels + channel), Plane(_arguments.Guided, row, _channels + channel), bytes, bytes);
    }

    private float* Plane(in Tensor tensor, int row, int channel) =>
        tensor.IsNone ? null : (float*)tensor.Address + ((long)row * tensor.Shape[1] + channel) * _pixels;

    private readonly record struct Term(int Update, float Weight, Tensor Source);
}
