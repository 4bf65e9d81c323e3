using System.Text.Json;
using L2c.Cli.Output;
using L2c.Testing;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Cli.Tests;

public sealed class TrainTests : IDisposable
{
    private readonly CliRunner _cli = new();

    [Fact]
    public void A_run_leaves_a_model_that_is_inspected_and_samples()
    {
        JsonElement json = Train("run", "--json").Json;
        Assert.Equal(9, json.GetProperty("stepsDone").GetInt32());
        Assert.Equal("2x16x2/8 32 pixel space", json.GetProperty("model").GetString());
        Assert.Equal(json.GetProperty("loss").GetDouble(), json.GetProperty("mse").GetDouble() + json.GetProperty("vb").GetDouble(), 1e-9);
        Assert.InRange(json.GetProperty("mse").GetDouble(), 0.8, 1.1);
        Assert.Equal([".lock", "checkpoints", "log.csv", "log.jsonl", "loss.png", "model.safetensors", "tensorboard"], _cli.Files("run"));
        Assert.Equal(["00000009.safetensors"], _cli.Files("run/checkpoints"));
        Assert.Equal("step,loss,mse,vb", File.ReadLines(_cli.PathOf("run/log.csv")).First());

        string model = _cli.PathOf("run/model.safetensors");
        using (TensorFile file = TensorFiles.Open(model))
        {
            var architecture = Assert.IsType<DitArchitecture>(WeightsLayout.Resolve(file).Architecture);
            Assert.Equal((2, 16, 2, 8, 3, 32, 10), (architecture.Depth, architecture.HiddenSize, architecture.Heads, architecture.PatchSize,
                architecture.InChannels, architecture.InputSize, architecture.NumClasses));
            Assert.True(architecture is { HasNullClass: true, LearnSigma: true, PixelSpace: true });
            Assert.Equal("heart", architecture.ClassNames[7]);
        }

        Assert.Equal(0, _cli.Run("sample", "--ckpt", model, "--steps", "2", "--classes", "disc", "--count", "1", "--out", _cli.PathOf("s.png")).Code);
        Assert.Equal(0, _cli.Run(TrainingRuns.Router(model, _cli.PathOf("router"))).Code);
    }

    [Fact]
    public void Ctrl_C_finishes_the_step_and_the_run_goes_on_to_the_same_bytes()
    {
        Assert.Equal(0, Train("whole").Code);
        using InterruptAfter error = new("step 4 of 9");
        Terminal terminal = new(TextWriter.Null, error, Interactive: false, error.Token);
        int code = Program.Run(TrainingRuns.Model(_cli.PathOf("cut")), terminal, EmulatedCuda.Missing);
        Assert.Equal(130, code);
        Assert.Contains("interrupted after step 4", error.ToString(), StringComparison.Ordinal);
        CliResult resumed = Train("cut", "--resume-from-checkpoint", "latest", "--threads", "3");
        Assert.Equal(0, resumed.Code);
        TrainingRuns.AssertSameFiles(_cli.PathOf("whole"), _cli.PathOf("cut"));
    }

    [Fact]
    public void The_average_of_a_short_run_has_left_its_first_weights_behind()
    {
        string[] fast = ["--lr", "0.01"];
        Assert.Equal(0, Train("warm", fast).Code);
        Assert.Equal(0, Train("on", [.. fast, "--ema-warm-up"]).Code);
        Assert.Equal(0, Train("off", [.. fast, "--ema-warm-up", "off"]).Code);
        TrainingRuns.AssertSameFiles(_cli.PathOf("warm"), _cli.PathOf("on"));
        (double warm, double off) = (Distance("warm"), Distance("off"));
        Assert.True(warm < 0.4 * off, $"between the weights and their average lie {warm} with a warm-up and {off} without");

        // A run keeps what it began with, whatever the default; what is said against it is refused.
        Assert.Equal(0, Train("cut", [.. fast, "--ema-warm-up", "off", "--max-steps", "5"]).Code);
        Train("cut", [.. fast, "--ema-warm-up", "on", "--resume-from-checkpoint", "latest", "--no-progress"])
            .MustFail(2, "--ema-warm-up was off and is now on; resume with the settings of the run");
        Assert.Equal(0, Train("cut", [.. fast, "--resume-from-checkpoint", "latest"]).Code);
        TrainingRuns.AssertSameFiles(_cli.PathOf("off"), _cli.PathOf("cut"));

        double Distance(string folder)
        {
            const string Name = "blocks.1.mlp.fc1.weight";
            string state = _cli.PathOf($"{folder}/checkpoints/00000009.safetensors");
            float[] average = TensorReader.Floats(state, $"ema.{Name}").Values;
            return Math.Sqrt(TensorReader.Floats(state, $"model.{Name}").Values.Zip(average, (w, a) => Math.Pow(w - a, 2)).Sum());
        }
    }

