using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Randomness;
using L2c.Model.Samplers;

namespace L2c.Model.Runs;

/// <summary>
/// A sampling run, planned once and run many times: memory is allocated, branches are chosen and ops recorded before the first evaluation.
/// </summary>
/// <remarks>
/// Labels, start noise, step noise and the guidance scale are inputs of the run; steps, sampler, schedule, guidance and batch size are the plan's.
/// The sampler's state has one row per image: guidance reads each row twice, and the duplicated half of the published code does not exist.
/// Source: Learning-to-Cache (arXiv 2406.01733), section 3: input-invariant and step-variant, hence a static graph.
/// </remarks>
public sealed class SamplingRun : IDisposable
{
    private readonly Arena _arena;
    private readonly RunPlan _plan;
    private readonly RunBuffers _buffers;
    private readonly RunStep[] _steps;
    private readonly OpSequence[] _sequences;
    private readonly RunInputs _inputs;

    private SamplingRun(RunPlan plan, Arena arena, RunBuffers buffers)
    {
        (_plan, _arena, _buffers) = (plan, arena, buffers);
        _inputs = new RunInputs(plan, buffers);
        _steps = plan.Steps(buffers);
        _sequences = plan switch
        {
            { Options.Switches.Replay: false } => [],
            { Options.OneSequence: true } => Record(Model.Device, [() => Array.ForEach(_steps, step => step.Enqueue())]),
            _ => Record(Model.Device, [.. _steps.Select<RunStep, Action>(step => step.Enqueue)]),
        };
    }

    /// <summary>The network.</summary>
    public Network Model => _plan.Model;

    /// <summary>The sampler and its steps.</summary>
    public SamplerTable Sampler => _plan.Sampler;

    /// <summary>Which branches each evaluation computes.</summary>
    public CacheSchedule Schedule => _plan.Schedule;

    /// <summary>Where reused outputs are kept.</summary>
    public CacheSlots Slots => _plan.Slots;

    /// <summary>N: images per run.</summary>
    public int Images => _plan.Images;

    /// <summary>What was chosen for the plan.</summary>
    public SamplingOptions Options => _plan.Options;

    /// <summary>Shape of the state, [N,C,H,W].</summary>
    public Shape StateShape => _buffers.X.Shape;

    /// <summary>All memory of the run beside the weights: inputs, workspace, modulations and cache slots.</summary>
    public long RunBytes => _arena.CapacityBytes;

    /// <summary>Memory of the cache slots.</summary>
    public long CacheBytes => _buffers.CacheBytes;

    /// <summary>What a branch contributes in an evaluation, and where it lies: for tests and research, while the run is observed.</summary>
    internal ReadOnlySpan<Term> BranchTerms(int evaluation, int branch) => _steps[evaluation].Terms(branch);

    /// <summary>Recorded sequences that a run replays: one, one per evaluation, or none when the plan does not replay.</summary>
    public int Sequences => _sequences.Length;

    /// <summary>What a run sets off, see <see cref="OpSequence.Launches"/>; 0 when the plan does not replay.</summary>
    public int Launches => _sequences.Sum(sequence => sequence.Launches);

    /// <summary>Every op of the run in order; empty when the plan does not replay.</summary>
    public IReadOnlyList<OpInfo> Ops => [.. _sequences.SelectMany(sequence => sequence.Ops)];

    /// <summary>Plans a run that computes everything.</summary>
    /// <inheritdoc cref="Plan(Network, SamplerTable, CacheSchedule, int, SamplingOptions)"/>
    public static SamplingRun Plan(Network model, SamplerTable sampler, int images, SamplingOptions options) =>
        Plan(model, sampler, CacheSchedule.Full(sampler.Evaluations.Count, model.Architecture.Branches), images, options);

