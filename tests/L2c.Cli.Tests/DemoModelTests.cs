using System.Security.Cryptography;
using System.Text.Json;
using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary>When the demo model's router is used without being named, and what its runs tell.</summary>
public sealed class DemoModelTests : IDisposable
{
    private const string Router = "router shapes-dit8-router20.safetensors, threshold 0.1";

    private const string Remark = "l2c: note: the demo model's router is for 20 ddim steps with eta 0, so it is not used here\n";

    private readonly CliRunner _cli = new();

    [Theory]
    [InlineData(Router)]
    [InlineData(Router, "--steps", "20", "--sampler", "DDIM", "--eta", "0", "--seed", "7", "--clip-denoised")]
    [InlineData("router shapes-dit8-router20.safetensors, threshold 0.5", "--threshold", "0.5")]
    [InlineData("none", "--cache", "none")]
    [InlineData("interval:2", "--cache", "interval:2", "--steps", "10")]
    public void Its_own_sampler_runs_with_it_unless_something_else_is_said(string cache, params string[] more)
    {
        CliResult result = Sample(more);
        Assert.Equal(cache, result.Json.GetProperty("cache").GetString());
        Assert.Equal("", result.Err);
        Assert.False(result.Json.TryGetProperty("timeRatio", out _)); // nobody asked for a comparison
    }

    [Theory]
    [InlineData("--steps", "10")]
    [InlineData("--steps", "ddim20")]
    [InlineData("--eta", "0.5")]
    [InlineData("--sampler", "ddpm")]
    [InlineData("--sampler", "dpm-solver++:2m")]
    public void Another_sampler_runs_without_it_and_a_line_says_so(params string[] more)
    {
        CliResult result = Sample(more);
        Assert.False(result.Json.TryGetProperty("cache", out _));
        Assert.Equal(Remark, result.Err);
    }

    [Fact]
    public void Where_it_does_not_fit_it_is_refused_if_it_is_named_and_so_is_what_needs_it()
    {
        Sample("--router", DemoModel.RouterPath, "--steps", "10").MustFail(2, "a router for 20 evaluations, but --steps gives 10");
        Sample("--steps", "10", "--threshold", "0.5").MustFail(2, "--threshold applies to a router; give --router FILE");
        Sample("--steps", "10", "--save-schedule", _cli.PathOf("s.json")).MustFail(2, "--save-schedule needs a schedule");
        Sample("--sampler", "ddpm", "--compare").MustFail(2, "--compare needs a schedule");
        Sample("--sampler", "ddpm", "--cache-dtype", "bf16").MustFail(2, "--cache-dtype says how outputs are kept, and nothing is kept without");
        Assert.Empty(_cli.Files());
    }

    [Fact]
    public void A_cache_in_bf16_is_half_as_large_and_the_picture_says_so()
    {
        JsonElement full = Sample().Json, half = Sample("--cache-dtype", "bf16").Json;
        Assert.Equal(full.GetProperty("cacheBytes").GetInt64(), 2 * half.GetProperty("cacheBytes").GetInt64());
        JsonElement parameters = _cli.Run("inspect", _cli.PathOf("s.png"), "--json").Json.GetProperty("parameters");
        Assert.Equal("bf16", parameters.GetProperty("cacheDtype").GetString());
    }

    public static TheoryData<string> Commands => ["profile", "profile --plan", "evaluate", "sample set", "sweep --dry-run"];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_command_that_runs_it_follows_one_rule(string command)
    {
        string tiny = TinyModel.Write(_cli.PathOf("tiny.safetensors"), TrainingRuns.Network);
        Assert.Equal((true, ""), Uses());
        Assert.Equal((false, Remark), Uses("--steps", "10"));
        Assert.Equal((false, ""), command.StartsWith("sweep", StringComparison.Ordinal) ? Uses("--router", "none") : Uses("--cache", "none"));
        Assert.Equal((false, ""), Uses("--ckpt", tiny));

        (bool IsUsed, string Remarks) Uses(params string[] more)
        {
            string set = _cli.PathOf(Guid.NewGuid() + ".npz");
            string[] words = command switch
            {
                "profile" => ["profile", "--runs", "1", "--batch", "1"],
                "profile --plan" => ["profile", "--plan", "--batch", "1"],
                "evaluate" => ["evaluate", "--count", "2", "--data-count", "2", "--ddim", "none", "--json"],
                "sample set" => ["sample", "--count", "1", "--out", set],
                _ => ["sweep", "--dry-run", "--rules", "none", "--mac-ratios", "1"],
            };
            CliResult result = _cli.Run([.. words, "--device", "cpu", .. more]);
            Assert.True(result.Code == 0, result.Err);
            string text = result.Out + (command == "sample set" ? SettingsOf(set) : "");
            string[] remarks = [.. result.Err.Split('\n').Where(line => line.Contains("the demo model's router", StringComparison.Ordinal)).Select(line => line + "\n")];
            return (text.Contains("router20", StringComparison.Ordinal) || text.Contains("49 reused (", StringComparison.Ordinal), string.Concat(remarks));
        }

        static string SettingsOf(string path)
        {
            using System.IO.Compression.ZipArchive archive = System.IO.Compression.ZipFile.OpenRead(path);
            using StreamReader reader = new(archive.GetEntry("l2c.npy")!.Open());
            return reader.ReadToEnd();
        }
    }

