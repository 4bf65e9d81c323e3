using L2c.Kernels;
using L2c.Model.Diffusion;
using L2c.Model.Dit;
using L2c.Model.Randomness;
using L2c.Weights.Layouts;

namespace L2c.Model.Sampling;

/// <summary>A sampling run, planned once and run many times: all memory is allocated and all ops are recorded before the first evaluation.</summary>
/// <remarks>
/// Labels, start noise, step noise and the guidance scale are inputs of the run; steps, sampler, guidance and batch size are fixed by the plan.
/// The sampler's state has one row per image: guidance reads each row twice, and the duplicated half of the published code does not exist.
/// </remarks>
public sealed class SamplingRun : IDisposable
{
    private readonly Arena _arena;
    private readonly Buffers _buffers;
    private readonly OpSequence[] _evaluations;
    private readonly int[] _labels;
    private readonly float[] _staging;

    private SamplingRun(DitModel model, Sampler sampler, int images, SamplingOptions options, Arena arena, Buffers buffers)
    {
        (Model, Sampler, Images, Options, _arena, _buffers) = (model, sampler, images, options, arena, buffers);
        _labels = new int[buffers.Labels.Columns];
        _staging = new float[buffers.X.Shape.Count];
        _evaluations = [.. Enumerable.Range(0, sampler.Steps.Count).Select(e => model.Device.Capture(() => Enqueue(e)))];
    }

    /// <summary>The network.</summary>
    public DitModel Model { get; }

    /// <summary>The sampler and its steps.</summary>
    public Sampler Sampler { get; }

    /// <summary>N: images per run.</summary>
    public int Images { get; }

    /// <summary>What was chosen for the plan.</summary>
    public SamplingOptions Options { get; }

    /// <summary>Shape of the state, [N,C,H,W].</summary>
    public Shape StateShape => _buffers.X.Shape;

    /// <summary>Memory of the run beside the weights.</summary>
    public long WorkspaceBytes => _arena.CapacityBytes;

    /// <summary>Allocates and records everything.</summary>
    /// <param name="model">The network; its device is where the run runs. It must outlive the run.</param>
    /// <param name="sampler">DDIM or DDPM with its steps.</param>
    /// <param name="images">N, at least 1.</param>
    /// <param name="options">Guidance and what to keep.</param>
    /// <exception cref="ArgumentException">Guidance without a null class, or learned variance from a model that has none.</exception>
    public static SamplingRun Plan(DitModel model, Sampler sampler, int images, SamplingOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(images, 1);
        DitArchitecture architecture = model.Architecture;
        if (options.Guidance != Guidance.None && !architecture.HasNullClass)
        {
            throw new ArgumentException($"{architecture.Name} has no null class, so it cannot be guided; sample without guidance");
        }

        if (sampler.Steps.Any(s => s.Coefficients.LearnedVariance) && !architecture.LearnSigma)
        {
            throw new ArgumentException($"{architecture.Name} does not predict a variance; use the sampler with fixed variance");
        }

        (Arena arena, Buffers buffers) = Arena.Carve(model.Device, "workspace", a => Buffers.Take(a, architecture, sampler, images, options));
        try
        {
            float[] timeEmbedding = new float[buffers.TimeEmbedding.Shape.Count];
            TimestepEmbedding.Fill([.. sampler.Steps.Select(s => s.Timestep)], timeEmbedding);
            model.Device.Upload(buffers.TimeEmbedding, timeEmbedding);
            return new SamplingRun(model, sampler, images, options, arena, buffers);
        }
        catch
        {
            arena.Dispose();
            throw;
        }
    }

    /// <summary>Runs all evaluations.</summary>
    /// <param name="labels">N class labels.</param>
    /// <param name="guidanceScale">s; ignored without guidance. 1 gives the conditional prediction.</param>
    /// <param name="noise">Draw 0 is x_T, draw e + 1 the noise that evaluation e adds. Asked in order, and only where a step uses noise.</param>
    /// <param name="afterEvaluation">Called after each evaluation with its number, when the state can be read; null for none.</param>
    /// <param name="cancel">Looked at between evaluations.</param>
    /// <exception cref="ArgumentException">Not N labels, or a label outside the table.</exception>
    public void Run(ReadOnlySpan<int> labels, float guidanceScale, INoiseSource noise, Action<int>? afterEvaluation = null, CancellationToken cancel = default)
    {
        Device device = Model.Device;
        SetLabels(labels);
        if (Options.Guidance != Guidance.None)
        {
            device.Upload(_buffers.GuidanceScale, [guidanceScale]);
        }

        Draw(noise, 0, _buffers.X);
        for (int e = 0; e < _evaluations.Length; e++)
        {
            cancel.ThrowIfCancellationRequested();
            if (Sampler.Steps[e].Coefficients.UsesNoise)
            {
                Draw(noise, e + 1, _buffers.Noise);
            }

            _evaluations[e].Run();
            afterEvaluation?.Invoke(e);
        }

        device.Synchronize();
    }

