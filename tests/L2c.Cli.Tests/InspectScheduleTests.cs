using System.Text;
using System.Text.Json;
using L2c.Testing;
using L2c.Weights.Safetensors;
using Spectre.Console;

namespace L2c.Cli.Tests;

public sealed partial class InspectScheduleTests : IDisposable
{
    private readonly CliRunner _cli = new();

    [Fact]
    public void A_list_longer_than_any_schedule_is_refused()
    {
        File.WriteAllText(_cli.PathOf("s.json"), $"{{\"attn\":[{string.Join(',', Enumerable.Repeat(1, 1_000_000))}]}}");
        _cli.Run("inspect", _cli.PathOf("s.json")).MustFail(4, "is of 1000000 evaluations");
    }

    [Fact]
    public void Damaged_routers_end_with_code_4()
    {
        _cli.Run("inspect", Router("nan.st", 2, 8, b => b == 3 ? float.NaN : 0)).MustFail(4, "row 0, branch 3: the logit is NaN");
        (string, long[], float[])[] rows = [.. Enumerable.Range(0, 4).Select(
            r => ($"routers.{r}.prob", new long[] { 4 }, new[] { 0, r == 3 ? float.NaN : 0, 0, 0 }))];
        SafetensorsData.Write(_cli.PathOf("later.st"), rows, null, overwrite: false);
        _cli.Run("inspect", _cli.PathOf("later.st")).MustFail(4, "row 3, branch 1: the logit is NaN");
        SafetensorsData.Write(_cli.PathOf("shape.st"), [("logits", new long[] { 2, 3 }, new float[6])], null, overwrite: false);
        _cli.Run("inspect", _cli.PathOf("shape.st")).MustFail(4, _cli.PathOf("shape.st"));
    }

    [Fact]
    public void Two_schedules_are_compared_branch_by_branch()
    {
        string router = Router("r.st", 2, 4, b => b is 0 or 1 ? -9 : 9), schedule = Schedule("s.json", ("refresh", "1111"), ("cache", "0110"));
        JsonElement json = _cli.Run("inspect", router, schedule, "--diff", "--json").Json;
        Assert.Equal((2, 2, 1, 2), (Int("firstReused"), Int("secondReused"), Int("bothReused"), Int("differing")));
        JsonElement only = Assert.Single(json.GetProperty("evaluations").EnumerateArray());
        Assert.Equal(
            (1, "[3]", "[1]"),
            (only.GetProperty("evaluation").GetInt32(), only.GetProperty("onlyFirst").GetRawText(), only.GetProperty("onlySecond").GetRawText()));
        string text = _cli.Run("inspect", router, schedule, "--diff").Out;
        Assert.Contains("evaluation 1 (cache): 2 differ", text, StringComparison.Ordinal);
        Assert.Contains("only A computes block 1 mlp", text, StringComparison.Ordinal);
        Assert.Contains("only B computes block 0 mlp", text, StringComparison.Ordinal);
        Assert.Equal(0, _cli.Run("inspect", router, router, "--diff", "--json").Json.GetProperty("differing").GetInt32());

        // Lists for all blocks do not say how many there are: as many as the other file has.
        string lists = Text("lists.json", """{"attn": [1, 0]}""");
        foreach (string[] pair in (string[][])[[lists, schedule], [schedule, lists], [router, lists]])
        {
            Assert.Equal(2, _cli.Run(["inspect", .. pair, "--diff", "--json"]).Json.GetProperty("differing").GetInt32());
        }

        _cli.Run("inspect", router, schedule).MustFail(2, "add --diff");
        _cli.Run("inspect", router, schedule, schedule, "--diff").MustFail(2, "see l2c inspect --help");
        _cli.Run("inspect", router, "--diff").MustFail(2, "name both");
        _cli.Run("inspect", router, Schedule("t.json", ("refresh", "11"), ("cache", "01")), "--diff").MustFail(2, "compare schedules of the same size");

        int Int(string name) => json.GetProperty(name).GetInt32();
    }

