using L2c.Weights.Layouts;

namespace L2c.Weights.Tests.Layouts;

public sealed class ArchitectureTests
{
    public static TheoryData<Architecture> Examples =>
    [
        SmallModels.Dit with { ClassNames = ["a", "b \"quoted\"", "c"], MlpRatio = 2.5, LearnSigma = false },
        (UVitArchitecture)PublishedModels.Find("U-ViT-H/2")!,
        new VaeArchitecture
        {
            Name = "SD-VAE",
            InChannels = 3,
            OutChannels = 3,
            Channels = 128,
            ChannelMultipliers = [1, 2, 4, 4],
            ResBlocks = 2,
            ZChannels = 4,
            LatentChannels = 4,
        },
        new RouterShape { Name = "router", Target = RouterTarget.UVit, Evaluations = 20, Branches = 58 },
    ];

    [Theory]
    [MemberData(nameof(Examples))]
    public void Json_round_trips(Architecture architecture)
    {
        Architecture read = Architecture.FromJson(architecture.ToJson());
        Assert.IsType(architecture.GetType(), read);
        Assert.Equal(architecture.ToJson(), read.ToJson());
        Assert.StartsWith($"{{\"family\":\"{architecture.Family}\",\"name\":", architecture.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void Defaults_hold_for_members_that_are_left_out()
    {
        string json = SmallModels.Dit.ToJson().Replace(",\"mlpRatio\":4", "", StringComparison.Ordinal);
        DitArchitecture read = Assert.IsType<DitArchitecture>(Architecture.FromJson(json));
        Assert.Equal(4.0, read.MlpRatio);
    }

    [Theory]
    [InlineData("\"depth\":2", "\"depth\":0")]
    [InlineData("\"depth\":2", "\"depth\":2000000000")]
    [InlineData("\"depth\":2", "\"depth\":2.5")]
    [InlineData("\"depth\":2", "\"depth\":null")]
    [InlineData("\"depth\":2", "\"depth\":2,\"depth\":2")]
    [InlineData("\"depth\":2", "\"deepness\":2")]
    [InlineData("\"depth\":2", "\"depth\":2,\"extra\":1")]
    [InlineData("\"depth\":2,", "")]
    [InlineData("\"heads\":2", "\"heads\":3")]
    [InlineData("\"heads\":2", "\"heads\":-2")]
    [InlineData("\"patchSize\":2", "\"patchSize\":3")]
    [InlineData("\"hiddenSize\":8", "\"hiddenSize\":2147483647")]
    [InlineData("\"inputSize\":4", "\"inputSize\":1000000")]
    [InlineData("\"mlpRatio\":4", "\"mlpRatio\":1e300")]
    [InlineData("\"mlpRatio\":4", "\"mlpRatio\":\"NaN\"")]
    [InlineData("\"mlpRatio\":4", "\"mlpRatio\":0.01")]
    [InlineData("\"numClasses\":3", "\"numClasses\":-1")]
    [InlineData("\"name\":\"small\"", "\"name\":null")]
    [InlineData("\"name\":\"small\"", "\"name\":\"\\u001b[31m\"")]
    [InlineData("\"classNames\":[]", "\"classNames\":[\"only one\"]")]
    [InlineData("\"classNames\":[]", "\"classNames\":[\"a\",\"b\",null]")]
    [InlineData("\"classNames\":[]", "\"classNames\":null")]
    [InlineData("\"family\":\"dit\"", "\"family\":\"unet\"")]
    [InlineData("\"family\":\"dit\",", "")]
    [InlineData("{", "[")]
    public void Impossible_or_unknown_members_are_refused(string from, string to)
    {
        string good = SmallModels.Dit.ToJson();
        string bad = good.Replace(from, to, StringComparison.Ordinal);
        Assert.NotEqual(good, bad);
        FormatException problem = Assert.Throws<FormatException>(() => Architecture.FromJson(bad));
        Assert.DoesNotContain('\n', problem.Message);
    }

    [Fact]
    public void The_router_target_is_a_name()
    {
        string json = new RouterShape { Name = "r", Target = RouterTarget.Dit, Evaluations = 20, Branches = 56 }.ToJson();
        Assert.Contains("\"target\":\"dit\"", json, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => Architecture.FromJson(json.Replace("\"dit\"", "7", StringComparison.Ordinal)));
    }
}
