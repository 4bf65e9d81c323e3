using System.Text.Json;
using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary><c>l2c plan</c> on a network so small that its times mean nothing: what it says and writes, not what it finds.</summary>
public sealed class PlanTests : IDisposable
{
    private readonly CliRunner _cli = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_plan_is_told_written_and_read_back(bool longSkips)
    {
        string path = _cli.PathOf("s.json");
        JsonElement json = Plan(longSkips, "--budget", "1", "--json").Json;
        Assert.Equal(1, json.GetProperty("budget").GetDouble());
        Assert.Equal(4 * (longSkips ? 6 : 4), new[] { "computed", "reused", "forecast" }.Sum(name => json.GetProperty(name).GetInt32()));
        Assert.InRange(json.GetProperty("predictedTimeRatio").GetDouble(), 0, 1);
        Assert.True(json.GetProperty("timeRatio").GetDouble() > 0);
        Assert.True(json.GetProperty("leastTimeRatio").GetDouble() > 0);
        Assert.Equal(json.GetProperty("predictedError").GetDouble(), json.GetProperty("candidates")[0].GetProperty("error").GetDouble());
        JsonElement passes = json.GetProperty("passes");
        Assert.Equal(
            passes.GetProperty("total").GetInt64(),
            new[] { "times", "errors", "choice", "check" }.Sum(name => passes.GetProperty(name).GetInt64()));

        // The cheapest schedule is one that there is: it is planned, and sampled by the file.
        double least = Math.Min(1, (json.GetProperty("leastTimeRatio").GetDouble() * 2) + 0.2);
        File.Delete(path);
        Assert.Equal(0, Plan(longSkips, "--budget", $"{least:0.00}").Code);
        CliResult sample = _cli.Run(
            "sample", "--ckpt", Checkpoint(longSkips), "--steps", "4", "--cache", path, "--count", "1", "--out", _cli.PathOf("a.png"), "--json",
            "--device", "cpu");
        Assert.Equal("s.json", sample.Json.GetProperty("cache").GetString());
        Assert.Equal("", sample.Err);
    }

    [Fact]
    public void A_person_reads_what_was_predicted_and_what_was_measured()
    {
        CliResult result = Plan(false, "--budget", "1");
        Assert.True(result.Code == 0, result.Err);
        Assert.StartsWith("tiny pixels, 4 ddim steps, guidance 1.5, batches of 2, on cpu (", result.Out, StringComparison.Ordinal);
        const string first = "\n* branch by branch; reuse: time 1.000, relative L2 0.0000 (0.0000 as the sum of single decisions' errors)\n";
        Assert.Contains(first, result.Out, StringComparison.Ordinal);
        Assert.Contains("\n16 branches: 16 computed, 0 reused; 4 evaluations compute all; MAC ratio 1.000; ", result.Out, StringComparison.Ordinal);
        Assert.Contains("\ntime: budget 1, predicted 1.000; measured: nothing is reused", result.Out, StringComparison.Ordinal);
        Assert.Contains("\nrelative L2: predicted 0.0000 on 2 images; measured 0.0000 on 1 of other noise\n", result.Out, StringComparison.Ordinal);
        Assert.Matches(@"\nevaluations of the network: \d+ \(times 288, errors \d+, choice \d+, check \d+\), the cost of sampling \d+ images", result.Out);
        Assert.EndsWith($"{_cli.PathOf("s.json")}\n", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_overwritten_or_left_half_written()
    {
        string path = _cli.PathOf("s.json");
        Plan(false, "--budget", "0.00001").MustFail(2, "and none takes less; give 0.");
        Assert.False(File.Exists(path));
        using CancellationTokenSource cancelled = new();
        cancelled.Cancel();
        CliResult stopped = _cli.Run(cancelled.Token, Words(false, "--budget", "1"));
        Assert.Equal((130, "l2c: error: interrupted; nothing was written\n"), (stopped.Code, stopped.Err));
        Assert.Equal(["tiny pixels.st"], _cli.Files());

        File.WriteAllText(path, "precious");
        Plan(false, "--budget", "1").MustFail(1, "exists; use --force");
        Assert.Equal("precious", File.ReadAllText(path));
        Assert.Equal(0, Plan(false, "--budget", "1", "--force").Code);
        Assert.StartsWith("{", File.ReadAllText(path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a number above 0", "--budget", "0")]
    [InlineData("--budget", "--budget", "60%")]
    [InlineData("--budget 1.5 is not a share of the uncached time; give a number above 0 and at most 1", "--budget", "1.5")]
    [InlineData("--budget")]
    [InlineData("makes one evaluation", "--budget", "0.5", "--steps", "1")]
    [InlineData("--cache", "--budget", "0.5", "--cache", "all")]
    [InlineData("--count", "--budget", "0.5", "--count", "0")]
    public void A_wrong_command_line_is_one_line(string message, params string[] options) =>
        _cli.Run(["plan", "--ckpt", Checkpoint(false), "--device", "cpu", "--out", _cli.PathOf("s.json"), .. options]).MustFail(2, message);

    [Fact]
    public void The_file_has_a_name_that_a_run_knows_as_a_schedule() =>
        _cli.Run("plan", "--ckpt", Checkpoint(false), "--budget", "0.5", "--out", _cli.PathOf("s.txt"), "--device", "cpu")
            .MustFail(2, "ends in .json");

    public void Dispose() => _cli.Dispose();

    private CliResult Plan(bool longSkips, params string[] more) => _cli.Run(Words(longSkips, more));

    private string[] Words(bool longSkips, params string[] more) =>
    [
        "plan", "--ckpt", Checkpoint(longSkips), "--steps", "4", "--batch", "2", "--count", "2", "--check-count", "1", "--runs", "1", "--warmup", "0",
        "--device", "cpu", "--out", _cli.PathOf("s.json"), .. more,
    ];

    private string Checkpoint(bool longSkips)
    {
        Weights.Layouts.TransformerArchitecture architecture = longSkips ? TinyModel.LongSkips : TinyModel.Pixels;
        string path = _cli.PathOf($"{architecture.Name}.st");
        return File.Exists(path) ? path : TinyModel.Write(path, architecture);
    }
}
