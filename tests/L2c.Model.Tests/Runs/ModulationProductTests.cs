using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Networks.Dit;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Model.Tests.Training;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Runs;

/// <summary>How many products compute the modulations.</summary>
public sealed class ModulationProductTests
{
    private const int Steps = 6, Branches = 6;

    // Of one evaluation: an image and the null label.
    private const int Rows = 2;

    private static readonly DitArchitecture _small = RandomDit.Small;

    private static int Width => ((6 * _small.Depth) + 2) * _small.HiddenSize;

    [Fact]
    public void A_forward_computes_all_modulations_by_one_product()
    {
        using var device = new CpuDevice(1);
        using Network model = NetworkFamilies.OnPaper(_small, device);
        (_, NetworkMemory memory) = Arena.Count(device, "test", arena => model.Take(arena, new NetworkNeeds(5) { TimePerRow = true }));
        Assert.Equal([5 * Width], Products(device.List(() => model.Prepare(memory, 0))));
    }

    [Fact]
    public void So_does_every_evaluation_that_is_computed_where_a_run_does_not_compute_them_ahead()
    {
        int[] all = [Rows * Width];
        DryRun run = Paper(CacheSchedule.Full(Steps, Branches), new PlanSwitches { ModulationsAhead = false });
        Assert.Equal([.. Enumerable.Repeat(all, Steps).SelectMany(e => e)], Products(run.Ops));

        // Every second evaluation reuses every branch: it needs each branch's gate, and the last one's neighbours are the final layer's vectors.
        run = Paper(ScheduleRule.Parse("all", PublishedRoles.OnePerStep(Steps), Branches), new PlanSwitches { ModulationsAhead = false });
        int gate = Rows * _small.HiddenSize;
        int[] reusing = [gate, gate, gate, gate, gate, 3 * gate];
        Assert.Equal([.. all, .. reusing, .. all, .. reusing, .. all, .. reusing], Products(run.Ops));
    }

    [Fact]
    public void A_run_that_computes_them_ahead_takes_one_for_what_the_same_evaluations_need()
    {
        DryRun full = Paper(CacheSchedule.Full(Steps, Branches), new PlanSwitches());
        Assert.Equal([Steps * Rows * Width], Products(full.Ops));
        Assert.DoesNotContain(full.Ops, op => op.Name == nameof(Device.GatherRows));

        // Shifts and scales have rows of the evaluations that compute, gates of all: nothing is computed that is not needed.
        DryRun cached = Paper(ScheduleRule.Parse("all", PublishedRoles.OnePerStep(Steps), Branches), new PlanSwitches());
        int gate = Steps * Rows * _small.HiddenSize, shiftScale = Steps / 2 * Rows * 2 * _small.HiddenSize;
        Assert.Equal(
            [shiftScale, gate, shiftScale, gate, shiftScale, gate, shiftScale, gate, shiftScale, gate, shiftScale, 3 * gate],
            Products(cached.Ops));
    }

    [Fact]
    public void Router_training_takes_one_for_its_two_timesteps_and_training_of_weights_one()
    {
        using var device = new CpuDevice(1);
        using DitModel model = RandomDit.Load(_small, device, WeightUse.RouterTraining);
        using var draw = RouterDraw.Plan(model, Ddim.Table(10), 3, TrainingFixture.Options(false));
        Assert.Equal([2 * 3 * Width], Products(draw.Ops));

        using var step = NetworkTrainingStep.Plan(_small, RandomDit.Reader(_small), device, 7, TrainingFixture.Options(false));
        Assert.Equal([7 * Width], Products(step.Ops));
    }

    [Fact]
    public void Tensors_are_read_in_the_order_on_which_the_hash_of_a_training_runs_model_depends()
    {
        using var device = new CpuDevice(1);
        List<string> names = [];
        WeightReader read = RandomDit.Reader(_small);
        NetworkFamilies.Load(_small with { Depth = 1 }, (name, values) =>
        {
            names.Add(name);
            read(name, values);
        }, device).Dispose();
        Assert.Equal(
            [
                "x_embedder.proj.weight", "x_embedder.proj.bias", "pos_embed", "t_embedder.mlp.0.weight", "t_embedder.mlp.0.bias",
                "t_embedder.mlp.2.weight", "t_embedder.mlp.2.bias", "y_embedder.embedding_table.weight", "blocks.0.adaLN_modulation.1.weight",
                "blocks.0.adaLN_modulation.1.bias", "blocks.0.attn.qkv.weight", "blocks.0.attn.qkv.bias", "blocks.0.attn.proj.weight",
                "blocks.0.attn.proj.bias", "blocks.0.mlp.fc1.weight", "blocks.0.mlp.fc1.bias", "blocks.0.mlp.fc2.weight", "blocks.0.mlp.fc2.bias",
                "final_layer.adaLN_modulation.1.weight", "final_layer.adaLN_modulation.1.bias", "final_layer.linear.weight",
                "final_layer.linear.bias",
            ],
            names);
    }

    /// <summary>Values that the products between conditioning and patches compute, in order.</summary>
    private static int[] Products(IEnumerable<OpInfo> ops)
    {
        bool modulates = false;
        List<int> values = [];
        foreach (OpInfo op in ops)
        {
            modulates = op.Name == nameof(Device.Conditioning) || (modulates && op.Name != nameof(Device.Patchify));
            if (modulates && op.Name == nameof(Device.Linear))
            {
                values.Add((int)(op.Flops / (2 * _small.HiddenSize)));
            }
        }

        return [.. values];
    }

    private static DryRun Paper(CacheSchedule schedule, PlanSwitches switches)
    {
        using var device = new CpuDevice(1);
        return DryRun.Of(_small, device, Ddim.Table(Steps), schedule, 1, new SamplingOptions { Switches = switches });
    }
}
