using L2c.Testing;
using L2c.Weights.Safetensors;

namespace L2c.Cli.Tests;

public sealed class CacheFaultTests : IDisposable
{
    private const string Refresh = """{"role": "refresh", "compute": "1111"}""";

    private readonly CachedRuns _runs = new();

    [Theory]
    [InlineData(4, 6, "a router for a U-ViT of 3 blocks, but tiny pixels is a DiT")]
    [InlineData(4, 8, "a router for 4 blocks, but tiny pixels has 2")]
    [InlineData(6, 4, "a router for 6 evaluations, but --steps gives 4; sample with --steps 6")]
    public void A_router_for_something_else_ends_with_code_2(int rows, int branches, string message)
    {
        string router = _runs.Router("r.safetensors", rows, branches, (_, _) => 1);
        _runs.Sample("a.png", "--router", router).MustFail(2, $"{router}: {message}");
        Assert.DoesNotContain("a.png", _runs.Cli.Files());
    }

    [Theory]
    [InlineData(
        "{\"role\": \"cache\", \"compute\": \"1011\"}, " + Refresh + ", " + Refresh + ", " + Refresh,
        "evaluation 0 reuses branch 1 (block 0 mlp) before any")]
    [InlineData(Refresh + ", " + Refresh + ", " + Refresh, "3 evaluations, but the sampler makes 4")]
    [InlineData(
        Refresh + ", {\"role\": \"cache\", \"compute\": \"101\"}, " + Refresh + ", " + Refresh,
        "evaluation 1 has 3 branches, evaluation 0 has 4")]
    [InlineData("{\"role\": \"refresh\", \"compute\": \"111111\"}", "6 branches (3 blocks), but the network has 4 (2 blocks)")]
    [InlineData(
        Refresh + ", {\"role\": \"refresh\", \"compute\": \"1011\"}, " + Refresh + ", " + Refresh,
        "evaluation 1 is a refresh but skips branch 1")]
    public void A_schedule_that_cannot_be_run_ends_with_code_2(string evaluations, string message)
    {
        string path = _runs.Schedule(evaluations);
        CliResult result = _runs.Sample("a.png", "--cache", path);
        result.MustFail(2, message);
        Assert.Contains($"error: {path}: ", result.Err, StringComparison.Ordinal);
    }

    [Fact]
    public void SmoothCache_that_reuses_before_it_computes_ends_with_code_2()
    {
        string path = _runs.Text("s.json", """{"attn": [0, 0, 1, 0], "mlp": [1, 1, 1, 0]}""");
        _runs.Sample("a.png", "--cache", path).MustFail(
            2, $"{path}: schedule: evaluation 0 reuses branch 0 (block 0 attention) before any evaluation computed it");
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Logits_that_are_not_finite_end_with_code_4(float value)
    {
        string router = _runs.Router("r.safetensors", 4, 4, (row, branch) => (row, branch) == (2, 1) ? value : 1);
        _runs.Sample("a.png", "--router", router).MustFail(4, router);
    }

    [Fact]
    public void A_file_that_holds_no_router_ends_with_code_4()
    {
        string vectors = _runs.Cli.PathOf("v.safetensors");
        SafetensorsData.Write(vectors, [("0.prob", [4], new float[4]), ("1.prob", [3], new float[3])], new Dictionary<string, string>(), false);
        _runs.Sample("a.png", "--router", vectors).MustFail(4, vectors);
        string noise = _runs.Text("r.pt", "no router");
        _runs.Sample("a.png", "--router", noise).MustFail(4, noise);
        string model = TinyModel.Write(_runs.Cli.PathOf("m.safetensors"), TinyModel.Pixels);
        _runs.Sample("a.png", "--router", model).MustFail(4, model);
    }

    [Theory]
    [InlineData("{", "is not valid JSON (line 1)")]
    [InlineData("[]", "not a SmoothCache schedule")]
    [InlineData("{\"attn\": [1, 2]}", "not a SmoothCache schedule")]
    [InlineData("{\"format\": \"l2c-schedule/4\", \"model\": \"\", \"sampler\": \"\", \"steps\": 4, \"evaluations\": []}", "this version reads")]
    [InlineData("{\"format\": \"l2c-schedule/1\"}", "the schedule has no \"model\"; add it")]
    [InlineData(
        "{\"format\": \"l2c-schedule/1\", \"model\": \"m\", \"sampler\": \"ddim\", \"steps\": 0, \"evaluations\": []}",
        "evaluations has 0 entries; write one entry")]
    [InlineData(
        "{\"format\": \"l2c-schedule/1\", \"model\": \"m\", \"sampler\": \"ddim\", \"steps\": 4, \"evaluations\": [" + Refresh + "]}",
        "steps is 4 and evaluations has 1 entries")]
    public void A_damaged_schedule_file_ends_with_code_4(string text, string message)
    {
        string path = _runs.Text("s.json", text);
        CliResult result = _runs.Sample("a.png", "--cache", path);
        result.MustFail(4, message);
        Assert.Contains($"error: {path}: ", result.Err, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--router and --cache cannot be combined", "--router", "r.pt", "--cache", "all")]
    [InlineData("--threshold applies to a router, not to --cache; omit --threshold, or give --router FILE in place of --cache", "--cache", "all", "--threshold", "0.5")]
    [InlineData("--threshold 1.5: scores lie between 0 and 1", "--router", "r.pt", "--threshold", "1.5")]
    [InlineData("--save-schedule needs a schedule", "--save-schedule", "s.json")]
    [InlineData("--compare needs a schedule", "--compare")]
    [InlineData("--schedule-format applies to --save-schedule", "--cache", "all", "--schedule-format", "smoothcache")]
    [InlineData("cache rule \"most\": no such rule", "--cache", "most")]
    [InlineData("cache rule \"teacache:0.2\": l2c calibrate --method teacache makes schedules of this method", "--cache", "TeaCache:0.2")]
    [InlineData("cache rule \"top:3\": 3 is not a whole number between 0 and 2", "--cache", "top:3")]
    [InlineData("cache rule \"interval:0\": 0 is not a whole number of at least 1", "--cache", "interval:0")]
    public void Options_that_do_not_fit_together_end_with_code_2(string message, params string[] options) =>
        _runs.Sample("a.png", options).MustFail(2, message);

    [Theory]
    [InlineData("<!DOCTYPE html><html></html>")]
    [InlineData("\n<html lang=\"en\">")]
    public void A_page_is_told_as_such(string text)
    {
        string path = _runs.Text("run.html", text);
        _runs.Cli.Run("inspect", path).MustFail(4, "is a web page, as l2c report makes them; open it in a browser");
    }

    [Fact]
    public void A_missing_file_or_a_folder_ends_with_code_1()
    {
        _runs.Cli.Run("inspect", _runs.Cli.Folder).MustFail(1, "is a directory; name a file in it, or show a run's folder with l2c report");
        _runs.Cli.Run("sample", "--ckpt", _runs.Cli.Folder).MustFail(1, "is a directory");
        _runs.Sample("a.png", "--cache", _runs.Cli.PathOf("none.json")).MustFail(1, "none.json: no such file");
        _runs.Sample("a.png", "--router", _runs.Cli.PathOf("none.pt")).MustFail(1, "none.pt: no such file");
    }

    public void Dispose() => _runs.Dispose();
}
