using System.Text.Json;
using System.Text.RegularExpressions;
using L2c.Testing;

namespace L2c.Cli.Tests;

public sealed partial class ReportTests
{
    [Fact]
    public void A_run_that_trains_a_router_has_curves_evolution_schedule_settings_and_both_commands()
    {
        string ckpt = TinyModel.Write(_cli.PathOf("net.st"), TrainingRuns.Network), run = _cli.PathOf("run");
        CliResult trained = _cli.Run(TrainingRuns.Router(ckpt, run, "--save-result"));
        Assert.True(trained.Code == 0, trained.Err);
        var saved = JsonElement.Parse(File.ReadAllText(Path.Combine(run, "result.json")));
        Assert.Equal(9, saved.GetProperty("stepsDone").GetInt32());
        CliResult result = _cli.Run("report", run, "--ckpt", ckpt, "--json");
        Assert.Equal(Path.Combine(run, "report.html"), result.Json.GetProperty("file").GetString());
        string html = File.ReadAllText(Path.Combine(run, "report.html"));
        Assert.Contains("router training", html, StringComparison.Ordinal);
        Assert.Contains(Convert.ToBase64String(File.ReadAllBytes(Path.Combine(run, "router.png"))), html, StringComparison.Ordinal);
        Assert.True(Regex.Count(html, "data:image/svg\\+xml") >= 3, "loss, another curve, heat map");
        Assert.Contains("<dt>lr</dt><dd>0.05</dd>", html, StringComparison.Ordinal);
        Assert.Contains("<td>8</td>", html, StringComparison.Ordinal); // the last row of the log
        Assert.Contains("per step", html, StringComparison.Ordinal);
        Assert.Contains($"l2c train-router --ckpt {ckpt}", html, StringComparison.Ordinal);
        Assert.Contains("--resume-from-checkpoint latest", html, StringComparison.Ordinal);
        Assert.Contains("<dt>MACs without caching</dt>", html, StringComparison.Ordinal);
        AssertSelfContained(html);

        // Without the saved result, the settings in the state give the command.
        File.Delete(Path.Combine(run, "result.json"));
        Assert.Equal(0, _cli.Run("report", run, "--force").Code);
        html = File.ReadAllText(Path.Combine(run, "report.html"));
        Assert.Contains("l2c train-router --batch 2 --ckpt CHECKPOINT --data shapes:0 --device cpu --draws 2 ", html, StringComparison.Ordinal);
        Assert.Contains("Logs and states hold no times.", html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_trains_a_network_shows_it()
    {
        string run = _cli.PathOf("run");
        Assert.Equal(0, _cli.Run(TrainingRuns.Model(run)).Code);
        Assert.Equal(0, _cli.Run("report", run).Code);
        string html = File.ReadAllText(Path.Combine(run, "report.html"));
        Assert.Contains("network training", html, StringComparison.Ordinal);
        Assert.Contains("<dt>hidden size</dt><dd>16</dd>", html, StringComparison.Ordinal);
        Assert.Contains("--model 2x16x2/8", html, StringComparison.Ordinal);
        _cli.Run("report", run, "--force", "--threshold", "0.5").MustFail(2, "has no router");
    }

    [Fact]
    public void A_run_that_has_just_begun_says_what_is_not_there_yet()
    {
        string run = Directory.CreateDirectory(_cli.PathOf("run")).FullName;
        _cli.Run("report", run).MustFail(4, "holds neither a training run nor a sweep");
        File.WriteAllText(Path.Combine(run, "log.csv"), "step,loss,data_loss,penalty,lambda,reuse\n");
        CliResult result = _cli.Run("report", run);
        Assert.True(result.Code == 0, result.Err);
        string html = File.ReadAllText(Path.Combine(run, "report.html"));
        Assert.Contains("The log has no row yet", html, StringComparison.Ordinal);
        Assert.Contains("has written no state yet", html, StringComparison.Ordinal);
        Assert.Contains("has written no router yet", html, StringComparison.Ordinal);

        File.WriteAllText(Path.Combine(run, "log.csv"), "");
        Assert.Equal(0, _cli.Run("report", run, "--force").Code);
        byte[] page = File.ReadAllBytes(Path.Combine(run, "report.html"));
        File.WriteAllText(Path.Combine(run, "log.csv"), "step,loss\n1,x\n");
        _cli.Run("report", run, "--force").MustFail(4, "is not the log of a training run");
        Assert.Equal(page, File.ReadAllBytes(Path.Combine(run, "report.html")));
    }
}
