using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Model.Samplers;

namespace L2c.Model.Training;

/// <summary>What a draw records: the evaluations that lead to the comparison, the forecast of their outputs, teacher and student.</summary>
public sealed partial class RouterDraw
{
    private void Prepare(EvaluationPlan plan)
    {
        if (plan.Evaluation % _buffers.Network.GroupSize == 0)
        {
            Prepare(plan.Evaluation / _buffers.Network.GroupSize, plan.Scope);
        }
    }

    private void Prepare(int group, int scope)
    {
        Model.Device.Scope = new OpScope(scope, -1);
        Model.Prepare(_buffers.Network, group);
    }

    /// <summary>The draws are alike from their ends backwards, so one forward pass per evaluation serves them all.</summary>
    private void Forward(int lead)
    {
        int back = Table.Lead - lead;
        EvaluationPlan plan = new(lead, [.. Enumerable.Range(0, Branches).Select(branch => BranchPlan.Computed(Kept(back, branch)))])
        {
            Scope = LeadScope,
        };
        Prepare(plan);
        Model.Forward(_buffers.States[Table.InputBefore(back)], _buffers.Network, plan, _buffers.Output);
    }

    /// <summary>Where an output goes of an evaluation so many before the one that may reuse.</summary>
    private Tensor Kept(int back, int branch)
    {
        int place = Place(back);
        return place < 0 ? Output(branch, student: false) : Table.Forecast is null ? _buffers.Cached[branch] : _buffers.Kept[place][branch];
    }

    private int Place(int back) => Table.Kept.ToList().IndexOf(back);

    /// <summary>The forecast of every branch: its first source, and all that is to be added to that.</summary>
    private void Weigh(int t)
    {
        for (int branch = 0; branch < Branches; branch++)
        {
            Model.Device.Scope = new OpScope(LeadScope, branch);
            ResidualTerm[] terms = [.. Table.Terms(t, branch).Select((term, k) => new ResidualTerm(
                _buffers.Kept[Place(term.Back)][branch], Weight: k == 0 ? term.Weight - 1 : term.Weight, Joins: k > 0))];
            Model.Device.ResidualNorm(terms[0].Source, terms, _buffers.Cached[branch], Norm.None, default);
        }
    }

    private void Advance(SamplerEvaluation step)
    {
        Model.Device.Scope = new OpScope(LeadScope, -1);
        Model.Device.SamplerUpdate(_buffers.Output, default, 0, step.Prediction, _buffers.States, default, step.Updates);
    }

    private void Teach()
    {
        Prepare(_teacherPlan);
        Model.Forward(_buffers.X, _buffers.Network, _teacherPlan, _buffers.Teacher);
    }

    /// <summary>The student reads x, what is kept, its first branch and the modulations, and writes none of them: so it may run again.</summary>
    private void Learn()
    {
        Model.Forward(_buffers.X, _buffers.Network, _studentPlan, _buffers.Output);
        Model.Device.SquaredError(
            _buffers.Output, _buffers.Teacher, _counted, _results.OutputGradientScale, _buffers.OutputGradient, _buffers.SquaredErrors);
        Model.Backward(_buffers.Network, _studentPlan, _buffers.OutputGradient);
    }
}
