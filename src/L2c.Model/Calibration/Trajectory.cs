using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Model.Randomness;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Weights.Layouts;

namespace L2c.Model.Calibration;

/// <summary>
/// An uncached sampling run that shows a reader what it computes, evaluation by evaluation. Planned once for N images; <see cref="Run"/> may be
/// called for several batches, each with its labels and noise.
/// </summary>
/// <remarks>
/// Ops run as they are enqueued, so that every stage can be read before the next overwrites it: the states are those of a planned run, its speed is
/// not. Nothing is kept from one evaluation to the next.
/// </remarks>
public sealed class Trajectory : IDisposable
{
    private const string StreamBefore = "tokens_in", FirstNormed = "block0.attn_in";

    private readonly Dictionary<string, int> _branches = [];
    private readonly string _streamAfter;
    private readonly SamplingRun _run;
    private readonly float[] _input;
    private readonly float[] _stream;
    private readonly float[] _guided;
    private ITrajectoryReader? _reader;
    private TrajectoryStages _stages;

    private Trajectory(Network network, SamplerTable sampler, int images, SamplingOptions options)
    {
        TransformerArchitecture a = network.Architecture;
        for (int block = 0; block < a.Blocks; block++)
        {
            _branches.Add($"block{block}.attn_out", 2 * block);
            _branches.Add($"block{block}.mlp_out", (2 * block) + 1);
        }

        _streamAfter = $"block{a.Blocks - 1}.out";
        _run = SamplingRun.Plan(new TappedNetwork(network, Tell), sampler, images, options with
        {
            KeepPredictions = true,
            OneSequence = false,
            Switches = options.Switches with { Replay = false },
        });
        int rows = options.Guidance.Rows(images);
        _input = new float[_run.StateShape.Count];
        _stream = new float[rows * a.Tokens * a.HiddenSize];
        _guided = new float[rows * a.OutChannels * a.InputSize * a.InputSize];
    }

    /// <summary>N.</summary>
    public int Images => _run.Images;

    /// <summary>B: rows of a batch, both halves of guidance counted.</summary>
    public int Rows => _run.Options.Guidance.Rows(Images);

    /// <summary>Shape of the state, [N,C,H,W].</summary>
    public Shape StateShape => _run.StateShape;

    /// <summary>All memory on the device beside the weights.</summary>
    public long RunBytes => _run.RunBytes;

    /// <summary>Allocates the run.</summary>
    /// <param name="network">Its device is where the run runs. It must outlive the trajectory.</param>
    /// <param name="sampler">The sampler with its steps.</param>
    /// <param name="images">N, at least 1.</param>
    /// <param name="options">Guidance and clipping; what is kept and recorded is decided here.</param>
    /// <exception cref="ArgumentException">As <see cref="SamplingRun.Plan(Network, SamplerTable, int, SamplingOptions)"/>.</exception>
    public static Trajectory Plan(Network network, SamplerTable sampler, int images, SamplingOptions options) =>
        new(network, sampler, images, options);

    /// <summary>Runs all evaluations.</summary>
    /// <param name="labels">N class labels.</param>
    /// <param name="guidanceScale">s; ignored without guidance.</param>
    /// <param name="noise">See <see cref="SamplingRun.Run"/>.</param>
    /// <param name="reader">Told of its <see cref="ITrajectoryReader.Stages"/>, on the calling thread.</param>
    /// <param name="afterEvaluation">Told of each evaluation when it and the sampler's step after it have ended.</param>
    /// <param name="cancel">Looked at before each evaluation.</param>
    /// <exception cref="ArgumentException">As <see cref="SamplingRun.Run"/>.</exception>
    /// <exception cref="ObjectDisposedException">The trajectory or its network has been disposed of.</exception>
    public void Run(
        ReadOnlySpan<int> labels,
        float guidanceScale,
        INoiseSource noise,
        ITrajectoryReader reader,
        Action<int>? afterEvaluation = null,
        CancellationToken cancel = default)
    {
        (_reader, _stages) = (reader, reader.Stages);
        try
        {
            _run.Run(labels, guidanceScale, noise, EndEvaluation, cancel: cancel);
        }
        finally
        {
            _reader = null;
        }

        void EndEvaluation(int evaluation)
        {
            if (Wants(TrajectoryStages.Output))
            {
                _run.ReadGuidedOutput(_guided);
                reader.Output(evaluation, _guided);
            }

            afterEvaluation?.Invoke(evaluation);
        }
    }

    /// <summary>Copies the state to the host: after a run, the samples.</summary>
    /// <param name="destination">N C H W values.</param>
    public void ReadState(Span<float> destination) => _run.ReadState(destination);

    /// <summary>Frees the run's memory.</summary>
    public void Dispose() => _run.Dispose();

    private void Tell(int evaluation, string stage, Tensor value)
    {
        if (_branches.TryGetValue(stage, out int branch))
        {
            if (Wants(TrajectoryStages.Branches))
            {
                _reader!.Branch(evaluation, branch, Read(value, _stream));
            }
        }
        else if (stage == TappedNetwork.Input && Wants(TrajectoryStages.Input))
        {
            _reader!.Input(evaluation, Read(value, _input));
        }
        else if (stage == StreamBefore && Wants(TrajectoryStages.StreamBefore))
        {
            _reader!.StreamBefore(evaluation, Read(value, _stream));
        }
        else if (stage == FirstNormed && Wants(TrajectoryStages.FirstNormed))
        {
            _reader!.FirstNormed(evaluation, Read(value, _stream));
        }
        else if (stage == _streamAfter && Wants(TrajectoryStages.StreamAfter))
        {
            _reader!.StreamAfter(evaluation, Read(value, _stream));
        }
    }

    private bool Wants(TrajectoryStages stage) => (_stages & stage) != 0;

    private ReadOnlySpan<float> Read(Tensor value, float[] destination)
    {
        _run.Model.Device.Download(value, destination);
        return destination;
    }
}
