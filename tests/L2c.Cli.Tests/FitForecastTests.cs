using System.Text.Json;
using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary>l2c fit-forecast from images to a schedule that every command takes.</summary>
public sealed class FitForecastTests : IDisposable
{
    private static readonly string[] _steps = ["--steps", "9", "--cache", "interval:3"];

    private readonly CliRunner _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public void Forecasts_of_the_demo_model_are_nearer_than_reuse_on_images_that_were_held_out()
    {
        string file = _cli.PathOf("forecast.json");
        JsonElement fit = _cli.Run(["fit-forecast", .. _steps, "--terms", "3", "--images", "8", "--held-out", "8", "--out", file, "--json"]).Json;
        Assert.Equal(file, fit.GetProperty("file").GetString());
        (double reuse, double forecast) = Errors(fit.GetProperty("heldOut"));
        Assert.InRange(forecast, 0.01, 0.9 * reuse);
        Assert.InRange(Errors(fit.GetProperty("fitted")).Forecast, 0.01, Errors(fit.GetProperty("fitted")).Reuse);

        // Evaluations 1, 2, 4, 5, 7, 8 of 16 branches; from the fourth on from two outputs, from the seventh on from three.
        Assert.Equal([1, 2, 4, 5, 7, 8], fit.GetProperty("evaluations").EnumerateArray().Select(row => row.GetProperty("evaluation").GetInt32()));
        JsonElement[] branches = [.. fit.GetProperty("branches").EnumerateArray()];
        Assert.Equal(6 * 16, branches.Length);
        Assert.All(branches, place => Assert.Equal((place.GetProperty("evaluation").GetInt32() / 3) + 1, place.GetProperty("weights").GetArrayLength()));
        Assert.Equal([6, 3, 0], branches[^1].GetProperty("sources").EnumerateArray().Select(source => source.GetInt32()));

        // What it says of samples is what sample says, of the same images.
        string[] images = ["--seed", "1", "--count", "8", "--compare", "--runs", "1", "--warmup", "0", "--out", _cli.PathOf("a.png"), "--force", "--json"];
        JsonElement forecasts = _cli.Run(["sample", "--steps", "9", "--cache", file, .. images]).Json;
        Assert.Equal(fit.GetProperty("forecastSamples").GetProperty("relativeL2").GetDouble(), forecasts.GetProperty("relativeL2").GetDouble());
        Assert.Equal(4 * 16, forecasts.GetProperty("forecastBranches").GetInt32()); // of evaluations 1 and 2 there is one output to reuse
        JsonElement reuses = _cli.Run(["sample", .. _steps, .. images]).Json;
        Assert.Equal(fit.GetProperty("reuseSamples").GetProperty("relativeL2").GetDouble(), reuses.GetProperty("relativeL2").GetDouble());
        Assert.InRange(forecasts.GetProperty("relativeL2").GetDouble(), 0, reuses.GetProperty("relativeL2").GetDouble());
    }

    [Fact]
    public void The_text_has_errors_by_evaluation_and_the_difference_of_samples()
    {
        CliResult result = Fit("f.json", "--no-progress");
        Assert.True(result.Code == 0, result.Err);
        Assert.Equal("", result.Err);
        Assert.Matches(
            @"^\S+f\.json\nof 8 branch outputs that are not computed 4 are forecast, from up to 2 earlier ones; fitted to 2 images, ridge 0\.01; "
            + @"ddim, 4 steps, interval:2\n",
            result.Out);
        Assert.Matches(@"\n +3 +4( +0\.[0-9]{4}){4}\n +all +8( +0\.[0-9]{4}){4}\nworst forecast: block [01] (attention|mlp) in evaluation [13], ", result.Out);
        Assert.Matches(@"\nsamples of 3 held-out images against those without caching: relative L2 0\.[0-9]+ \(PSNR [0-9.]+ dB\) by reuse, relative L2 ", result.Out);
    }