    [Fact]
    public void A_state_samples_its_average_or_its_weights()
    {
        Assert.Equal(0, Train("run", "--lr", "0.01").Code);
        string state = _cli.PathOf("run/checkpoints/00000009.safetensors");
        float[] model = Sample("model", "--ckpt", _cli.PathOf("run/model.safetensors"));
        Assert.Equal(model, Sample("state", "--ckpt", state));
        Assert.Equal(model, Sample("ema", "--ckpt", state, "--use", "ema"));
        Assert.NotEqual(model, Sample("raw", "--ckpt", state, "--use", "model"));
        Assert.Contains("under 'model'", _cli.Run("inspect", state, "--use", "model").Out, StringComparison.Ordinal);

        // A run may begin with both sets, and a router may be trained for either.
        Assert.Equal(0, _cli.Run("train", "--init", state, "--batch", "2", "--max-steps", "1", "--device", "cpu", "--out", _cli.PathOf("next")).Code);
        Assert.Equal(0, _cli.Run(TrainingRuns.Router(state, _cli.PathOf("router"), "--use", "model", "--max-steps", "1")).Code);

        float[] Sample(string name, params string[] more)
        {
            string states = _cli.PathOf($"{name}.safetensors");
            string[] call =
            [
                "sample", "--steps", "2", "--classes", "disc", "--count", "1", "--device", "cpu", "--trajectory", states,
                "--out", _cli.PathOf($"{name}.png"),
            ];
            Assert.Equal(0, _cli.Run([.. call, .. more]).Code);
            return TensorReader.Floats(states, "x_steps").Values;
        }
    }

    [Fact]
    public void A_stop_is_obeyed_while_folders_are_read()
    {
        // Read to its end, the folder would be refused: its class has no pictures.
        _ = Directory.CreateDirectory(_cli.PathOf("data/a"));
        string[] call = [.. TrainingRuns.Model(_cli.PathOf("run")), "--data", _cli.PathOf("data"), "--image-size", "32"];
        _cli.Run(call).MustFail(4, "has no PNG");
        _cli.Run(new CancellationToken(canceled: true), call).MustFail(130, "interrupted; nothing was written");
        Assert.Equal(["data"], _cli.Files());
    }

    [Fact]
    public void Another_setting_is_refused_by_name()
    {
        Assert.Equal(0, Train("run").Code);
        Train("run", "--lr", "0.1", "--resume-from-checkpoint", "latest", "--no-progress").MustFail(2, "--lr was 0.0001 and is now 0.1");
        Train("run", "--data", "shapes", "--resume-from-checkpoint", "latest", "--no-progress")
            .MustFail(2, "--data was shapes2, seed 0 and is now shapes, seed 0; resume with the settings of the run");
        Train("run", "--ema", "0.9", "--resume-from-checkpoint", "latest", "--no-progress").MustFail(2, "--ema was 0.9999 and is now 0.9");
        Train("run", "--model", "2x16x2/16", "--resume-from-checkpoint", "latest", "--no-progress").MustFail(2, "--model was ");
        Assert.Equal(0, Train("run", "--ckpt-every", "2", "--log-every", "3", "--resume-from-checkpoint", "latest").Code);
    }

