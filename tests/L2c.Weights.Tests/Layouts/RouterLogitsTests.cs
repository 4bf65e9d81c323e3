using L2c.Testing;
using L2c.Weights.Layouts;
using NamedTensor = (string Name, long[] Shape, float[] Elements);

namespace L2c.Weights.Tests.Layouts;

public sealed class RouterLogitsTests
{
    // Branches reused of those in cache evaluations: the counts of the published routers at their published thresholds.
    [Theory]
    [InlineData("DDIM20_router.pt", RouterTarget.Dit, 20, 56, 0.1, 248)]
    [InlineData("DDIM50_router.pt", RouterTarget.Dit, 50, 56, 0.1, 664)]
    [InlineData("dpm20_router.pth", RouterTarget.UVit, 20, 58, 0.9, 333)]
    [InlineData("dpm50_router.pth", RouterTarget.UVit, 50, 58, 0.9, 1304)]
    public void Published_routers_reuse_as_many_branches_as_published(
        string name, RouterTarget target, int evaluations, int branches, double threshold, int reused)
    {
        string? path = RepositoryPaths.Routers is null ? null : Path.Combine(RepositoryPaths.Routers, name);
        Assert.SkipUnless(File.Exists(path), "the published routers are not here");
        using TensorFile file = TensorFiles.Open(path!);
        RouterLogits router = RouterLogits.Load(file);
        Assert.Equal((target, evaluations, branches), (router.Architecture.Target, router.Architecture.Evaluations, router.Architecture.Branches));

        IEnumerable<int> cacheRows = target == RouterTarget.Dit
            ? Enumerable.Range(0, evaluations).Where(i => i % 2 == 0)
            : Enumerable.Range(1, (evaluations / 2) - 1);
        Assert.Equal(reused, cacheRows.Sum(row => router.Row(row).ToArray().Count(logit => 1 / (1 + Math.Exp(-logit)) <= threshold)));
    }

    [Fact]
    public void Our_own_file_is_read_like_a_published_one()
    {
        float[] values = [.. Enumerable.Range(0, 3 * 4).Select(i => i - 5.5f)];
        IEnumerable<int> lastFirst = Enumerable.Range(0, 3).Reverse();
        RouterLogits published = Load(lastFirst.Select(i => ($"routers.{i}.prob", new long[] { 4 }, values[(4 * i)..(4 * (i + 1))])));
        RouterLogits own = Load([("logits", [3, 4], values)], published.Architecture.ToJson());
        Assert.Equal(values, published.Values);
        Assert.Equal(values, own.Values);
        Assert.Equal(published.Architecture, own.Architecture);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void Logits_must_be_finite(float bad)
    {
        MalformedFileException problem = Assert.Throws<MalformedFileException>(() => Load([("logits", [2, 2], [0, 1, bad, 3])]));
        Assert.Contains("row 1, branch 0: the logit is", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gap_in_the_evaluations_is_reported()
    {
        MalformedFileException problem = Assert.Throws<MalformedFileException>(
            () => Load([("0.prob", [4], new float[4]), ("2.prob", [4], new float[4])]));
        Assert.Equal(["missing: 1.prob [4]"], problem.Details);
    }

    [Fact]
    public void An_odd_number_of_branches_is_refused() =>
        Assert.Throws<MalformedFileException>(() => Load([("0.prob", [5], new float[5])]));

    private static RouterLogits Load(IEnumerable<NamedTensor> tensors, string? metadata = null)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("router.safetensors");
        SmallModels.Write(path, tensors, metadata);
        using TensorFile file = TensorFiles.Open(path);
        return RouterLogits.Load(file);
    }
}
