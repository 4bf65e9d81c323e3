using System.Security.Cryptography;
using System.Text.Json;
using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary>When the demo model's router is used without being named.</summary>
public sealed class DemoModelTests : IDisposable
{
    private const string Router = "router shapes-dit8-router20.safetensors, threshold 0.1";

    private readonly CliRunner _cli = new();

    [Theory]
    [InlineData(Router)]
    [InlineData(Router, "--steps", "20", "--sampler", "ddim", "--eta", "0", "--seed", "7")]
    [InlineData("router shapes-dit8-router20.safetensors, threshold 0.5", "--threshold", "0.5")]
    [InlineData("none", "--cache", "none")]
    [InlineData("interval:2", "--cache", "interval:2")]
    [InlineData(null, "--steps", "10")]
    [InlineData(null, "--steps", "ddim20")]
    [InlineData(null, "--eta", "0.5")]
    [InlineData(null, "--sampler", "ddpm")]
    public void Its_own_sampler_runs_with_it_unless_something_else_is_said(string? cache, params string[] more)
    {
        JsonElement json = Sample(more).Json;
        Assert.Equal(cache, json.TryGetProperty("cache", out JsonElement said) ? said.GetString() : null);
        Assert.False(json.TryGetProperty("psnr", out _)); // one image was asked for: no comparison
    }

    [Fact]
    public void Both_files_are_those_that_their_page_describes()
    {
        string page = File.ReadAllText(Path.Combine(RepositoryPaths.Root ?? "", "src", "L2c.Engine", "models", "README.md"));
        foreach (string path in (string[])[DemoModel.Path, DemoModel.RouterPath])
        {
            Assert.Contains(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))), page, StringComparison.Ordinal);
        }

        JsonElement json = Sample().Json;
        Assert.Contains(
            $"it reuses {json.GetProperty("reusedBranches")} of the {json.GetProperty("cacheBranches")} branches", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_run_can_be_compared_and_its_schedule_saved_without_naming_it()
    {
        JsonElement json = Sample("--compare", "--save-schedule", _cli.PathOf("schedule.json")).Json;
        Assert.InRange(json.GetProperty("psnr").GetDouble(), 10, 60);
        Assert.True(json.GetProperty("imageMs").GetDouble() > 0);
        Assert.True(json.GetProperty("uncachedImageMs").GetDouble() > 0);
        Assert.True(File.Exists(_cli.PathOf("schedule.json")));
        Sample("--sampler", "ddpm", "--compare").MustFail(2, "--compare needs a schedule");
    }

    [Fact]
    public void Other_models_and_other_commands_run_without_it()
    {
        string tiny = TinyModel.Write(_cli.PathOf("tiny.safetensors"), TrainingRuns.Network);
        Assert.False(Sample("--ckpt", tiny).Json.TryGetProperty("cache", out _));
        Assert.False(_cli.Run("profile", "--repeat", "1", "--batch", "1", "--device", "cpu", "--json").Json.TryGetProperty("cache", out _));
    }

    public void Dispose() => _cli.Dispose();

    private CliResult Sample(params string[] more) =>
        _cli.Run(["sample", "--count", "1", "--classes", "0", "--device", "cpu", "--json", "--force", "--out", _cli.PathOf("s.png"), .. more]);
}
