using System.Text.Json;
using L2c.Cli.Output;
using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary><c>l2c train-router</c> with several lambdas.</summary>
public sealed class TrainRouterSweepTests : IDisposable
{
    private const string Lambdas = "1e-6,0.01,0.5";

    private static readonly string[] _folders = ["l1-1e-2", "l1-1e-6", "l1-5e-1"];

    private readonly CliRunner _cli = new();
    private readonly string _ckpt;

    public TrainRouterSweepTests() => _ckpt = TinyModel.Write(_cli.PathOf("tiny.safetensors"), TrainingRuns.Network);

    [Fact]
    public void Every_folder_has_the_bytes_of_a_run_with_that_lambda_alone()
    {
        CliResult result = Train("all", "--l1", Lambdas, "--sample-every", "6", "--json");
        JsonElement json = result.Json;
        Assert.Equal([".lock", .. _folders], _cli.Files("all"));
        JsonElement[] routers = [.. json.GetProperty("routers").EnumerateArray()];
        Assert.Equal([1e-6, 0.01, 0.5], routers.Select(router => router.GetProperty("lambda").GetDouble()));
        Assert.Equal((9, 9, 10), (Number(json, "stepsDone"), Number(json, "stepsNow"), Number(json, "steps")));
        Assert.False(json.TryGetProperty("loss", out _)); // there are three
        foreach (JsonElement router in routers)
        {
            string folder = router.GetProperty("folder").GetString()!;
            string alone = "alone-" + Path.GetFileName(folder);
            JsonElement single = Train(
                alone, "--l1", router.GetProperty("lambda").GetRawText(), "--sample-every", "6", "--json").Json;
            TrainingRuns.AssertSameFiles(_cli.PathOf(alone), folder);
            Assert.Equal(single.GetProperty("loss").GetDouble(), router.GetProperty("loss").GetDouble());
            Assert.Equal(single.GetProperty("reusedShare").GetDouble(), router.GetProperty("reusedShare").GetDouble());
            Assert.Equal(single.GetProperty("peakBytes").GetInt64(), json.GetProperty("peakBytes").GetInt64());
        }

        Assert.Equal(3, _folders.Select(name => Convert.ToBase64String(File.ReadAllBytes(_cli.PathOf($"all/{name}/router.pt")))).Distinct().Count());
    }

    [Fact]
    public void A_person_is_told_of_all_routers()
    {
        CliResult result = Train("all", "--l1", Lambdas);
        Assert.Equal(0, result.Code);
        Assert.StartsWith("l2c: training 3 routers, lambda 1e-6, 1e-2, 5e-1, for 10 sampling steps of ", result.Err, StringComparison.Ordinal);
        Assert.Matches("step 9 of 9, [^\n]*: 1e-6: loss 0[^\n]* % reused \\| 1e-2: loss [^\n]* % reused \\| 5e-1: loss [^\n]* % reused\n", result.Err);
        Assert.Matches("\n3 routers of 10 steps for [^\n]*: l1-1e-6 [0-9.]+ %, l1-1e-2 [0-9.]+ %, l1-5e-1 [0-9.]+ %\n$", result.Out);
    }

