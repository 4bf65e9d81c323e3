using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Planning;

namespace L2c.Engine.Tests.Planning;

/// <summary>The time model on ops that are listed by hand: of 4 evaluations and 2 branches, a norm of 1 + terms and a product of 8 each, 5
/// outside.</summary>
public sealed class TimeModelTests
{
    private const int Evaluations = 4, Branches = 2;

    private static readonly CacheSchedule _full = CacheSchedule.Full(Evaluations, Branches);
    private static readonly CacheSchedule _half = Schedule((e, _) => e % 2 == 1);
    private static readonly CacheSchedule _least = Schedule((_, _) => true);
    private static readonly CacheSchedule _one = Schedule((_, b) => b == 1);

    [Fact]
    public void Shares_are_those_of_the_ops()
    {
        TimeModel model = new(Times(), Ops, _full);
        Assert.Equal(1, model.Ratio(_full), 9);

        // Everything: 4 x (2 x (2 + 8) + 5); reused, a branch leaves nothing but a term in the pass outside, which is then 5 + 2.
        Assert.Equal(((2 * 25.0) + (2 * 7)) / 100, model.Ratio(_half), 9);
        Assert.Equal((25.0 + (3 * 7)) / 100, model.Ratio(_least), 9);
    }

    [Fact]
    public void Whole_runs_say_what_a_saved_op_saves()
    {
        // Half of what ops take is saved in whole runs, whose other half is something else.
        TimeModel model = new(Times(), Ops, _full, (_least, 1 - (0.5 * 0.54)), (_half, 1 - (0.5 * 0.36)));
        Assert.Equal(0.5, model.SavedPerOpTime, 9);
        Assert.Equal(1, model.Ratio(_full), 9);
        Assert.Equal(1 - (0.5 * 3 * 9.0 / 100), model.Ratio(_one), 9);
    }

    [Fact]
    public void A_search_is_told_what_a_branch_and_a_term_save()
    {
        BranchCosts costs = new TimeModel(Times(), Ops, _full).Costs(Branches, Evaluations, termBytes: 10);
        Assert.Equal([0.1, 0.1], costs.Compute.Select(cost => Math.Round(cost, 9)));
        Assert.Equal(0.01, costs.Term, 9);
    }

    [Fact]
    public void A_pass_whose_kept_outputs_cost_nothing_is_another_model()
    {
        // The planted fault: without what terms read, the least schedule seems cheaper.
        TimeModel right = new(Times(), Ops, _full);
        TimeModel wrong = new(Times(), schedule => [.. Ops(schedule).Select(op => op with { Bytes = Math.Min(op.Bytes, 50) })], _full);
        Assert.True(right.Ratio(_least) - wrong.Ratio(_least) > 0.03);
    }

    private static CacheSchedule Schedule(Func<int, int, bool> skips) => CacheSchedule.Reusing(
        [EvaluationRole.Refresh, .. Enumerable.Repeat(EvaluationRole.Cache, Evaluations - 1)], Branches, skips);

    private static OpTimes Times() => new(
    [
        .. Ops(_full).Concat(Ops(_least)).Concat(Ops(_half)).Select(op => (op, op.Flops > 0 ? op.Flops : op.Bytes / 10.0)),
    ]);

    // Ten bytes a tensor; a branch's norm has one tensor beside its term, the pass outside five beside those that wait.
    private static List<OpInfo> Ops(CacheSchedule schedule)
    {
        List<OpInfo> ops = [];
        for (int e = 0; e < schedule.Evaluations; e++)
        {
            int waiting = 0;
            for (int b = 0; b < schedule.Branches; b++)
            {
                if (!schedule.Computes(e, b))
                {
                    waiting += schedule.Terms(e, b).Length;
                    continue;
                }

                ops.Add(new OpInfo(nameof(Device.ResidualNorm), new OpScope(e, b), 0, 10 * (2 + waiting)));
                ops.Add(new OpInfo(nameof(Device.Linear), new OpScope(e, b), 8, 10));
                waiting = 0;
            }

            ops.Add(new OpInfo(nameof(Device.ResidualNorm), new OpScope(e, -1), 0, 10 * (5 + waiting)));
        }

        return ops;
    }
}
