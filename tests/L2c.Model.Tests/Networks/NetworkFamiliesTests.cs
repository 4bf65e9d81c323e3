using L2c.Model.Networks;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Networks;

public sealed class NetworkFamiliesTests
{
    [Theory]
    [InlineData("DiT-XL/2 256", 50, 0.1, 1e-6, 1e-3, 40_000)]
    [InlineData("DiT-XL/2 256", 20, 0.1, 5e-6, 1e-3, 20_000)]
    [InlineData("DiT-XL/2 512", 50, 0.9, 5e-6, 1e-3, 40_000)]
    [InlineData("DiT-L/2 256", 20, 0.1, 5e-6, 1e-2, 20_000)]
    [InlineData("U-ViT-H/2 256", 50, 0.9, 0.1, 1e-3, 40_000)]
    public void Recipes_are_the_published_ones(string model, int steps, double threshold, double lambda, double learningRate, int maxSteps)
    {
        TransformerArchitecture architecture = PublishedModels.Find(model)!;
        CachingRecipe recipe = NetworkFamilies.Of(architecture).Recipe(architecture, steps);
        Assert.Equal((threshold, lambda, learningRate, maxSteps), (recipe.Threshold, recipe.Lambda, recipe.LearningRate, recipe.MaxSteps));
        bool isDit = architecture.Family == "dit";
        Assert.Equal(isDit ? (5, LossReduction.Mean) : (null, LossReduction.SumPerImage), (recipe.Clamp, recipe.Reduction));
    }

    [Fact]
    public void A_family_is_found_by_architecture_and_by_its_routers()
    {
        foreach (TransformerArchitecture architecture in PublishedModels.All)
        {
            NetworkInfo info = NetworkFamilies.Describe(architecture);
            Assert.Same(info.Family, NetworkFamilies.Of(info.Family.Routers));
            Assert.Equal(architecture.Family, info.Family.Name);
            Assert.Equal(architecture.Blocks, info.Cost.Blocks);
        }

        Assert.Equal((3, 4), (Guided("DiT-XL/2"), Guided("U-ViT-H/2")));
        RouterShape router = new() { Name = "r", Target = RouterTarget.Dit, Evaluations = 2, Branches = 2 };
        Assert.Contains("not a denoising network", Assert.Throws<ArgumentException>(() => NetworkFamilies.Of(router)).Message, StringComparison.Ordinal);

        static int Guided(string name) => NetworkFamilies.Describe(PublishedModels.Find(name)!).GuidedChannels;
    }
}