    [Fact]
    public void Schedules_are_shown_and_faults_tell_code_2_from_4()
    {
        string good = Schedule("good.json", ("refresh", "1111"), ("cache", "0110"));
        JsonElement json = _cli.Run("inspect", good, "--json").Json;
        Assert.Equal((2, 4), (json.GetProperty("reused").GetInt32(), json.GetProperty("cacheBranches").GetInt32()));
        string text = _cli.Run("inspect", good).Out;
        Assert.Contains("   1 cache   .# #.", text, StringComparison.Ordinal);
        Assert.Matches(@"\n +made for +m, ddim, 2 steps\n", text);
        Assert.Equal("""{"model":"m","sampler":"ddim","steps":2}""", json.GetProperty("madeFor").GetRawText());
        File.WriteAllText(_cli.PathOf("mark.json"), File.ReadAllText(good), Encoding.UTF8); // with a byte order mark
        Assert.Equal(2, _cli.Run("inspect", _cli.PathOf("mark.json"), "--json").Json.GetProperty("reused").GetInt32());
        _cli.Run("inspect", good, "--threshold", "0.5").MustFail(2, "do not apply");
        _cli.Run("inspect", good, "--model", "DiT-S/2").MustFail(2, "12 blocks");
        _cli.Run("inspect", Schedule("width.json", ("refresh", "1111"), ("cache", "01"))).MustFail(2, "evaluation 1 has 2 branches");
        _cli.Run("inspect", Schedule("early.json", ("cache", "0111"), ("cache", "0110"))).MustFail(2, "before any evaluation computed it");
        _cli.Run("inspect", Schedule("role.json", ("often", "1111"))).MustFail(4, "often");
    }

    [Fact]
    public void Forecast_and_dropped_branches_are_not_called_reused()
    {
        string mixed = Terms("mixed.json", """{"branches":"1000","evaluations":[1,0],"weights":[2,-1]},{"branches":"0100","evaluations":[],"weights":[]}""");
        JsonElement json = _cli.Run("inspect", mixed, "--json").Json;
        Assert.Equal((3, 1, 1), (Int("reused"), Int("forecast"), Int("dropped")));
        Assert.Equal("~x.#", json.GetProperty("evaluations")[2].GetProperty("actions").GetString());
        string text = _cli.Run("inspect", mixed).Out;
        Assert.Contains("MLP right: # computed, . reused, ~ forecast, x dropped\n", text, StringComparison.Ordinal);
        Assert.Contains("   2 cache   ~x .#", text, StringComparison.Ordinal);
        Assert.Contains("  not computed ", text, StringComparison.Ordinal);
        string forecast = Terms("forecast.json", """{"branches":"1110","evaluations":[1,0],"weights":[2,-1]}""");
        text = _cli.Run("inspect", forecast).Out;
        Assert.Contains("  forecast           3/4 branches", text, StringComparison.Ordinal);
        Assert.Contains("MLP right: # computed, ~ forecast\n", text, StringComparison.Ordinal);

        json = _cli.Run("inspect", mixed, forecast, "--diff", "--json").Json;
        Assert.Equal((0, true, true), (Int("differing"), json.GetProperty("droppingDiffers").GetBoolean(), json.GetProperty("forecastsDiffer").GetBoolean()));
        string dropped = Terms("dropped.json", """{"branches":"0100","evaluations":[],"weights":[]}"""), reused = Terms("reused.json", "");
        json = _cli.Run("inspect", dropped, reused, "--diff", "--json").Json;
        Assert.Equal((true, false), (json.GetProperty("droppingDiffers").GetBoolean(), json.GetProperty("forecastsDiffer").GetBoolean()));

        int Int(string name) => json.GetProperty(name).GetInt32();

        string Terms(string name, string terms) => Text(
            name,
            $$"""
            {"format":"l2c-schedule/2","model":"m","sampler":"ddim","steps":3,"evaluations":[{"role":"refresh","compute":"1111"},
            {"role":"refresh","compute":"1111"},{"role":"cache","compute":"0001","terms":[{{terms}}]}]}
            """);
    }

    [Fact]
    public void Branches_of_replaced_segments_have_a_character_and_a_count_of_their_own()
    {
        string mixed = Segments("mixed.json", 1), other = Segments("other.json", 0);
        JsonElement json = _cli.Run("inspect", mixed, "--json").Json;
        Assert.Equal(("l2c-schedule/3", 3, 2), (json.GetProperty("format").GetString(), Int("reused"), Int("inSegments")));
        Assert.Equal(".==#", json.GetProperty("evaluations")[2].GetProperty("actions").GetString());
        string text = _cli.Run("inspect", mixed).Out;
        Assert.Contains("MLP right: # computed, . reused, = in a replaced segment\n", text, StringComparison.Ordinal);
        Assert.Contains("   2 cache   .= =#", text, StringComparison.Ordinal);

        json = _cli.Run("inspect", mixed, other, "--diff", "--json").Json;
        Assert.Equal(
            (0, true, false), (Int("differing"), json.GetProperty("segmentsDiffer").GetBoolean(), json.GetProperty("forecastsDiffer").GetBoolean()));
        Assert.Contains("is replaced in other segments", _cli.Run("inspect", mixed, other, "--diff").Out, StringComparison.Ordinal);
        Assert.False(_cli.Run("inspect", mixed, mixed, "--diff", "--json").Json.GetProperty("segmentsDiffer").GetBoolean());
        _cli.Run("inspect", Segments("late.json", 2)).MustFail(2, "reads evaluation 2, which is not an earlier one that computes the whole segment");

        int Int(string name) => json.GetProperty(name).GetInt32();

        string Segments(string name, int source) => Text(
            name,
            $$"""
            {"format":"l2c-schedule/3","model":"m","sampler":"ddim","steps":3,"evaluations":[{"role":"refresh","compute":"1111"},
            {"role":"refresh","compute":"1111"},
            {"role":"cache","compute":"0001","segments":[{"first":1,"last":2,"evaluations":[{{source}}],"weights":[1]}]}]}
            """);
    }