    /// <summary>Copies the state to the host: after a run, the samples.</summary>
    /// <param name="destination">N C H W values.</param>
    public void ReadState(Span<float> destination) => Model.Device.Download(_buffers.X, destination);

    /// <summary>Copies the last step's predicted x0, [N,C,H,W].</summary>
    /// <exception cref="InvalidOperationException">The run was planned without <see cref="SamplingOptions.KeepPredictions"/>.</exception>
    public void ReadPredictedX0(Span<float> destination) => Model.Device.Download(Kept(_buffers.X0), destination);

    /// <summary>Copies the last step's network output after guidance, [B,C_out,H,W].</summary>
    /// <exception cref="InvalidOperationException">The run was planned without <see cref="SamplingOptions.KeepPredictions"/>.</exception>
    public void ReadGuidedOutput(Span<float> destination) => Model.Device.Download(Kept(_buffers.Guided), destination);

    /// <summary>Frees the workspace.</summary>
    public void Dispose()
    {
        foreach (OpSequence evaluation in _evaluations)
        {
            evaluation.Dispose();
        }

        _arena.Dispose();
    }

    private static Tensor Kept(Tensor tensor) =>
        tensor.IsNone ? throw new InvalidOperationException("the run was planned without KeepPredictions") : tensor;

    private void Enqueue(int evaluation)
    {
        Buffers b = _buffers;
        Model.Modulate(b.TimeEmbedding.SliceRows(evaluation, 1), b.Labels, b.Modulations);
        Model.Forward(b.X, b.Modulations, b.Activations, b.Output);
        SamplerCoefficients step = Sampler.Steps[evaluation].Coefficients with { ClipX0 = Options.ClipDenoised };
        Model.Device.SamplerUpdate(b.Output, b.GuidanceScale, Options.Guidance.Channels(Model.Architecture), step, b.Noise, b.X, b.X0, b.Guided);
    }

    private void SetLabels(ReadOnlySpan<int> labels)
    {
        DitArchitecture architecture = Model.Architecture;
        if (labels.Length != Images)
        {
            throw new ArgumentException($"{labels.Length} labels for {Images} images");
        }

        foreach (int label in labels)
        {
            if ((uint)label >= (uint)architecture.LabelRows)
            {
                throw new ArgumentException($"label {label} is outside 0..{architecture.LabelRows - 1} of {architecture.Name}");
            }
        }

        labels.CopyTo(_labels);
        if (Options.Guidance != Guidance.None)
        {
            _labels.AsSpan(Images).Fill(architecture.NullLabel);
        }

        Model.Device.Upload(_buffers.Labels, _labels);
    }

    private void Draw(INoiseSource noise, int draw, Tensor destination)
    {
        noise.Fill(draw, Images, _staging.Length / Images, _staging);
        Model.Device.Upload(destination, _staging);
    }

    /// <summary>The workspace.</summary>
    private sealed record Buffers(
        Tensor X,
        Tensor Labels,
        Tensor GuidanceScale,
        Tensor TimeEmbedding,
        Tensor Noise,
        DitModulations Modulations,
        DitActivations Activations,
        Tensor Output,
        Tensor X0,
        Tensor Guided)
    {
        public static Buffers Take(Arena arena, DitArchitecture a, Sampler sampler, int images, SamplingOptions options)
        {
            int rows = options.Guidance.Rows(images);
            int size = a.InputSize;
            return new Buffers(
                X: arena.Take(DType.F32, images, a.InChannels, size, size),
                Labels: arena.Take(DType.I32, rows),
                GuidanceScale: options.Guidance == Guidance.None ? default : arena.Take(DType.F32, 1),
                TimeEmbedding: arena.Take(DType.F32, sampler.Steps.Count, TimestepEmbedding.Width),
                Noise: sampler.Steps.Any(s => s.Coefficients.UsesNoise) ? arena.Take(DType.F32, images, a.InChannels, size, size) : default,
                Modulations: DitModulations.Take(arena, a, 1, rows),
                Activations: DitActivations.Take(arena, a, rows),
                Output: arena.Take(DType.F32, rows, a.OutChannels, size, size),
                X0: options.KeepPredictions ? arena.Take(DType.F32, images, a.InChannels, size, size) : default,
                Guided: options.KeepPredictions ? arena.Take(DType.F32, rows, a.OutChannels, size, size) : default);
        }
    }
}
