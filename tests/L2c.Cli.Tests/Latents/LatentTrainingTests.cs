using System.Text.Json;
using L2c.Cli.Output;
using L2c.Testing;

namespace L2c.Cli.Tests.Latents;

/// <summary>What l2c encode writes is what training reads.</summary>
public sealed class LatentTrainingTests : IDisposable
{
    private readonly EncodeRuns _runs = new();
    private readonly CliRunner _cli;
    private readonly string _data;

    public LatentTrainingTests()
    {
        (_cli, _data) = (_runs.Cli, _runs.Cli.PathOf("latents"));
        _runs.Pictures("set/cat", 5);
        _runs.Pictures("set/dog", 3);
        _runs.Pictures("set/owl", 2);
        Assert.Equal(0, _runs.Encode("set", "latents").Code);
    }

    [Theory]
    [InlineData("--threads", "2")]
    [InlineData("--seed", "5")]
    public void A_router_is_trained_on_latents_and_an_interrupted_run_goes_on_to_the_same_bytes(string option, string value)
    {
        string ckpt = Network("tiny.safetensors", 4);
        string[] more = ["--data", _data, option, value];
        CliResult whole = _cli.Run(TrainingRuns.Router(ckpt, _cli.PathOf("whole"), more));
        Assert.True(whole.Code == 0, whole.Err);
        using InterruptAfter error = new("step 4 of 9");
        Terminal terminal = new(TextWriter.Null, error, Interactive: false, error.Token);
        Assert.Equal(130, Program.Run(TrainingRuns.Router(ckpt, _cli.PathOf("cut"), more), terminal, EmulatedCuda.Missing));

        // The data may move meanwhile.
        Directory.CreateDirectory(_cli.PathOf("elsewhere"));
        Directory.Move(_data, _cli.PathOf("elsewhere/latents"));
        more[1] = _cli.PathOf("elsewhere/latents");
        CliResult resumed = _cli.Run(TrainingRuns.Router(ckpt, _cli.PathOf("cut"), ["--resume-from-checkpoint", "latest", .. more]));
        Assert.True(resumed.Code == 0, resumed.Err);
        TrainingRuns.AssertSameFiles(_cli.PathOf("whole"), _cli.PathOf("cut"));
    }

    [Fact]
    public void A_network_is_trained_on_latents_and_knows_the_classes_by_name()
    {
        string[] arguments = TrainingRuns.Model(_cli.PathOf("run"), "--data", _data, "--model", "2x16x2/2");
        CliResult result = _cli.Run(arguments);
        Assert.True(result.Code == 0, result.Err);
        JsonElement model = _cli.Run("inspect", _cli.PathOf("run/model.safetensors"), "--json").Json.GetProperty("model").GetProperty("architecture");
        Assert.Equal([4, 4, 3], new[] { "inChannels", "inputSize", "numClasses" }.Select(name => model.GetProperty(name).GetInt32()));
        Assert.Equal(["cat", "dog", "owl"], model.GetProperty("classNames").EnumerateArray().Select(name => name.GetString()));
    }

    [Fact]
    public void Latents_of_another_shape_or_more_classes_are_refused()
    {
        Train(Network("larger.safetensors", 8)).MustFail(2, "its items are 4x4x4, but the model reads 4x8x8; give other data, or another model");
        Train(TinyModel.Write(_cli.PathOf("pixels.safetensors"), TinyModel.Pixels)).MustFail(2, "its items are 4x4x4, but the model reads 3x8x8");
        string fewer = TinyModel.Write(_cli.PathOf("fewer.safetensors"), TinyModel.Latents with { InputSize = 4, NumClasses = 2 });
        Train(fewer).MustFail(4, "has the label 2, and classes are 0 to 1");

        CliResult Train(string ckpt) => _cli.Run(TrainingRuns.Router(ckpt, _cli.PathOf("run"), "--data", _data, "--quiet"));
    }

    [Fact]
    public void Latents_that_are_not_complete_are_refused()
    {
        string index = _cli.PathOf("latents/latents.json");
        File.WriteAllText(index, File.ReadAllText(index).Replace("\"isComplete\": true", "\"isComplete\": false", StringComparison.Ordinal));
        CliResult result = _cli.Run(TrainingRuns.Router(Network("tiny.safetensors", 4), _cli.PathOf("run"), "--data", _data));
        result.MustFail(4, "is not complete; let l2c encode come to its end");
    }

    public void Dispose() => _runs.Dispose();

    private string Network(string name, int inputSize) =>
        TinyModel.Write(_cli.PathOf(name), TinyModel.Latents with { InputSize = inputSize });
}