    [Theory]
    [InlineData("--threads", "2")]
    [InlineData("--image-free", null)]
    public void Ctrl_C_finishes_the_step_and_the_run_goes_on_to_the_same_bytes(string option, string? value)
    {
        string[] more = value is null ? ["--l1", Lambdas, option] : ["--l1", Lambdas, option, value];
        Assert.Equal(0, Train("whole", more).Code);
        using InterruptAfter error = new("step 4 of 9");
        Terminal terminal = new(TextWriter.Null, error, Interactive: false, error.Token);
        Assert.Equal(130, Program.Run(TrainingRuns.Router(_ckpt, _cli.PathOf("cut"), more), terminal, EmulatedCuda.Missing));
        Assert.Contains($"interrupted after step 4; its state is in {_cli.PathOf("cut")};", error.ToString(), StringComparison.Ordinal);
        Assert.All(_folders, name => Assert.Equal(["00000004.safetensors"], _cli.Files($"cut/{name}/checkpoints")));
        Assert.Equal(0, Train("cut", ["--resume-from-checkpoint", "latest", .. more]).Code);
        AssertSame("whole", "cut");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_kill_between_two_states_costs_no_more_than_the_steps_since_the_last_common_one(int written)
    {
        // At step 4 the new state is in the first folders alone, and all still have that of step 0: killed so, a run has these files.
        Assert.Equal(0, Train("whole", "--l1", Lambdas).Code);
        Assert.Equal(0, Train("cut", "--l1", Lambdas, "--max-steps", "4").Code);
        WriteBeginnings("begin");
        for (int i = 0; i < _folders.Length; i++)
        {
            string states = _cli.PathOf($"cut/{_folders[i]}/checkpoints");
            File.Copy(_cli.PathOf($"begin/{_folders[i]}/checkpoints/00000000.safetensors"), Path.Combine(states, "00000000.safetensors"));
            if (i >= written)
            {
                File.Delete(Path.Combine(states, "00000004.safetensors"));
            }
        }

        Assert.Equal(0, Train("cut", "--l1", Lambdas, "--resume-from-checkpoint", "latest").Code);
        AssertSame("whole", "cut");
    }

    [Fact]
    public void A_kill_before_all_have_a_state_is_a_run_that_begins()
    {
        Assert.Equal(0, Train("whole", "--l1", Lambdas).Code);
        WriteBeginnings("cut");
        Directory.Delete(_cli.PathOf($"cut/{_folders[1]}/checkpoints"), recursive: true);
        foreach (string result in Directory.GetFiles(_cli.PathOf($"cut/{_folders[1]}"), "router.*"))
        {
            File.Delete(result);
        }

        Directory.Delete(_cli.PathOf($"cut/{_folders[2]}"), recursive: true);
        Assert.Equal(0, Train("cut", "--l1", Lambdas, "--resume-from-checkpoint", "latest").Code);
        AssertSame("whole", "cut");
    }

    [Fact]
    public void One_router_goes_on_alone_and_some_go_on_without_the_others()
    {
        Assert.Equal(0, Train("whole", "--l1", Lambdas).Code);
        Assert.Equal(0, Train("cut", "--l1", Lambdas, "--max-steps", "4").Code);
        Assert.Equal(0, Train("cut/l1-1e-2", "--l1", "0.01", "--resume-from-checkpoint", "latest").Code);
        TrainingRuns.AssertSameFiles(_cli.PathOf("whole/l1-1e-2"), _cli.PathOf("cut/l1-1e-2"));
        Train("cut", "--l1", Lambdas, "--resume-from-checkpoint", "latest", "--no-progress")
            .MustFail(2, "l1-1e-6 has no state of step 9, and there is no step of which all folders have one; train it alone");
        Assert.Equal(0, Train("cut", "--l1", "5e-1,1e-6", "--resume-from-checkpoint", "latest").Code);
        AssertSame("whole", "cut");
        Train("cut", "--l1", "1e-6,7", "--resume-from-checkpoint", "latest", "--no-progress").MustFail(2, "l1-7e+0 has no state of step 9");
    }

    [Fact]
    public void A_finished_run_that_goes_on_writes_what_is_missing_and_a_longer_one_trains_on()
    {
        Assert.Equal(0, Train("whole", "--l1", Lambdas, "--max-steps", "11").Code);
        Assert.Equal(0, Train("cut", "--l1", Lambdas, "--save-result").Code);
        Assert.True(File.Exists(_cli.PathOf("cut/result.json")));
        File.Delete(_cli.PathOf("cut/l1-1e-2/router.pt"));
        Assert.Equal(0, Train("cut", "--l1", Lambdas, "--resume-from-checkpoint", "latest").Code);
        Assert.True(File.Exists(_cli.PathOf("cut/l1-1e-2/router.pt")));
        Assert.False(File.Exists(_cli.PathOf("cut/result.json"))); // which told of the process before
        Assert.Equal(0, Train("cut", "--l1", Lambdas, "--resume-from-checkpoint", "latest", "--max-steps", "11").Code);
        AssertSame("whole", "cut");
    }

    [Fact]
    public void What_is_there_is_not_replaced_unless_forced()
    {
        Assert.Equal(0, Train("one", "--max-steps", "1").Code);
        Train("one", "--l1", Lambdas, "--no-progress").MustFail(1, "belongs to a run of one router; name another folder for several with --out");
        Assert.Equal(0, Train("all", "--l1", Lambdas, "--max-steps", "1").Code);
        Train("all", "--l1", Lambdas, "--no-progress").MustFail(1, "l1-1e-6/checkpoints/00000001.safetensors exists; continue with");
        Train("all", "--l1", "3,0.01", "--no-progress").MustFail(1, "l1-1e-2/checkpoints/00000001.safetensors exists");
        Assert.False(Directory.Exists(_cli.PathOf("all/l1-3e+0"))); // what cannot begin leaves nothing
        Assert.Equal(0, Train("all", "--l1", Lambdas, "--force", "--seed", "3").Code);
        Assert.Equal(["00000009.safetensors"], _cli.Files("all/l1-1e-6/checkpoints"));
    }

    [Fact]
    public void The_folder_of_several_routers_takes_no_run_of_one()
    {
        Train("all", "--l1", "1e-6,1e38", "--quiet").MustFail(1, "training diverged");
        string[] there = _cli.Files("all");
        string message = $"{_cli.PathOf("all")} holds routers of several lambdas; give --out {_cli.PathOf("all/l1-1e-6")}";
        Train("all", "--l1", "1e-6", "--no-progress").MustFail(1, message);
        Train("all", "--l1", "1e-6", "--resume-from-checkpoint", "latest", "--no-progress").MustFail(1, message);
        Train("all", "--l1", "1e-6", "--force", "--no-progress").MustFail(1, message);
        Assert.Equal(there, _cli.Files("all"));
        Assert.Equal(0, Train("all/l1-1e-6", "--l1", "1e-6", "--resume-from-checkpoint", "latest").Code);
        Assert.Equal(0, Train("alone", "--l1", "1e-6").Code);
        TrainingRuns.AssertSameFiles(_cli.PathOf("alone"), _cli.PathOf("all/l1-1e-6"));
    }

    [Theory]
    [InlineData("1e-6,,2", "--l1 needs numbers of at least 0 with commas between them")]
    [InlineData("1e-6,x", "--l1 needs numbers of at least 0 with commas between them")]
    [InlineData("-1", "--l1 needs a number of at least 0")]
    [InlineData("1e-6,2,1E-6", "--l1 1e-6 is given twice")]
    public void Lambdas_that_make_no_sense_are_refused(string lambdas, string message) => Train("all", "--l1", lambdas).MustFail(2, message);

    [Fact]
    public void Several_lambdas_have_no_target_which_would_move_them_all()
    {
        Train("all", "--l1", Lambdas, "--target-reuse", "0.5").MustFail(
            2, "--target-reuse moves lambda until that share is reused, wherever it begins");
        Assert.False(Directory.Exists(_cli.PathOf("all")));
    }

    [Fact]
    public void Several_routers_go_on_from_no_single_state()
    {
        Assert.Equal(0, Train("one", "--max-steps", "1").Code);
        Train("all", "--l1", Lambdas, "--resume-from-checkpoint", _cli.PathOf("one/checkpoints/00000001.safetensors"), "--no-progress")
            .MustFail(2, "several routers go on from a state each; give latest, or one --l1");
        Assert.False(Directory.Exists(_cli.PathOf("all")));
    }

    [Fact]
    public void The_router_that_diverges_ends_the_run_and_is_named()
    {
        CliResult result = Train("all", "--l1", "1e-6,1e38", "--quiet");
        result.MustFail(1, "--l1 1E+38: step 1: training diverged");
    }

    [Fact]
    public void A_report_shows_a_curve_and_a_row_per_lambda()
    {
        Assert.Equal(0, Train("all", "--l1", Lambdas, "--save-result").Code);
        CliResult result = _cli.Run("report", _cli.PathOf("all"));
        Assert.True(result.Code == 0, result.Err);
        string html = File.ReadAllText(_cli.PathOf("all/report.html"));
        Assert.Contains("3 routers that differ in lambda, after 9 optimisation steps", html, StringComparison.Ordinal);
        foreach (string name in (string[])["1e-6", "1e-2", "5e-1"])
        {
            Assert.Matches($"<td[^>]*>{name}</td><td[^>]*>l1-{name}</td><td[^>]*>9</td>", html);
        }

        Assert.Contains("data:image/svg+xml;base64,", html, StringComparison.Ordinal);
        Assert.Contains($"l2c train-router --ckpt {_ckpt}", html, StringComparison.Ordinal);
        Assert.Equal(0, _cli.Run("report", _cli.PathOf("all/l1-1e-2")).Code);
        _cli.Run("report", _cli.PathOf("all"), "--threshold", "0.5", "--out", _cli.PathOf("x.html")).MustFail(2, "holds several routers");

        // Without what --save-result left the command is that of the settings.
        File.Delete(_cli.PathOf("all/result.json"));
        Assert.Equal(0, _cli.Run("report", _cli.PathOf("all"), "--force").Code);
        Assert.Contains("--l1 1E-06,0.01,0.5 ", File.ReadAllText(_cli.PathOf("all/report.html")), StringComparison.Ordinal);
    }

    public void Dispose() => _cli.Dispose();

    private static int Number(JsonElement json, string name) => json.GetProperty(name).GetInt32();

    private CliResult Train(string folder, params string[] more) => _cli.Run(TrainingRuns.Router(_ckpt, _cli.PathOf(folder), more));

    /// <summary>A run that is stopped before its first step: logs without rows, states of step 0.</summary>
    private void WriteBeginnings(string folder)
    {
        using InterruptAfter error = new("training 3 routers");
        Terminal terminal = new(TextWriter.Null, error, Interactive: false, error.Token);
        Assert.Equal(130, Program.Run(TrainingRuns.Router(_ckpt, _cli.PathOf(folder), "--l1", Lambdas), terminal, EmulatedCuda.Missing));
        Assert.All(_folders, name => Assert.Equal(["00000000.safetensors"], _cli.Files($"{folder}/{name}/checkpoints")));
    }

    private void AssertSame(string expected, string actual) =>
        Assert.All(_folders, name => TrainingRuns.AssertSameFiles(_cli.PathOf($"{expected}/{name}"), _cli.PathOf($"{actual}/{name}")));
}
