using System.Text.Json;
using L2c.Cli.Output;
using L2c.Testing;
using L2c.Weights.Layouts;

namespace L2c.Cli.Tests;

public sealed class TrainRouterTests : IDisposable
{
    private readonly CliRunner _cli = new();
    private readonly string _ckpt;

    public TrainRouterTests() => _ckpt = TinyModel.Write(_cli.PathOf("tiny.safetensors"), TrainingRuns.Network);

    [Fact]
    public void A_run_leaves_a_router_that_samples_logs_and_one_state()
    {
        CliResult result = Train("run", "--json");
        JsonElement json = result.Json;
        Assert.Equal(9, json.GetProperty("stepsDone").GetInt32());
        Assert.Equal(1e-12, Math.Abs(json.GetProperty("loss").GetDouble() - json.GetProperty("dataLoss").GetDouble()
            - (json.GetProperty("lambda").GetDouble() * json.GetProperty("penalty").GetDouble())), 1e-9);
        Assert.Equal(
            [".lock", "checkpoints", "log.csv", "log.jsonl", "loss.png", "router.png", "router.pt", "router.safetensors", "tensorboard"],
            _cli.Files("run"));
        Assert.Equal(["00000009.safetensors"], _cli.Files("run/checkpoints"));

        CliResult state = _cli.Run("inspect", _cli.PathOf("run/checkpoints/00000009.safetensors"), "--tensors");
        Assert.Equal(0, state.Code);
        Assert.Contains("router_logits", state.Out, StringComparison.Ordinal);

        // Means over two steps each: the ninth waits for its pair.
        string[] rows = File.ReadAllLines(_cli.PathOf("run/log.csv"));
        Assert.Equal("step,loss,data_loss,penalty,lambda,reuse", rows[0]);
        Assert.Equal(["2", "4", "6", "8"], rows[1..].Select(row => row.Split(',')[0]));

        foreach (string router in (string[])["run/router.safetensors", "run/router.pt"])
        {
            JsonElement inspected = _cli.Run("inspect", _cli.PathOf(router), "--json", "--threshold", "0.1").Json;
            Assert.Equal((10, 4), (inspected.GetProperty("steps").GetInt32(), inspected.GetProperty("branches").GetInt32()));
            Assert.Equal(json.GetProperty("reusedShare").GetDouble(), inspected.GetProperty("shareOfCacheEvaluations").GetDouble(), 1e-12);
            CliResult sampled = _cli.Run(
                "sample", "--ckpt", _ckpt, "--router", _cli.PathOf(router), "--steps", "10", "--count", "1", "--out", _cli.PathOf("s/"));
            Assert.Equal(0, sampled.Code);
        }
    }

    [Fact]
    public void Python_loads_the_router_without_running_code()
    {
        Assert.SkipUnless(Python.Has("torch"), "Debian's python3-torch is not installed");
        Assert.Equal(0, Train("run").Code);
        string printed = Python.Run(
            "import sys, torch\nr = torch.load(sys.argv[1], weights_only=True)['routers']\nprint(len(r), *[v for k in r for v in r[k].tolist()])",
            _cli.PathOf("run/router.pt"));
        string[] words = printed.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Equal("10", words[0]);
        float[] logits = TensorReader.Floats(_cli.PathOf("run/router.safetensors"), "logits").Values;
        Assert.Equal(logits, words[1..].Select(word => (float)double.Parse(word)));
    }

