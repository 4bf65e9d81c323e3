using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Samplers;
using L2c.Testing;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Caching;

public sealed class RouterScheduleTests
{
    [Theory]
    [InlineData("DDIM20_router.pt", 0.1, 20, 560, 248)]
    [InlineData("DDIM50_router.pt", 0.1, 50, 1400, 664)]
    [InlineData("dpm20_router.pth", 0.9, 20, 522, 333)]
    [InlineData("dpm50_router.pth", 0.9, 50, 1392, 1304)]
    public void Published_routers_reuse_as_published(string name, double threshold, int evaluations, int cacheBranches, int reused)
    {
        string path = Path.Combine(RepositoryPaths.Routers ?? "", name);
        Assert.SkipUnless(File.Exists(path), "the published routers are not here; set L2C_ROUTERS");
        using TensorFile file = TensorFiles.Open(path);
        CacheSchedule schedule = RouterSchedule.From(RouterLogits.Load(file), threshold);
        Assert.Equal((evaluations, cacheBranches, reused), (schedule.Evaluations, schedule.CacheBranches, schedule.SkippedBranches));
    }

    [Fact]
    public void A_DiT_router_is_read_from_the_last_row_and_even_rows_only()
    {
        // Rows by respaced index; only rows 2 and 0 belong to cache evaluations (1 and 3 of four).
        RouterLogits router = Router(RouterTarget.Dit, 4, [1, -1, -9, -9, -1, 1, -9, -9]);
        foreach (CacheSchedule schedule in (CacheSchedule[])[RouterSchedule.From(router, 0.5), RouterSchedule.From(router, 0.5, Ddim.Table(4))])
        {
            Assert.Equal(
                [EvaluationRole.Refresh, EvaluationRole.Cache, EvaluationRole.Refresh, EvaluationRole.Cache],
                Enumerable.Range(0, 4).Select(schedule.Role));
            Assert.Equal([false, true], [schedule.Computes(1, 0), schedule.Computes(1, 1)]);
            Assert.Equal([true, false], [schedule.Computes(3, 0), schedule.Computes(3, 1)]);
        }
    }

    [Fact]
    public void A_UViT_router_is_read_by_solver_step_and_an_odd_number_loses_one()
    {
        RouterLogits router = Router(RouterTarget.UVit, 5, [-9, -9, -1, 1, 9, 9, 9, 9, 9, 9]);
        SamplerTable solver = SamplerCatalog.Create(NetworkFamilies.Describe(PublishedModels.Find("U-ViT-H/2")!), "5");
        foreach (CacheSchedule schedule in (CacheSchedule[])[RouterSchedule.From(router, 0.5), RouterSchedule.From(router, 0.5, solver)])
        {
            Assert.Equal(4, schedule.Evaluations);
            Assert.Equal(1, schedule.SkippedBranches);
            Assert.False(schedule.Computes(2, 0));
        }
    }

    [Fact]
    public void The_threshold_is_compared_in_fp32()
    {
        // A threshold so little below a score that fp32 cannot tell them apart: the score is not above it.
        const float logit = -2.2f;
        double threshold = RouterSchedule.Score(logit) - 1e-12;
        Assert.True(RouterSchedule.Score(logit) > threshold);
        Assert.Equal(1, RouterSchedule.From(Router(RouterTarget.Dit, 2, [logit, 9, 9, 9]), threshold).SkippedBranches);
    }

    [Fact]
    public void Another_number_of_evaluations_is_refused()
    {
        ArgumentException problem = Assert.Throws<ArgumentException>(() => RouterSchedule.From(Router(RouterTarget.Dit, 4, new float[8]), 0.5, Ddim.Table(6)));
        Assert.Contains("trained for 4 evaluations, but the sampler makes 6", problem.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => RouterSchedule.From(Router(RouterTarget.UVit, 1, new float[2]), 0.5));
    }

    private static RouterLogits Router(RouterTarget target, int rows, float[] values) =>
        new(new RouterShape { Name = "r", Target = target, Evaluations = rows, Branches = 2 }, values);
}
