using System.Text.Json;
using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary>Routers that decide between a fresh output and its forecast.</summary>
public sealed class TrainRouterForecastTests : IDisposable
{
    private readonly CliRunner _cli = new();
    private readonly string _network;

    public TrainRouterForecastTests() => _network = TinyModel.Write(_cli.PathOf("network.safetensors"), TrainingRuns.Network);

    public void Dispose() => _cli.Dispose();

    [Fact]
    public void A_run_leaves_a_schedule_of_the_router_and_the_forecast_that_samples()
    {
        string forecast = Fit("forecast.json", "all");
        Assert.Equal(0, Train("run", "--forecast", forecast, "--sample-every", "4", "--threshold", "0.5").Code);
        Assert.Equal(0, Train("plain", "--threshold", "0.5").Code);
        Assert.Contains("schedule.json", _cli.Files("run"));
        Assert.DoesNotContain("schedule.json", _cli.Files("plain"));
        Assert.NotEqual(File.ReadAllBytes(_cli.PathOf("plain/router.safetensors")), File.ReadAllBytes(_cli.PathOf("run/router.safetensors")));
        Assert.Equal(["000004.png", "000008.png"], _cli.Files("run/samples"));

        // Its mask is the router's, its weights are the forecast's.
        JsonElement mask = Schedule("--router", _cli.PathOf("run/router.safetensors"), "--threshold", "0.5");
        JsonElement weights = JsonElement.Parse(File.ReadAllBytes(forecast));
        JsonElement written = JsonElement.Parse(File.ReadAllBytes(_cli.PathOf("run/schedule.json")));
        int forecasts = 0;
        for (int e = 0; e < 10; e++)
        {
            string computes = Row(written, e).GetProperty("compute").GetString()!;
            Assert.Equal(Row(mask, e).GetProperty("compute").GetString(), computes);
            for (int b = 0; b < computes.Length; b++)
            {
                Assert.Equal(computes[b] == '1' ? null : Terms(weights, e, b), Terms(written, e, b));
                forecasts += Terms(written, e, b) is null ? 0 : 1;
            }
        }

        Assert.InRange(forecasts, 1, 15);
        CliResult sampled = Sample("--cache", _cli.PathOf("run/schedule.json"), "--json");
        Assert.Equal(forecasts, sampled.Json.GetProperty("forecastBranches").GetInt32());
    }

    [Fact]
    public void A_run_goes_on_with_its_own_forecast_alone()
    {
        string forecast = Fit("forecast.json", "all"), other = Fit("other.json", "all", "--seed", "7");
        Assert.Equal(0, Train("whole", "--forecast", forecast).Code);
        Assert.Equal(0, Train("run", "--forecast", forecast, "--max-steps", "4").Code);
        Train("run", "--forecast", other, "--resume-from-checkpoint", "latest").MustFail(2, "--forecast was ");
        Train("run", "--resume-from-checkpoint", "latest").MustFail(2, "--forecast was ");
        Assert.Equal(0, Train("run", "--forecast", forecast, "--resume-from-checkpoint", "latest").Code);
        Assert.Equal(File.ReadAllBytes(_cli.PathOf("whole/router.safetensors")), File.ReadAllBytes(_cli.PathOf("run/router.safetensors")));
        Assert.Equal(File.ReadAllBytes(_cli.PathOf("whole/schedule.json")), File.ReadAllBytes(_cli.PathOf("run/schedule.json")));
    }

    [Fact]
    public void A_schedule_that_does_not_forecast_all_that_a_router_may_leave_out_is_refused()
    {
        Train("run", "--forecast", Fit("i.json", "interval:3")).MustFail(2, "i.json: in evaluation 9 the schedule has no forecast of block 0 attention");
        Train("run", "--forecast", Fit("f.json", "all"), "--steps", "8").MustFail(2, "10 evaluations, but the sampler makes 8");
        Train("run", "--forecast", "interval:2").MustFail(2, "the name of a schedule ends in .json");
        Train("run", "--forecast", _cli.PathOf("none.json")).MustFail(1, "none.json");
        Assert.False(Directory.Exists(_cli.PathOf("run")));
    }

    private static JsonElement Row(JsonElement schedule, int evaluation) => schedule.GetProperty("evaluations")[evaluation];

    // Sources and weights of a branch, as text; null where it is computed or reused.
    private static string? Terms(JsonElement schedule, int evaluation, int branch) =>
        Row(schedule, evaluation).TryGetProperty("terms", out JsonElement terms)
        && terms.EnumerateArray().FirstOrDefault(sum => sum.GetProperty("branches").GetString()![branch] == '1') is var found
        && found.ValueKind == JsonValueKind.Object
            ? $"{found.GetProperty("evaluations")} {found.GetProperty("weights")}"
            : null;

    private JsonElement Schedule(params string[] cache)
    {
        string path = _cli.PathOf("mask.json");
        CliResult result = Sample([.. cache, "--save-schedule", path]);
        Assert.True(result.Code == 0, result.Err);
        return JsonElement.Parse(File.ReadAllBytes(path));
    }

    private CliResult Sample(params string[] more) =>
        _cli.Run(["sample", "--ckpt", _network, "--steps", "10", "-n", "1", "--device", "cpu", "--force", "--out", _cli.PathOf("a.png"), .. more]);

    private CliResult Train(string run, params string[] more) => _cli.Run(TrainingRuns.Router(_network, _cli.PathOf(run), more));

    private string Fit(string file, string cache, params string[] more)
    {
        string path = _cli.PathOf(file);
        CliResult result = _cli.Run(
        [
            "fit-forecast", "--ckpt", _network, "--steps", "10", "--cache", cache, "--images", "2", "--held-out", "1", "--device", "cpu", "--out", path,
            .. more,
        ]);
        Assert.True(result.Code == 0, result.Err);
        return path;
    }
}
