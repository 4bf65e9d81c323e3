using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Model.Randomness;
using L2c.Model.Runs;
using L2c.Model.Samplers;

namespace L2c.Model.Planning;

/// <summary>The states of a sampler on the host, in the order of <see cref="SamplerTensors.Readable"/>; empty where there is none.</summary>
internal sealed record SteppedState(float[][] Values);

/// <summary>
/// A run whose evaluations are enqueued one by one, from any state, with any branches taken from the evaluation before instead of being computed.
/// </summary>
/// <remarks>
/// The outputs of two evaluations are kept, of even and of odd number: a step that computes everything for keeps writes the one set, a step that
/// tries something reads the other and writes neither. Nothing is recorded, so it is slower than a planned run, with the same results.
/// </remarks>
internal sealed class SteppedRun
{
    private readonly RunBuffers _buffers;
    private readonly Tensor[][] _kept;
    private readonly RunInputs _inputs;
    private readonly float[] _output;
    private INoiseSource? _noise;
    private Action? _afterEvaluation;
    private CancellationToken _cancel;
    private int _prepared;

    private SteppedRun(RunPlan plan, RunBuffers buffers, Tensor[][] kept)
    {
        (Plan, _buffers, _kept) = (plan, buffers, kept);
        _inputs = new RunInputs(plan, buffers);
        _output = new float[kept[0][0].Shape.Count];
    }

    /// <summary>Planned to compute everything.</summary>
    public RunPlan Plan { get; }

    private Network Network => Plan.Model;

    private Device Device => Network.Device;

    /// <summary>Carves its memory.</summary>
    public static SteppedRun Take(Arena arena, RunPlan plan)
    {
        RunBuffers buffers = plan.Take(arena);
        return new SteppedRun(plan, buffers, [Outputs(), Outputs()]);

        Tensor[] Outputs() => [.. Enumerable.Range(0, plan.Schedule.Branches)
            .Select(_ => arena.Take(plan.Rows, plan.Model.Architecture.Tokens, plan.Model.Architecture.HiddenSize))];
    }

    /// <summary>Uploads what never changes.</summary>
    public void UploadConstants()
    {
        _buffers.Network.UploadConstants(Device);
        _buffers.Network.SetTimes(Device, [.. Plan.Sampler.Evaluations.Select(step => step.Time)]);
    }

    /// <summary>Begins a run: the state is then x_T.</summary>
    public void Start(ReadOnlySpan<int> labels, float guidanceScale, INoiseSource noise, Action? afterEvaluation, CancellationToken cancel)
    {
        (_noise, _afterEvaluation, _cancel, _prepared) = (noise, afterEvaluation, cancel, -1);
        _inputs.SetCondition(labels, guidanceScale);
        _inputs.DrawStart(noise);
    }

    /// <summary>Runs one evaluation and the sampler's step after it.</summary>
    /// <param name="evaluation">From 0.</param>
    /// <param name="kept">Whether a branch takes its output of the evaluation before, which was run for keeps; null for a step for keeps, which
    /// computes everything.</param>
    /// <param name="read">Told of every output of a step for keeps, [B,T,C]; null for nobody.</param>
    public void Step(int evaluation, Func<int, bool>? kept, BranchReader? read = null)
    {
        _cancel.ThrowIfCancellationRequested();
        Network.RequireAlive();
        _inputs.DrawFor(evaluation, _noise!);
        int group = evaluation / _buffers.Network.GroupSize;
        if (group != _prepared)
        {
            Device.Scope = OpScope.None;
            Network.Prepare(_buffers.Network, group);
            _prepared = group;
        }

        Tensor[] current = _kept[evaluation % 2], previous = _kept[(evaluation + 1) % 2];
        EvaluationPlan plan = new(evaluation, [.. current.Select((output, branch) =>
            kept is null ? BranchPlan.Computed(output)
            : kept(branch) ? BranchPlan.Reused(previous[branch])
            : BranchPlan.Computed(_buffers.Network.Output(branch, hasBackward: false)))])
        {
            Switches = Plan.Options.Switches,
        };
        SamplerEvaluation step = Plan.Sampler.Evaluations[evaluation];
        SamplerPrediction prediction = step.Prediction with { ClipX0 = Plan.Options.ClipDenoised };
        Network.Forward(_buffers.States[prediction.Input], _buffers.Network, plan, _buffers.Output);
        Device.SamplerUpdate(
            _buffers.Output,
            _buffers.GuidanceScale,
            Plan.Options.Guidance.Channels(Network.Info),
            prediction,
            _buffers.States,
            _buffers.Noise[evaluation],
            [.. step.Updates, new LinearUpdate(SamplerState.X0) { X0 = 1 }],
            _buffers.Guided);
        for (int branch = 0; branch < current.Length && read is not null; branch++)
        {
            Device.Download(current[branch], _output);
            read(branch, _output);
        }

        Device.Synchronize();
        _afterEvaluation?.Invoke();
    }

    /// <summary>Room for <see cref="Save"/>.</summary>
    public SteppedState NewState() => new([.. States().Select(state => new float[state.IsNone ? 0 : state.Shape.Count])]);

    /// <summary>Room for an image of every row, [N,C,H,W].</summary>
    public float[] NewImage() => new float[_buffers.X.Shape.Count];

    /// <summary>Copies the sampler's states to the host.</summary>
    public void Save(SteppedState state) => Each(state, (tensor, values) => Device.Download(tensor, values));

    /// <summary>Copies them back.</summary>
    public void Restore(SteppedState state) => Each(state, (tensor, values) => Device.Upload(tensor, values));

    /// <summary>Copies x: after the last evaluation, the samples.</summary>
    public void ReadX(float[] destination) => Device.Download(_buffers.X, destination);

    /// <summary>Copies the x0 that the last step predicted.</summary>
    public void ReadX0(float[] destination) => Device.Download(_buffers.States.X0, destination);

    private void Each(SteppedState state, Action<Tensor, float[]> copy)
    {
        foreach ((Tensor tensor, float[] values) in States().Zip(state.Values))
        {
            if (!tensor.IsNone)
            {
                copy(tensor, values);
            }
        }
    }

    private Tensor[] States() => [.. SamplerTensors.Readable.ToArray().Select(state => _buffers.States[state])];
}

/// <summary>Told of what a branch computed.</summary>
/// <param name="branch">Which one.</param>
/// <param name="output">[B,T,C], before its gate; valid during the call.</param>
internal delegate void BranchReader(int branch, ReadOnlySpan<float> output);
