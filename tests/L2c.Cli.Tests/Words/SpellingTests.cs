using System.Text.Json;
using L2c.Weights.Layouts;

namespace L2c.Cli.Tests.Words;

/// <summary>Words are taken in any case of letters and written as they are spelt.</summary>
public sealed class SpellingTests : IDisposable
{
    private readonly CliRunner _cli = new();

    [Fact]
    public void A_run_and_its_files_have_the_spelling_of_the_words()
    {
        string picture = _cli.PathOf("a.png"), schedule = _cli.PathOf("s.json");
        JsonElement json = _cli.Run(
            "sample", "--device", "CPU", "--dtype", "FP32", "--sampler", "DDIM", "-s", "DDIM20", "--guidance", "ALL", "--rng", "L2C", "--graph", "ON",
            "--cache", "Drop:TOP:1", "--save-schedule", schedule, "--schedule-format", "L2C", "--classes", "DISC,Star",
            "-n", "2", "-o", picture, "--json").Json;
        Assert.Equal(
            ("ddim", "ddim20", "drop:top:1", "l2c", "all"),
            (Text(json, "sampler"), Text(json, "steps"), Text(json, "cache"), Text(json, "rng"), Text(json, "guidance")));
        JsonElement inside = _cli.Run("inspect", picture, "--json").Json.GetProperty("parameters");
        Assert.Equal(("ddim", "ddim20", "drop:top:1"), (Text(inside, "sampler"), Text(inside, "steps"), Text(inside, "cache")));
    }

    [Theory]
    [InlineData("u-vit-2x32x2/2", "U-ViT-2x32x2/2 256")]
    [InlineData("2X32X2/2", "2x32x2/2 256")]
    [InlineData("dit-XL/2 512", "DiT-XL/2 512")]
    public void Networks_have_their_names(string name, string spelt) => Assert.Equal(spelt, NamedNetwork.Find(name, null).Name);

    [Fact]
    public void Data_rules_and_states_have_their_names()
    {
        Assert.Equal("shapes2, seed 4", TrainingDataText.Open("Shapes2:4", new DataNeeds(null, null, null), 0).Name);
        Assert.Equal("latest", new RouterTrainingRequest { Resume = "LATEST" }.Resume);
        Assert.Equal("ddim20", new RouterTrainingRequest { Steps = "DDIM20" }.Steps);
        Assert.Equal("top:1", new CacheRequest { Rule = "TOP:1" }.Rule);
        Assert.Equal("Mine.JSON", new CacheRequest { Rule = "Mine.JSON" }.Rule);
        Assert.Equal("DiT-S/2", PublishedModels.Names[0]);
    }

    [Fact]
    public void Lists_of_rules_are_read_in_any_case()
    {
        string[] rows = _cli.Run("sweep", "--dry-run", "--router", "None", "--rules", "Top,INTERVAL:2", "--mac-ratios", "0.8").Out.TrimEnd('\n').Split('\n');
        Assert.Equal(3, rows.Length);
        Assert.Matches(@"^ +2  top \d, 20 steps +\d+(\.\d+)? GMACs ", rows[1]);
        Assert.Matches(@"^ +3  interval 2, 20 steps ", rows[2]);
        Assert.Single(_cli.Run("sweep", "--dry-run", "--router", "none", "--rules", "NONE").Out.TrimEnd('\n').Split('\n'));
    }

    public void Dispose() => _cli.Dispose();

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();
}