    [Fact]
    public void SmoothCache_files_say_nothing_of_the_model_and_are_taken_for_none()
    {
        string all = Text("all.json", """{"attn": [1, 0, 1, 0], "mlp": [1, 1, 1, 0]}""");
        JsonElement json = _cli.Run("inspect", all, "--json").Json;
        Assert.Equal("smoothcache", json.GetProperty("format").GetString());
        Assert.Equal((4, 2, 2, 1, 1), (Int("steps"), Int("branches"), Int("reusedAttention"), Int("reusedMlp"), Int("assumedBlocks")));
        Assert.Equal(0.75, json.GetProperty("shareOfCacheEvaluations").GetDouble());
        Assert.All(["model", "alsoFits", "macsBefore", "modelAssumed"], key => Assert.False(json.TryGetProperty(key, out _), key));
        string text = _cli.Run("inspect", all).Out;
        Assert.Contains("of one block, which stands for all", text, StringComparison.Ordinal);
        Assert.DoesNotContain("DiT-", text, StringComparison.Ordinal);
        Assert.Contains("name it with --model or --ckpt to count MACs", text, StringComparison.Ordinal);
        Assert.Contains($"{all}: schedule, smoothcache", text, StringComparison.Ordinal);

        json = _cli.Run("inspect", all, "--model", "DiT-XL/2", "--json").Json;
        Assert.Equal((56, 56, 28), (Int("branches"), Int("reusedAttention"), Int("reusedMlp")));
        Assert.False(json.TryGetProperty("assumedBlocks", out _));
        Assert.True(json.GetProperty("macsBefore").GetInt64() > json.GetProperty("macsAfter").GetInt64());
        Assert.Equal(24, _cli.Run("inspect", all, "--model", "DiT-S/2", "--json").Json.GetProperty("branches").GetInt32());
        string net = TinyModel.Write(_cli.PathOf("net.st"), TinyModel.LongSkips);
        Assert.Equal(6, _cli.Run("inspect", all, "--ckpt", net, "--json").Json.GetProperty("branches").GetInt32());

        // As many blocks as the lists name.
        json = _cli.Run("inspect", Text("one.json", """{"attn1-11": [1, 0]}"""), "--json").Json;
        Assert.Equal((24, 1, 12), (Int("branches"), Int("reused"), Int("assumedBlocks")));
        Assert.False(json.TryGetProperty("model", out _));
        Assert.Contains("12 blocks, assumed", _cli.Run("inspect", _cli.PathOf("one.json")).Out, StringComparison.Ordinal);
        json = _cli.Run("inspect", Text("deep.json", """{"attn-99": [1, 0]}"""), "--json").Json;
        Assert.Equal((200, 1), (Int("branches"), Int("reused")));
        Assert.Equal(1, _cli.Run("inspect", _cli.PathOf("one.json"), _cli.PathOf("deep.json"), "--diff", "--json").Json.GetProperty("firstReused").GetInt32());

        _cli.Run("inspect", _cli.PathOf("deep.json"), "--model", "DiT-S/2").MustFail(2, "belongs to no branch of a network with 12 blocks");
        _cli.Run("inspect", Text("early.json", """{"mlp": [0, 1]}""")).MustFail(2, "before any evaluation computed it");
        _cli.Run("inspect", Text("bits.json", """{"mlp": [1, 2]}""")).MustFail(4, "not a SmoothCache schedule");
        _cli.Run("inspect", Text("deepest.json", """{"mlp-1000000000": [1, 0]}""")).MustFail(4, "block 1000000000");

        int Int(string name) => json.GetProperty(name).GetInt32();
    }