    [Theory]
    [InlineData("--threads", "2")]
    [InlineData("--image-free", null)]
    [InlineData("--target-reuse", "0.5")]
    [InlineData("--ste-threshold", "0.5")]
    public void Ctrl_C_finishes_the_step_and_the_run_goes_on_to_the_same_bytes(string option, string? value)
    {
        string[] more = value is null ? [option] : [option, value];
        Assert.Equal(0, Train("whole", more).Code);

        using InterruptAfter error = new("step 4 of 9");
        Terminal terminal = new(TextWriter.Null, error, Interactive: false, error.Token);
        int code = Program.Run(TrainingRuns.Router(_ckpt, _cli.PathOf("cut"), more), terminal, EmulatedCuda.Missing);
        Assert.Equal(130, code);
        Assert.Contains("l2c: error: interrupted after step 4; its state is in ", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(["00000004.safetensors"], _cli.Files("cut/checkpoints"));

        CliResult resumed = Train("cut", ["--resume-from-checkpoint", "latest", .. more]);
        Assert.Equal(0, resumed.Code);
        TrainingRuns.AssertSameFiles(_cli.PathOf("whole"), _cli.PathOf("cut"));
    }

    [Fact]
    public void A_longer_run_goes_on_as_if_it_had_been_asked_for_at_once()
    {
        Assert.Equal(0, Train("whole", "--max-steps", "9").Code);
        Assert.Equal(0, Train("cut", "--max-steps", "5").Code);
        Assert.Equal(0, Train("cut", "--resume-from-checkpoint", _cli.PathOf("cut/checkpoints/00000005.safetensors")).Code);
        TrainingRuns.AssertSameFiles(_cli.PathOf("whole"), _cli.PathOf("cut"));
    }

    [Fact]
    public void What_a_killed_process_left_is_cleared_away()
    {
        Assert.Equal(0, Train("whole").Code);
        Assert.Equal(0, Train("cut", "--max-steps", "5").Code);
        File.WriteAllText(_cli.PathOf("cut/.l2c-abcdefgh.xyz.tmp"), "half a file");
        File.WriteAllText(_cli.PathOf("cut/checkpoints/.l2c-abcdefgh.xyz.tmp"), "half a state");
        File.AppendAllText(_cli.PathOf("cut/log.csv"), "6,1,1,1,1,1\n8,1,1,"); // rows of steps whose state was not reached
        File.Delete(_cli.PathOf("cut/router.pt"));
        Assert.Equal(0, Train("cut", "--resume-from-checkpoint", "latest").Code);
        TrainingRuns.AssertSameFiles(_cli.PathOf("whole"), _cli.PathOf("cut"));

        // Once more on a finished run: nothing is trained, what is missing is written.
        File.Delete(_cli.PathOf("cut/router.pt"));
        CliResult again = Train("cut", "--resume-from-checkpoint", "latest");
        Assert.Equal(0, again.Code);
        Assert.Contains(", 9 of them done\n", again.Err, StringComparison.Ordinal);
        TrainingRuns.AssertSameFiles(_cli.PathOf("whole"), _cli.PathOf("cut"));
    }

    [Fact]
    public void Latest_without_a_state_begins_and_says_so()
    {
        CliResult result = Train("run", "--resume-from-checkpoint", "latest", "--no-progress");
        Assert.Equal(0, result.Code);
        Assert.StartsWith(
            $"l2c: note: {_cli.PathOf("run")} has no checkpoint yet; the run starts from the beginning\nl2c: training a router for ",
            result.Err,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Another_setting_or_network_is_refused_by_name()
    {
        Assert.Equal(0, Train("run", "--max-steps", "1").Code);
        Refuse("--lr was 0.05 and is now 0.1; resume with the settings of the run", "--lr", "0.1");
        Refuse("--seed was 0 and is now 1", "--seed", "1");
        Refuse("--data was shapes, seed 0 and is now shapes, seed 3", "--data", "shapes:3");
        Refuse("--data was shapes, seed 0 and is now shapes2, seed 0", "--data", "shapes2");
        string other = TinyModel.Write(_cli.PathOf("other.safetensors"), TrainingRuns.Network with { Heads = 1 });
        Refuse("--ckpt was ", "--ckpt", other);

        void Refuse(string message, string option, string value) =>
            Train("run", "--resume-from-checkpoint", "latest", "--no-progress", option, value).MustFail(2, message);
    }

    [Fact]
    public void A_run_is_not_replaced_unless_forced()
    {
        Assert.Equal(0, Train("run").Code);
        byte[] router = File.ReadAllBytes(_cli.PathOf("run/router.safetensors"));
        Train("run").MustFail(1, "continue with --resume-from-checkpoint latest, or start over with --force");
        Train("run", "--force", "--resume-from-checkpoint", "latest").MustFail(2, "omit one of them");
        Train("run", "--force", "--init", _cli.PathOf("none.pt")).MustFail(1, "none.pt");
        Assert.Equal(router, File.ReadAllBytes(_cli.PathOf("run/router.safetensors"))); // what cannot begin destroys nothing
        Assert.Equal(0, Train("run", "--force", "--seed", "3").Code);
        Assert.NotEqual(router, File.ReadAllBytes(_cli.PathOf("run/router.safetensors")));
        Assert.Equal(5, File.ReadAllLines(_cli.PathOf("run/log.csv")).Length);
        Assert.Equal(["00000009.safetensors"], _cli.Files("run/checkpoints"));

        Directory.Delete(_cli.PathOf("run/checkpoints"), recursive: true);
        Train("run", "--resume-from-checkpoint", "latest").MustFail(1, "exists, but there is no checkpoint to continue from; start over with --force");
    }

    [Fact]
    public void A_person_sees_one_line_that_is_redrawn()
    {
        StringWriter error = new();
        Terminal terminal = new(TextWriter.Null, error, Interactive: true, CancellationToken.None);
        Assert.Equal(0, Program.Run(TrainingRuns.Router(_ckpt, _cli.PathOf("run")), terminal, EmulatedCuda.Missing));
        string[] drawn = error.ToString().Split('\r');
        Assert.InRange(drawn.Length, 3, 10);
        Assert.StartsWith("step 9 of 9, 0:00:00 left, ", drawn[^1], StringComparison.Ordinal);
        Assert.EndsWith("\n", drawn[^1], StringComparison.Ordinal);
        Assert.Equal(2, error.ToString().Count(c => c == '\n')); // what is trained, and the line
        Assert.StartsWith("l2c: training a router for 10 sampling steps of ", drawn[0], StringComparison.Ordinal);
        Assert.EndsWith(": 9 optimisation steps of 2 x 2 images of shapes\n", drawn[0].ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void One_process_at_a_time_trains_in_a_folder()
    {
        Directory.CreateDirectory(_cli.PathOf("run"));
        using (FileStream held = new(_cli.PathOf("run/.lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            Train("run").MustFail(2, "another process is working there");
        }

        Assert.Equal(0, Train("run").Code);
    }

    [Fact]
    public void Training_begins_with_a_given_router()
    {
        Assert.Equal(0, Train("first").Code);
        string given = _cli.PathOf("first/router.pt");
        Assert.Equal(0, Train("second", "--init", given, "--l1", "0", "--seed", "8").Code);
        float[] begin = TensorReader.Floats(_cli.PathOf("first/router.safetensors"), "logits").Values;
        (long[] shape, float[] history) = TensorReader.Floats(_cli.PathOf("second/checkpoints/00000009.safetensors"), "history");
        Assert.Equal([10, 40], shape); // before training and after each of nine steps
        Assert.Equal(begin, history[..40]);
        Assert.NotEqual(begin, TensorReader.Floats(_cli.PathOf("second/router.safetensors"), "logits").Values);
        Train("first", "--force", "--init", _cli.PathOf("first/router.safetensors")).MustFail(2, "is an input of this command");
    }

    [Theory]
    [InlineData(RouterTarget.UVit, 10, 6, "a router for a U-ViT, and the network is a DiT; give a DiT's router")]
    [InlineData(RouterTarget.Dit, 12, 4, "a router for 12 steps, but --steps gives 10; train with --steps 12")]
    [InlineData(RouterTarget.Dit, 10, 8, "a router for 4 blocks, but the network has 2; give a router of that depth")]
    public void A_router_that_does_not_fit_is_refused(RouterTarget target, int evaluations, int branches, string message)
    {
        RouterShape shape = new() { Name = "r", Target = target, Evaluations = evaluations, Branches = branches };
        RouterFile.WritePublished(_cli.PathOf("r.pt"), new RouterLogits(shape, new float[evaluations * branches]), overwrite: false);
        Train("run", "--init", _cli.PathOf("r.pt")).MustFail(2, message);
        Assert.False(Directory.Exists(_cli.PathOf("run"))); // what cannot begin leaves nothing
    }

    [Fact]
    public void A_loss_that_is_no_number_ends_the_run()
    {
        string wild = _cli.PathOf("wild.safetensors");
        WriteWild(wild);
        CliResult result = _cli.Run(TrainingRuns.Router(wild, _cli.PathOf("run"), "--quiet"));
        result.MustFail(1, "step 1: training diverged: the loss is NaN");
        Assert.Empty(Directory.Exists(_cli.PathOf("run/checkpoints")) ? _cli.Files("run/checkpoints") : []);
    }

    [Theory]
    [InlineData("--dtype fp16", "--dtype needs one of")]
    [InlineData("--steps 1", "one step has nothing to reuse")]
    [InlineData("--steps 2000", "--steps: 2000 steps cannot be taken")]
    [InlineData("--image-free --data shapes", "--image-free needs no data")]
    [InlineData("--target-reuse 1.5", "a number from 0 to 1")]
    [InlineData("--ste-threshold x", "a number from 0 to 1")]
    [InlineData("--draws 0", "--draws needs a whole number")]
    [InlineData("--target-reuse 0.5 --l1 0", "lambda 0")]
    public void Options_that_do_not_fit_are_refused(string options, string message) => Train("run", options.Split(' ')).MustFail(2, message);

    public void Dispose() => _cli.Dispose();

    private CliResult Train(string folder, params string[] more) => _cli.Run(TrainingRuns.Router(_ckpt, _cli.PathOf(folder), more));

    private static void WriteWild(string path)
    {
        (string, long[], float[])[] tensors = [.. DitLayout.Tensors(TrainingRuns.Network).Select(tensor =>
        {
            float[] values = new float[tensor.Shape.Aggregate(1L, (product, extent) => product * extent)];
            Array.Fill(values, 1e30f);
            return (tensor.Name, tensor.Shape, values);
        })];
        Weights.Safetensors.SafetensorsData.Write(
            path, tensors, new Dictionary<string, string> { [Architecture.MetadataKey] = TrainingRuns.Network.ToJson() }, overwrite: false);
    }
}