    [Fact]
    public void A_sweep_takes_thresholds_of_it_without_naming_it()
    {
        string[] sweep = ["sweep", "--dry-run", "--rules", "none", "--thresholds", "0.2,0.5", "--device", "cpu"];
        string[] rows = _cli.Run(sweep).Out.TrimEnd('\n').Split('\n');
        Assert.Equal(3, rows.Length);
        Assert.Contains("learned shapes-dit8-router20.safetensors@0.5", rows[2], StringComparison.Ordinal);
        _cli.Run([.. sweep, "--router", "none"]).MustFail(2, "--thresholds applies to routers");
        _cli.Run([.. sweep, "--steps", "10"]).MustFail(2, "--thresholds applies to routers");
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
        JsonElement json = Sample("--compare", "--runs", "6", "--warmup", "0", "--save-schedule", _cli.PathOf("schedule.json")).Json;
        Assert.InRange(json.GetProperty("psnr").GetDouble(), 10, 60);
        Assert.True(json.GetProperty("imageMs").GetDouble() > 0);
        Assert.True(json.GetProperty("uncachedImageMs").GetDouble() > 0);
        Assert.True(File.Exists(_cli.PathOf("schedule.json")));
    }

    [Fact]
    public void Other_models_run_without_it()
    {
        string tiny = TinyModel.Write(_cli.PathOf("tiny.safetensors"), TrainingRuns.Network);
        CliResult result = Sample("--ckpt", tiny);
        Assert.Equal((false, ""), (result.Json.TryGetProperty("cache", out _), result.Err));
        Assert.Equal("", Sample("--ckpt", tiny, "--steps", "10").Err);
        string[] bench = ["bench", "sample", "--model", "1x16x2/2", "--image-size", "16", "--images", "1", "--runs", "1", "--device", "cpu", "--json"];
        Assert.False(_cli.Run(bench).Json.TryGetProperty("cache", out _));
    }

    [Fact]
    public void Its_router_is_not_written_over()
    {
        byte[] before = File.ReadAllBytes(DemoModel.RouterPath);
        _cli.Run("sample", "--count", "1", "--trajectory", DemoModel.RouterPath, "--force", "--out", _cli.PathOf("a.png"), "--device", "cpu")
            .MustFail(2, "shapes-dit8-router20.safetensors");
        Assert.Equal(before, File.ReadAllBytes(DemoModel.RouterPath));
    }

    [Fact]
    public void What_is_about_to_be_sampled_is_told_first_but_not_beside_JSON()
    {
        string[] sample = ["sample", "--count", "2", "--classes", "0", "--device", "cpu", "--force", "--out", _cli.PathOf("s.png")];
        Assert.Equal(
            $"l2c: sampling 2 images from the demo model shapes-dit8: 20 ddim steps, guidance 1.5, cached by {Router}\n",
            _cli.Run(sample).Announcement);
        Assert.Equal(
            "l2c: sampling 2 images from the demo model shapes-dit8: 1 ddim step, no guidance, without caching\n",
            _cli.Run([.. sample, "--steps", "1", "--cfg-scale", "1"]).Announcement);
        Assert.Equal("", Sample().Announcement);
        Assert.Equal("", _cli.Run([.. sample, "--quiet"]).Announcement);
    }

    public void Dispose() => _cli.Dispose();

    private CliResult Sample(params string[] more) =>
        _cli.Run(["sample", "--count", "1", "--classes", "0", "--device", "cpu", "--json", "--force", "--out", _cli.PathOf("s.png"), .. more]);
}
