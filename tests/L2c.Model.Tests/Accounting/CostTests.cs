using L2c.Kernels;
using L2c.Model.Accounting;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Testing;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Accounting;

public sealed class CostTests
{
    [Theory]
    [InlineData("DiT-XL/2 256", 118_621_421_568)] // 237 GFLOP
    [InlineData("U-ViT-H/2 256", 2_663_934_382_080 / 20)]
    public void Published_models_cost_what_is_published(string name, long macs) => Assert.Equal(
        macs, NetworkCost.Of(PublishedModels.Find(name)!).Evaluation);

    // GMACs as DiT's paper rounds them (Peebles and Xie 2023, table 4: Gflops, which are MACs).
    [Theory]
    [InlineData("DiT-S/2 256", 6.06)]
    [InlineData("DiT-B/2 256", 23.01)]
    [InlineData("DiT-L/2 256", 80.71)]
    [InlineData("DiT-XL/2 256", 118.64)]
    public void The_DiT_sizes_are_within_two_thousandths_of_the_papers_figures(string name, double giga) =>
        Assert.Equal(1.0, NetworkCost.Of(PublishedModels.Find(name)!).Evaluation / (giga * 1e9), 2e-3);

    [Theory]
    [InlineData("DDIM20_router.pt", "DiT-XL/2 256", 0.1, 2_372_428_431_360, 1_846_966_026_240)]
    [InlineData("DDIM50_router.pt", "DiT-XL/2 256", 0.1, 5_931_071_078_400, 4_523_798_200_320)]
    [InlineData("dpm20_router.pth", "U-ViT-H/2 256", 0.9, 2_663_934_382_080, 1_943_960_721_408)]
    [InlineData("dpm50_router.pth", "U-ViT-H/2 256", 0.9, 6_659_835_955_200, 3_877_312_840_704)]
    public void Published_routers_save_exactly_the_reused_branches(string file, string model, double threshold, long before, long after)
    {
        string path = Path.Combine(RepositoryPaths.Routers ?? "", file);
        Assert.SkipUnless(File.Exists(path), "the published routers are not here; set L2C_ROUTERS");
        using TensorFile tensors = TensorFiles.Open(path);
        RunCost cost = new(RouterSchedule.From(RouterLogits.Load(tensors), threshold), NetworkCost.Of(PublishedModels.Find(model)!));
        Assert.Equal((before, after), (cost.MacsBefore, cost.MacsAfter));
        Assert.Equal((double)before / after, cost.IdealSpeedup);
    }

    [Fact]
    public void A_small_DiT_counted_by_hand()
    {
        // T = 4, C = 8, MLP 16 wide, one block; patch 2 x 2 x 3 in, 2 x 2 x 6 out.
        DitArchitecture dit = new()
        {
            Name = "d",
            InputSize = 4,
            PatchSize = 2,
            InChannels = 3,
            HiddenSize = 8,
            Depth = 1,
            Heads = 2,
            NumClasses = 2,
            HasNullClass = true,
            MlpRatio = 2,
        };
        NetworkCost cost = NetworkCost.Of(dit);
        Assert.Equal(new NetworkCost(1, 4 * 4 * 64, 2 * 16 * 8, 2 * 4 * 8 * 16, (12 * 8 * 4) + (256 * 8) + 64 + (8 * 64) + (8 * 24 * 4)), cost);
        Assert.Equal(1280 + 1024 + 3776, cost.Evaluation);
    }

    [Fact]
    public void The_products_of_the_blocks_alone_are_the_linear_layers_of_their_branches()
    {
        using var device = new CpuDevice(1);
        using Network model = RandomDit.Load(RandomDit.Small, device);
        (Arena arena, NetworkMemory memory) = Arena.Carve(device, "products", carved => model.Take(carved, new NetworkNeeds(2)));
        using Arena owned = arena;
        IReadOnlyList<OpInfo> ops = device.List(() => model.Products(memory));
        NetworkCost cost = NetworkCost.Of(RandomDit.Small);
        Assert.Equal((4 * cost.Blocks, 2 * 2 * cost.Blocks * (cost.AttentionLinear + cost.Mlp)), (ops.Count, ops.Sum(op => op.Flops)));
    }

    [Fact]
    public void A_small_UViT_counted_by_hand_with_time_MLP_and_convolution()
    {
        // 4 patches and 2 more tokens, C = 8, three blocks of which one has a skip linear.
        UVitArchitecture plain = new()
        {
            Name = "u",
            InputSize = 4,
            PatchSize = 2,
            InChannels = 3,
            HiddenSize = 8,
            Depth = 2,
            Heads = 2,
            NumClasses = 2,
            HasNullClass = true,
        };
        long rest = (12 * 8 * 4) + (2 * 64 * 6) + (8 * 12 * 6);
        Assert.Equal(new NetworkCost(3, 4 * 6 * 64, 2 * 36 * 8, 8 * 6 * 64, rest) { LongSkips = 1, Join = 2 * 64 * 6 }, NetworkCost.Of(plain));
        Assert.Equal(rest + (8 * 64) + (9 * 9 * 16), NetworkCost.Of(plain with { MlpTimeEmbed = true, FinalConv = true }).Rest);
    }

    [Fact]
    public void Evaluations_add_up_and_products_are_told_apart()
    {
        NetworkCost network = new(2, 100, 10, 1000, 7);
        CacheSchedule schedule = new([EvaluationRole.Refresh, EvaluationRole.Cache], [[true, true, true, true], [false, true, true, false]]);
        RunCost cost = new(schedule, network);
        Assert.Equal([2227L, 2227 - 110 - 1000], cost.PerEvaluation);
        Assert.Equal((4454L, 3344L), (cost.MacsBefore, cost.MacsAfter));
        Assert.Equal((4414L, 3314L), (cost.MacsBeforeWithoutProducts, cost.MacsAfterWithoutProducts));
        Assert.Throws<ArgumentException>(() => new RunCost(schedule, network with { Blocks = 3 }));
    }

    [Fact]
    public void A_router_has_no_cost() => Assert.Throws<ArgumentException>(
        () => NetworkCost.Of(new RouterShape { Name = "r", Target = RouterTarget.Dit, Evaluations = 2, Branches = 2 }));
}