    [Fact]
    public void A_state_of_another_folder_replaces_no_run()
    {
        Assert.Equal(0, Train("whole").Code);
        Assert.Equal(0, Train("a", "--max-steps", "4").Code);
        Assert.Equal(0, Train("b", "--seed", "3").Code);
        string state = _cli.PathOf("a/checkpoints/00000004.safetensors");
        byte[] model = File.ReadAllBytes(_cli.PathOf("b/model.safetensors"));
        Train("b", "--resume-from-checkpoint", state).MustFail(1, "exists and belongs to another run than ");
        Assert.Equal(model, File.ReadAllBytes(_cli.PathOf("b/model.safetensors")));
        Assert.Equal(["00000009.safetensors"], _cli.Files("b/checkpoints"));

        // An empty folder takes it; a log of a run that left nothing else begins anew.
        Directory.CreateDirectory(_cli.PathOf("c"));
        File.WriteAllText(_cli.PathOf("c/log.csv"), "step,loss,mse,vb\n2,1,1,0\n");
        Assert.Equal(0, Train("c", "--resume-from-checkpoint", state).Code);
        Assert.Equal(["step", "6", "8"], File.ReadLines(_cli.PathOf("c/log.csv")).Select(row => row.Split(',')[0]));
        Assert.Equal(File.ReadAllBytes(_cli.PathOf("whole/model.safetensors")), File.ReadAllBytes(_cli.PathOf("c/model.safetensors")));
        Assert.Equal(["00000009.safetensors"], _cli.Files("c/checkpoints"));
    }

    [Fact]
    public void Going_on_from_an_earlier_state_removes_the_later_ones()
    {
        Assert.Equal(0, Train("run", "--max-steps", "4").Code);
        string state = _cli.PathOf("run/checkpoints/00000004.safetensors"), kept = _cli.PathOf("kept");
        File.Copy(state, kept);
        Assert.Equal(0, Train("run", "--resume-from-checkpoint", "latest").Code);
        File.Copy(kept, state);
        Assert.Equal(0, Train("run", "--resume-from-checkpoint", state, "--max-steps", "6").Code);
        Assert.Equal(["00000006.safetensors"], _cli.Files("run/checkpoints"));
    }

    [Fact]
    public void Inputs_are_not_written_over()
    {
        string data = _cli.PathOf("run/model.safetensors");
        Directory.CreateDirectory(_cli.PathOf("run"));
        Weights.Safetensors.SafetensorsData.Write(
            data,
            [
                (new TensorInfo("images", TensorType.U8, [4, 3, 32, 32]), new byte[4 * 3 * 32 * 32]),
                (new TensorInfo("labels", TensorType.U8, [4]), new byte[4]),
            ],
            new Dictionary<string, string>(),
            overwrite: false);
        Train("run", "--force", "--data", data).MustFail(2, "is an input of this command");
        Train("run", "--resume-from-checkpoint", data).MustFail(2, "is an input of this command");
    }

    [Fact]
    public void A_step_that_breaks_the_weights_leaves_neither_model_nor_state()
    {
        Directory.CreateDirectory(_cli.PathOf("run"));
        File.WriteAllText(_cli.PathOf("run/loss.png"), "of an earlier run");
        CliResult result = Train("run", "--lr", "1e38", "--max-steps", "1", "--no-progress", "--force");
        Assert.Equal(1, result.Code);
        Assert.Contains("use a smaller --lr", result.Err, StringComparison.Ordinal);
        Assert.Equal("of an earlier run", File.ReadAllText(_cli.PathOf("run/loss.png.aside-1")));
        Assert.Equal([".lock", "checkpoints", "log.csv", "log.jsonl", "loss.png", "loss.png.aside-1", "tensorboard"], _cli.Files("run"));
        Assert.Empty(_cli.Files("run/checkpoints"));
    }

