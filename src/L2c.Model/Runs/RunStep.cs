using System.Collections.Immutable;
using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Samplers;

namespace L2c.Model.Runs;

/// <summary>One evaluation of a run and the sampler's step after it; the first of a group brings what the group needs.</summary>
internal sealed class RunStep
{
    private readonly RunPlan _run;
    private readonly RunBuffers _buffers;
    private readonly EvaluationPlan _plan;
    private readonly SamplerPrediction _prediction;
    private readonly LinearUpdate[] _updates;

    /// <param name="run">What was decided.</param>
    /// <param name="buffers">The run's memory.</param>
    /// <param name="evaluation">Which evaluation.</param>
    public RunStep(RunPlan run, RunBuffers buffers, int evaluation)
    {
        (_run, _buffers) = (run, buffers);
        _plan = new EvaluationPlan(evaluation, [.. Enumerable.Range(0, run.Schedule.Branches).Select(branch => Branch(evaluation, branch))])
        {
            Segments = Segments(evaluation),
            Switches = run.Options.Switches,
        };
        SamplerEvaluation step = run.Sampler.Evaluations[evaluation];
        _prediction = step.Prediction with { ClipX0 = run.Options.ClipDenoised };
        _updates = run.Options.KeepPredictions ? [.. step.Updates, new(SamplerState.X0) { X0 = 1 }] : step.Updates;
    }

    /// <summary>What a branch contributes.</summary>
    public ReadOnlySpan<Term> Terms(int branch) => _plan.Branches[branch].Terms;

    /// <summary>What is kept of segments, and what stands for them.</summary>
    public IReadOnlyList<SegmentPlan> Segments() => _plan.Segments;

    /// <summary>Enqueues the evaluation and the sampler's step.</summary>
    public void Enqueue()
    {
        (RunBuffers b, Network network, int evaluation) = (_buffers, _run.Model, _plan.Evaluation);
        if (evaluation % b.Network.GroupSize == 0)
        {
            network.Device.Scope = OpScope.None;
            network.Prepare(b.Network, evaluation / b.Network.GroupSize);
        }

        network.Forward(b.States[_prediction.Input], b.Network, _plan, b.Output);
        int guided = _run.Options.Guidance.Channels(network.Info);
        network.Device.SamplerUpdate(b.Output, b.GuidanceScale, guided, _prediction, b.States, b.Noise[evaluation], _updates, b.Guided);
    }

    private SegmentPlan[] Segments(int evaluation)
    {
        CacheSchedule schedule = _run.Schedule;
        return
        [
            .. schedule.ReplacedIn(evaluation).Select(r => SegmentPlan.Replaced(
                r.Segment, [.. r.Terms.Select(term => new Term(Delta(term.Evaluation, schedule.Segments.IndexOf(r.Segment)), term.Weight))])),
            .. Enumerable.Range(0, schedule.Segments.Length).Where(i => _run.Slots.SlotOfSegment(evaluation, i) >= 0)
                .Select(i => SegmentPlan.Keeping(schedule.Segments[i], Delta(evaluation, i)) with { Work = Work(i) }),
        ];

        Tensor Work(int segment) => _run.Deltas is { } deltas ? _buffers.Deltas[deltas.Of(evaluation, segment)] : default;

        Tensor Delta(int source, int segment) => _buffers.Slots[_run.Slots.SlotOfSegment(source, segment)];
    }

    private BranchPlan Branch(int evaluation, int branch)
    {
        CacheSchedule schedule = _run.Schedule;
        ImmutableArray<CacheTerm> sum = schedule.Terms(evaluation, branch);
        var terms = new Term[sum.Length];
        for (int i = 0; i < terms.Length; i++)
        {
            terms[i] = new Term(Output(sum[i].Evaluation), sum[i].Weight);
        }

        bool isComputed = schedule.Computes(evaluation, branch);
        return new BranchPlan(isComputed ? Output(evaluation) : default, terms, Kept: isComputed && _run.KeepsCopies ? Slot(evaluation) : default);

        // A fresh output of which a copy is kept is contributed itself.
        Tensor Output(int source) => Slot(source) is { IsNone: false } slot && !(_run.KeepsCopies && source == evaluation)
            ? slot
            : _buffers.Network.Output(branch, hasBackward: false);

        Tensor Slot(int source) => _run.Slots.SlotOf(source, branch) is >= 0 and var slot ? _buffers.Slots[slot] : default;
    }
}