    /// <summary>Allocates and records everything.</summary>
    /// <param name="model">The network; its device is where the run runs. It must outlive the run.</param>
    /// <param name="sampler">DDIM or DDPM with its steps.</param>
    /// <param name="schedule">Which branches each evaluation computes.</param>
    /// <param name="images">N, at least 1.</param>
    /// <param name="options">Guidance, what to keep, what to save.</param>
    /// <exception cref="ArgumentException">
    /// A schedule for another network or run, guidance without a null class, or learned variance from a model that has none.
    /// </exception>
    public static SamplingRun Plan(Network model, SamplerTable sampler, CacheSchedule schedule, int images, SamplingOptions options)
    {
        var plan = RunPlan.Checked(model, sampler, schedule, images, options);
        (Arena arena, RunBuffers buffers) = Arena.Carve(model.Device, "run", plan.Take);
        try
        {
            buffers.Network.UploadConstants(model.Device);
            buffers.Network.SetTimes(model.Device, [.. sampler.Evaluations.Select(step => step.Time)]);
            return new SamplingRun(plan, arena, buffers);
        }
        catch
        {
            arena.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="DryRun.Describe"/>
    public string Describe() => new DryRun(_plan).Describe();

    /// <summary>Runs all evaluations.</summary>
    /// <param name="labels">N class labels.</param>
    /// <param name="guidanceScale">s; ignored without guidance. 1 gives the conditional prediction.</param>
    /// <param name="noise">Draw 0 is x_T, draw e + 1 the noise that evaluation e adds. Asked in order, and only where a step uses noise.</param>
    /// <param name="afterEvaluation">Called after each evaluation with its number, when the state can be read; null for none.</param>
    /// <param name="observer">Told of every op, which then runs by itself; null for a replay at full speed. Needs a plan that replays.</param>
    /// <param name="evaluations">How many of the first evaluations are run; null for all.</param>
    /// <param name="cancel">Looked at before each evaluation; in a run of one sequence before the run.</param>
    /// <exception cref="ObjectDisposedException">The run or its network has been disposed of.</exception>
    /// <exception cref="ArgumentException">
    /// Not N labels, a label outside the table, a guidance scale that is not finite, <paramref name="afterEvaluation"/> or <paramref name="evaluations"/> in a run of one sequence, or
    /// <paramref name="observer"/> in one that does not replay.
    /// </exception>
    public void Run(
        ReadOnlySpan<int> labels,
        float guidanceScale,
        INoiseSource noise,
        Action<int>? afterEvaluation = null,
        RunObserver? observer = null,
        int? evaluations = null,
        CancellationToken cancel = default)
    {
        RequireAlive();
        if (!float.IsFinite(guidanceScale))
        {
            throw new ArgumentException($"a guidance scale of {guidanceScale} makes no prediction; give a finite one", nameof(guidanceScale));
        }

        bool whole = Options is { OneSequence: true, Switches.Replay: true };
        if (whole && (afterEvaluation is not null || evaluations is not null))
        {
            throw new ArgumentException("the run was planned as one sequence, which does not stop between evaluations; plan it without OneSequence");
        }

        if (observer is not null && _sequences.Length == 0)
        {
            throw new ArgumentException("the run was planned without replay, so it has no recorded ops to observe; plan it with PlanSwitches.Replay");
        }

        cancel.ThrowIfCancellationRequested();
        _inputs.SetCondition(labels, guidanceScale);
        _inputs.DrawStart(noise);
        if (Options.OneSequence)
        {
            for (int e = 0; e < _steps.Length; e++)
            {
                _inputs.DrawFor(e, noise);
            }
        }

        if (whole)
        {
            _sequences[0].Run(observer);
        }
        else
        {
            RunByEvaluation(evaluations ?? _steps.Length, noise, afterEvaluation, observer, cancel);
        }

        Model.Device.Synchronize();
    }

    /// <summary>Copies the state to the host: after a run, the samples.</summary>
    /// <param name="destination">N C H W values.</param>
    /// <exception cref="ObjectDisposedException">The run has been disposed of.</exception>
    public void ReadState(Span<float> destination) => Download(_buffers.X, destination);

    /// <summary>Copies the last step's predicted x0, [N,C,H,W].</summary>
    /// <exception cref="InvalidOperationException">The run was planned without <see cref="SamplingOptions.KeepPredictions"/>.</exception>
    /// <exception cref="ObjectDisposedException">The run has been disposed of.</exception>
    public void ReadPredictedX0(Span<float> destination) => Download(Kept(_buffers.States.X0), destination);

    /// <summary>Copies the last step's network output after guidance, [B,C_out,H,W].</summary>
    /// <exception cref="InvalidOperationException">The run was planned without <see cref="SamplingOptions.KeepPredictions"/>.</exception>
    /// <exception cref="ObjectDisposedException">The run has been disposed of.</exception>
    public void ReadGuidedOutput(Span<float> destination) => Download(Kept(_buffers.Guided), destination);

    /// <summary>Frees the run's memory.</summary>
    public void Dispose()
    {
        Array.ForEach(_sequences, sequence => sequence.Dispose());
        _arena.Dispose();
    }

    private void RequireAlive()
    {
        ObjectDisposedException.ThrowIf(_arena.IsDisposed, this);
        Model.RequireAlive();
    }

    private void Download(Tensor tensor, Span<float> destination)
    {
        ObjectDisposedException.ThrowIf(_arena.IsDisposed, this);
        Model.Device.Download(tensor, destination);
    }

    private static Tensor Kept(Tensor tensor) =>
        tensor.IsNone ? throw new InvalidOperationException("the run was planned without KeepPredictions") : tensor;

    /// <summary>One sequence per part; what was recorded is freed again when a later part fails.</summary>
    private static OpSequence[] Record(Device device, Action[] parts)
    {
        List<OpSequence> recorded = new(parts.Length);
        try
        {
            Array.ForEach(parts, part => recorded.Add(device.Capture(part)));
            return [.. recorded];
        }
        catch
        {
            recorded.ForEach(sequence => sequence.Dispose());
            throw;
        }
    }

    private void RunByEvaluation(int count, INoiseSource noise, Action<int>? afterEvaluation, RunObserver? observer, CancellationToken cancel)
    {
        for (int e = 0; e < count; e++)
        {
            // What is called between evaluations may have disposed of either.
            RequireAlive();
            cancel.ThrowIfCancellationRequested();
            if (!Options.OneSequence)
            {
                _inputs.DrawFor(e, noise);
            }

            if (_sequences.Length == 0)
            {
                _steps[e].Enqueue();
            }
            else
            {
                _sequences[e].Run(observer);
            }

            afterEvaluation?.Invoke(e);
        }
    }
}