    [Fact]
    public void Training_begins_with_the_weights_and_the_average_of_a_checkpoint()
    {
        string ckpt = TinyModel.Write(_cli.PathOf("tiny.safetensors"), TrainingRuns.Network);
        string[] call = ["train", "--init", ckpt, "--lr", "0", "--ema", "0.5", "--batch", "2", "--max-steps", "2", "--device", "cpu"];
        Assert.Equal(0, _cli.Run([.. call, "--out", _cli.PathOf("run")]).Code);
        using TensorFile before = TensorFiles.Open(ckpt), after = TensorFiles.Open(_cli.PathOf("run/model.safetensors"));
        foreach (TensorInfo tensor in before.Tensors)
        {
            Assert.Equal(
                TensorReader.Floats(ckpt, tensor.Name).Values, TensorReader.Floats(_cli.PathOf("run/model.safetensors"), tensor.Name).Values);
        }

        Assert.Equal(before.Metadata[Architecture.MetadataKey], after.Metadata[Architecture.MetadataKey]);
    }

    [Fact]
    public void Of_a_checkpoint_with_two_sets_each_begins_with_its_own()
    {
        string ckpt = TinyModel.Write(_cli.PathOf("one.safetensors"), TrainingRuns.Network);
        string both = _cli.PathOf("both.safetensors");
        using (TensorFile file = TensorFiles.Open(ckpt))
        {
            Weights.Safetensors.SafetensorsData.Write(
                both,
                [.. file.Tensors.Select(t => ($"model.{t.Name}", t.Shape, Times(1, t))), .. file.Tensors.Select(t => ($"ema.{t.Name}", t.Shape, Times(2, t)))],
                new Dictionary<string, string> { [Architecture.MetadataKey] = TrainingRuns.Network.ToJson() },
                overwrite: false);
        }

        // Learning rate 0 and decay 1 hold both where they begin.
        string[] call = ["--init", both, "--lr", "0", "--ema", "1", "--batch", "2", "--max-steps", "1", "--device", "cpu", "--out"];
        Assert.Equal(0, _cli.Run(["train", .. call, _cli.PathOf("run")]).Code);
        Assert.Equal(0, _cli.Run(["train", "--use", "model", .. call, _cli.PathOf("one")]).Code);
        const string Name = "blocks.1.mlp.fc1.weight";
        float[] weights = TensorReader.Floats(ckpt, Name).Values;
        Assert.Equal(weights.Select(v => 2 * v), TensorReader.Floats(_cli.PathOf("run/model.safetensors"), Name).Values);
        Assert.Equal(weights, TensorReader.Floats(_cli.PathOf("one/model.safetensors"), Name).Values);
        Assert.Equal(weights, TensorReader.Floats(_cli.PathOf("run/checkpoints/00000001.safetensors"), $"model.{Name}").Values);

        float[] Times(float factor, TensorInfo tensor) => [.. TensorReader.Floats(ckpt, tensor.Name).Values.Select(v => factor * v)];
    }

    [Theory]
    [InlineData("--dtype bf16", "--dtype needs one of")]
    [InlineData("--model U-ViT-H/2", "the weights of a U-ViT are not trained here")]
    [InlineData("--model 2x16x3/8", "3 attention heads do not divide its width of 16")]
    [InlineData("--model 2x16x2/5", "inputSize 32 is not a multiple of patchSize 5")]
    [InlineData("--heads 2", "apply to a checkpoint")]
    [InlineData("--ema 2", "a number from 0 to 1")]
    [InlineData("--ema-warm-up maybe", "--ema-warm-up needs one of on, off")]
    [InlineData("--sample-every 0", "--sample-every needs a whole number of at least 1")]
    public void Options_that_do_not_fit_are_refused(string options, string message) =>
        _cli.Run(["train", .. options.Split(' '), "--max-steps", "1", "--batch", "1", "--device", "cpu", "--out", _cli.PathOf("run")])
            .MustFail(2, message);

    public void Dispose() => _cli.Dispose();

    private CliResult Train(string folder, params string[] more) => _cli.Run(TrainingRuns.Model(_cli.PathOf(folder), more));
}
