using L2c.Weights.Layouts;

namespace L2c.Weights.Tests.Layouts;

public sealed class PublishedModelsTests
{
    // DiT-XL/2: the count that the published training script prints. Others: table 1 of Peebles and Xie, table 4 of Bao et al., in millions.
    [Theory]
    [InlineData("DiT-XL/2 256", 675.129632)]
    [InlineData("DiT-S/2", 33)]
    [InlineData("DiT-B/2", 130)]
    [InlineData("DiT-L/2", 458)]
    [InlineData("U-ViT-H/2", 501)]
    [InlineData("U-ViT-H/4 512", 501)]
    [InlineData("U-ViT-L/2", 287)]
    [InlineData("U-ViT-M/4 64", 131)]
    [InlineData("U-ViT-S/4 64", 44)]
    public void Parameter_counts_are_the_published_ones(string name, double millions)
    {
        Architecture model = PublishedModels.Find(name)!;
        IReadOnlyList<(string Name, long[] Shape)> tensors =
            model is DitArchitecture dit ? DitLayout.Tensors(dit) : UVitLayout.Tensors((UVitArchitecture)model);
        double actual = tensors.Sum(tensor => tensor.Shape.Aggregate(1.0, (a, b) => a * b)) / 1e6;
        Assert.Equal(millions, actual, millions == Math.Floor(millions) ? 0.6 : 1e-9);
    }

    [Fact]
    public void Twelve_DiT_at_two_resolutions_are_known_and_all_are_valid()
    {
        Assert.Equal(24, PublishedModels.All.OfType<DitArchitecture>().Count());
        Assert.Equal(PublishedModels.All.Count, PublishedModels.All.Select(model => model.Name).Distinct().Count());
        Assert.All(PublishedModels.All, model => Assert.Null(model.FindProblem()));
    }

    [Fact]
    public void Find_takes_256_where_no_resolution_is_named()
    {
        Assert.Equal("DiT-XL/2 256", PublishedModels.Find("dit-xl/2")!.Name);
        Assert.Equal(64, Assert.IsType<DitArchitecture>(PublishedModels.Find("DiT-XL/2 512")).InputSize);
        Assert.Null(PublishedModels.Find("DiT-XXL/2"));
    }

    [Fact]
    public void A_DiT_of_published_shapes_needs_no_hints()
    {
        DitArchitecture published = (DitArchitecture)PublishedModels.Find("DiT-S/8")!;
        Architecture resolved = SmallModels.Resolve(SmallModels.Tensors(published), checkpoint => checkpoint.Architecture, LayoutHints.None);
        Assert.Equal(published.ToJson(), resolved.ToJson());
    }
}
