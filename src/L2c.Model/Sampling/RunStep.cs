using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Dit;
using L2c.Model.Samplers;

namespace L2c.Model.Sampling;

/// <summary>One evaluation of a run; the first of a group brings the group's modulations.</summary>
internal sealed class RunStep
{
    private readonly RunPlan _run;
    private readonly RunBuffers _buffers;
    private readonly ForwardPlan _forward;
    private readonly int _evaluation;
    private readonly SamplerPrediction _prediction;
    private readonly LinearUpdate[] _updates;

    /// <param name="run">What was decided.</param>
    /// <param name="buffers">The run's memory.</param>
    /// <param name="evaluation">Which evaluation.</param>
    public RunStep(RunPlan run, RunBuffers buffers, int evaluation)
    {
        (_run, _buffers, _evaluation) = (run, buffers, evaluation);
        int rows = buffers.Labels.Columns, groupSize = buffers.Groups[0].Final.Rows / rows;
        DitModulations group = buffers.Groups[evaluation / groupSize];
        _forward = new ForwardPlan(
            evaluation,
            group,
            evaluation % groupSize,
            group.Final.Rows / rows,
            [.. Enumerable.Range(0, run.Schedule.Branches).Select(Branch)],
            run.Options.Switches.FuseSkips,
            run.Options.Switches.SkipUnused);
        SamplerEvaluation step = run.Sampler.Evaluations[evaluation];
        _prediction = step.Prediction with { ClipX0 = run.Options.ClipDenoised };
        _updates = run.Options.KeepPredictions ? [.. step.Updates, new(SamplerState.X0) { X0 = 1 }] : step.Updates;
    }

    /// <summary>Where a branch's output lies.</summary>
    public Tensor Output(int branch) => _forward.Branches[branch].Output;

    /// <summary>Enqueues the evaluation and the sampler's step.</summary>
    public void Enqueue()
    {
        if (_forward.EvaluationInGroup == 0)
        {
            EnqueueModulations();
        }

        EnqueueEvaluation();
    }

    private BranchPlan Branch(int branch)
    {
        BranchAction action = _run.Schedule.Action(_evaluation, branch);
        int source = _run.Schedule.Source(_evaluation, branch);
        int slot = source < 0 ? -1 : _run.Slots.SlotOf(source, branch);
        return new BranchPlan(action, action == BranchAction.Drop ? default : slot < 0 ? _buffers.Activations.Branch : _buffers.Slots[slot]);
    }

    private void EnqueueModulations()
    {
        _run.Model.Device.Scope = OpScope.None;
        _run.Model.Modulate(_buffers.TimeEmbedding.SliceRows(_evaluation, _forward.GroupSize), _buffers.Labels, _forward.Group);
    }

    private void EnqueueEvaluation()
    {
        RunBuffers b = _buffers;
        _run.Model.Forward(b.States[_prediction.Input], _forward, b.Activations, b.Output);
        int guided = _run.Options.Guidance.Channels(_run.Model.Architecture);
        _run.Model.Device.SamplerUpdate(b.Output, b.GuidanceScale, guided, _prediction, b.States, b.Noise[_evaluation], _updates, b.Guided);
    }
}