    [Fact]
    public void MACs_are_counted_for_any_network()
    {
        string router = Router("r.st", 4, 4, b => b == 0 ? -9 : 9), net = TinyModel.Write(_cli.PathOf("net.st"), TinyModel.Pixels);
        Assert.False(_cli.Run("inspect", router, "--json").Json.TryGetProperty("macsBefore", out _));
        JsonElement json = _cli.Run("inspect", router, "--ckpt", net, "--json").Json;
        long evaluation = _cli.Run("inspect", net, "--json").Json.GetProperty("model").GetProperty("macsPerEvaluation").GetInt64();
        Assert.Equal(("tiny pixels", 4 * evaluation), (json.GetProperty("model").GetString(), json.GetProperty("macsBefore").GetInt64()));
        const long attention = (4 * 16 * 32 * 32) + (2 * 16 * 16 * 32); // 16 tokens, 32 wide
        Assert.Equal((4 * evaluation) - (2 * attention), json.GetProperty("macsAfter").GetInt64());
        Assert.False(json.TryGetProperty("modelAssumed", out _));

        // Shapes as everywhere: a name, or sizes; heads change no count, and may stay open.
        string open = TinyModel.Write(_cli.PathOf("open.st"), TinyModel.Pixels, described: false);
        JsonElement same = _cli.Run("inspect", router, "--ckpt", open, "--json").Json;
        Assert.Equal(json.GetProperty("macsBefore").GetInt64(), same.GetProperty("macsBefore").GetInt64());
        json = _cli.Run("inspect", router, "--model", "2x32x2/4", "--json", "--sweep").Json;
        Assert.Equal("2x32x2/4 256", json.GetProperty("model").GetString());
        Assert.True(json.GetProperty("thresholds")[20].GetProperty("macRatio").GetDouble() < 1);
        string skips = TinyModel.Write(_cli.PathOf("skips.st"), TinyModel.LongSkips);
        _cli.Run("inspect", router, "--ckpt", skips).MustFail(2, "is a router for a DiT, but tiny skips is a U-ViT");
        _cli.Run("inspect", router, "--ckpt", TinyModel.Write(_cli.PathOf("vae.st"), TinyModel.Autoencoder)).MustFail(4, "vae.st");
        _cli.Run("inspect", router, "--ckpt", _cli.PathOf("missing.st")).MustFail(1, "missing.st");
        _cli.Run("inspect", net, "--ckpt", net).MustFail(2, "--ckpt");
        _cli.Run("inspect", router, "--num-classes", "3").MustFail(2, "do not apply");
        Assert.Equal(0, _cli.Run("inspect", router, "--ckpt", open, "--num-classes", "3").Code);
    }

    [Fact]
    public void The_demo_router_is_counted_for_the_demo_model_and_says_so()
    {
        JsonElement json = _cli.Run("inspect", DemoModel.RouterPath, "--json").Json;
        long evaluation = _cli.Run("inspect", DemoModel.Path, "--json").Json.GetProperty("model").GetProperty("macsPerEvaluation").GetInt64();
        Assert.Equal((20 * evaluation, true), (json.GetProperty("macsBefore").GetInt64(), json.GetProperty("modelAssumed").GetBoolean()));
        Assert.Contains("shapes-dit8, assumed", _cli.Run("inspect", DemoModel.RouterPath).Out, StringComparison.Ordinal);
        Assert.Contains("shapes-dit8, assumed", _cli.Run("inspect", DemoModel.RouterPath, "--sweep").Out, StringComparison.Ordinal);
        string schedule = _cli.PathOf("s.json");
        File.WriteAllText(
            schedule,
            $$"""{"format":"l2c-schedule/1","model":"shapes-dit8","sampler":"ddim","steps":1,"evaluations":[{"role":"refresh","compute":"{{new string('1', 16)}}"}]}""");
        Assert.Equal(evaluation, _cli.Run("inspect", schedule, "--json").Json.GetProperty("macsBefore").GetInt64());
    }

    public void Dispose() => _cli.Dispose();

    private string Router(string name, int evaluations, int branches, Func<int, float> logit)
    {
        string path = _cli.PathOf(name);
        float[] values = [.. Enumerable.Range(0, evaluations * branches).Select(i => logit(i % branches))];
        SafetensorsData.Write(path, [("logits", new long[] { evaluations, branches }, values)], null, overwrite: false);
        return path;
    }

    private string Text(string name, string content)
    {
        File.WriteAllText(_cli.PathOf(name), content);
        return _cli.PathOf(name);
    }

    private string Schedule(string name, params (string Role, string Compute)[] evaluations)
    {
        string path = _cli.PathOf(name);
        string rows = string.Join(',', evaluations.Select(e => $$"""{"role":"{{e.Role}}","compute":"{{e.Compute}}"}"""));
        File.WriteAllText(
            path,
            $$"""{"format":"l2c-schedule/1","model":"m","sampler":"ddim","steps":{{evaluations.Length}},"evaluations":[{{rows}}]}""",
            Encoding.ASCII);
        return path;
    }
}