    [Fact]
    public void A_file_is_replaced_only_on_demand_and_an_interrupted_fit_leaves_none()
    {
        using CancellationTokenSource early = new();
        early.Cancel();
        CliResult interrupted = _cli.Run(early.Token, Arguments("f.json"));
        Assert.Equal(130, interrupted.Code);
        using InterruptAfter error = new("other images without caching"); // the weights are known by then
        Assert.Equal(130, Program.Run(Arguments("f.json"), TextWriter.Null, error, error.Token));
        Assert.DoesNotContain(_cli.Files(), name => name.StartsWith("f.json", StringComparison.Ordinal));

        Assert.Equal(0, Fit("f.json").Code);
        byte[] first = File.ReadAllBytes(_cli.PathOf("f.json"));
        Fit("f.json", "--seed", "5").MustFail(1, "f.json");
        _cli.Run([.. Run("f.json"), "--cache", "intervals:2"]).MustFail(2, "no such rule"); // which is more to mend than the file
        Assert.Equal(first, File.ReadAllBytes(_cli.PathOf("f.json")));
        Assert.Equal(0, Fit("f.json", "--seed", "5", "--force").Code);
        Assert.NotEqual(first, File.ReadAllBytes(_cli.PathOf("f.json")));
        Assert.Equal(0, Fit("g.json").Code);
        Assert.Equal(first, File.ReadAllBytes(_cli.PathOf("g.json")));
    }

    [Theory]
    [InlineData("--terms needs a whole number from 1 to 6, not '7'", "--terms", "7")]
    [InlineData("--ridge 0: rounding decides below 1E-12; give at least that", "--ridge", "0")]
    [InlineData("none: the schedule computes every branch, so there is nothing to forecast", "--cache", "none")]
    [InlineData("delta-dit:2:1:2: the schedule replaces segments, but forecasts are per branch; give a schedule without", "--cache", "delta-dit:2:1:2")]
    [InlineData("schedule: evaluation 0 reuses branch 0 (block 0 attention) before any evaluation computed it", "--cache", "never.json")]
    public void What_cannot_be_fitted_is_refused(string message, params string[] more)
    {
        File.WriteAllText(_cli.PathOf("never.json"), """
            {"format": "l2c-schedule/1", "model": "tiny pixels", "sampler": "ddim", "steps": 4, "skipped": "drop", "evaluations": [
              {"role": "cache", "compute": "0111"}, {"role": "cache", "compute": "0111"}, {"role": "refresh", "compute": "1111"}, {"role": "cache", "compute": "0000"}]}
            """);
        string[] cache = more[0] == "--cache" ? [] : ["--cache", "interval:2"];
        _cli.Run([.. Run("f.json"), .. cache, .. more.Select(word => word == "never.json" ? _cli.PathOf(word) : word)]).MustFail(2, message);
        Assert.False(File.Exists(_cli.PathOf("f.json")));
    }

    [Fact]
    public void A_schedule_has_to_be_given_and_a_name_that_cache_takes()
    {
        string model = TinyModel.Write(_cli.PathOf("m.safetensors"), TinyModel.Pixels);
        _cli.Run("fit-forecast", "--ckpt", model, "--steps", "4", "--out", _cli.PathOf("f.json")).MustFail(2, "give --cache RULE or --router FILE");
        _cli.Run("fit-forecast", "--ckpt", model, "--steps", "4", "--cache", "all", "--out", "f.txt").MustFail(2, "--cache takes a file whose name ends in .json");
        _cli.Run("fit-forecast", "--steps", "4", "--cache", _cli.PathOf("f.json"), "--out", _cli.PathOf("f.json")).MustFail(2, "is an input of this command");
    }

    private CliResult Fit(string file, params string[] more) => _cli.Run([.. Arguments(file), .. more]);

    private string[] Arguments(string file) => [.. Run(file), "--cache", "interval:2", "--terms", "2", "--ridge", "0.01"];

    private string[] Run(string file)
    {
        string model = _cli.PathOf("m.safetensors");
        if (!File.Exists(model))
        {
            TinyModel.Write(model, TinyModel.Pixels);
        }

        return ["fit-forecast", "--ckpt", model, "--steps", "4", "--images", "2", "--held-out", "3", "--device", "cpu", "--out", _cli.PathOf(file)];
    }

    private static (double Reuse, double Forecast) Errors(JsonElement error) =>
        (error.GetProperty("reuse").GetDouble(), error.GetProperty("forecast").GetDouble());
}
