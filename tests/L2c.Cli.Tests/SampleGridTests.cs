using System.Text.Json;
using L2c.Cli.Output;
using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary>Grids of samples that training draws in between.</summary>
public sealed class SampleGridTests : IDisposable
{
    private readonly CliRunner _cli = new();

    [Fact]
    public void A_network_in_training_is_shown_every_so_many_steps_and_trained_as_without()
    {
        Assert.Equal(0, Model("plain").Code);
        CliResult run = Model("run", "--sample-every", "3");
        Assert.Equal(0, run.Code);
        Assert.Contains(_cli.PathOf("run/samples"), run.Out, StringComparison.Ordinal);
        Assert.Equal(["000003.png", "000006.png", "000009.png"], _cli.Files("run/samples"));

        // The last one shows what the finished model samples.
        Assert.Equal(Sampled("--ckpt", _cli.PathOf("run/model.safetensors")), Pixels("run/samples/000009.png"));
        Assert.NotEqual(Pixels("run/samples/000003.png"), Pixels("run/samples/000009.png"));
        JsonElement inspected = _cli.Run("inspect", _cli.PathOf("run/samples/000009.png"), "--json").Json;
        Assert.Equal(9, inspected.GetProperty("parameters").GetProperty("step").GetInt32());

        Directory.Delete(_cli.PathOf("run/samples"), recursive: true);
        TrainingRuns.AssertSameFiles(_cli.PathOf("plain"), _cli.PathOf("run"));
    }

    [Fact]
    public void A_router_in_training_is_shown_with_what_it_reuses()
    {
        string ckpt = TinyModel.Write(_cli.PathOf("tiny.safetensors"), TrainingRuns.Network);
        string[] more = ["--threshold", "0.5"];
        Assert.Equal(0, _cli.Run(TrainingRuns.Router(ckpt, _cli.PathOf("plain"), more)).Code);
        Assert.Equal(0, _cli.Run(TrainingRuns.Router(ckpt, _cli.PathOf("run"), [.. more, "--sample-every", "9"])).Code);
        byte[] shown = Pixels("run/samples/000009.png");
        string router = _cli.PathOf("run/router.safetensors");
        Assert.Equal(Sampled("--ckpt", ckpt, "--steps", "10", "--router", router, "--threshold", "0.5"), shown);
        Assert.NotEqual(Sampled("--ckpt", ckpt, "--steps", "10"), shown);
        Directory.Delete(_cli.PathOf("run/samples"), recursive: true);
        TrainingRuns.AssertSameFiles(_cli.PathOf("plain"), _cli.PathOf("run"));
    }

    [Fact]
    public void An_interrupted_run_goes_on_to_the_same_grids()
    {
        string[] grids = ["--sample-every", "2"];
        Assert.Equal(0, Model("whole", grids).Code);
        using InterruptAfter error = new("step 4 of 9");
        Terminal terminal = new(TextWriter.Null, error, Interactive: false, error.Token);
        Assert.Equal(130, Program.Run(TrainingRuns.Model(_cli.PathOf("cut"), grids), terminal, EmulatedCuda.Missing));

        // A killed process may have drawn what its state does not know of, not drawn what it does, and left half a file.
        File.Move(_cli.PathOf("cut/samples/000004.png"), _cli.PathOf("cut/samples/000006.png"));
        File.Copy(_cli.PathOf("cut/samples/000002.png"), _cli.PathOf("cut/samples/000010.png"));
        File.WriteAllText(_cli.PathOf("cut/samples/.l2c-abcdefgh.xyz.tmp"), "half a grid");
        Assert.Equal(0, Model("cut", [.. grids, "--resume-from-checkpoint", "latest"]).Code);
        TrainingRuns.AssertSameFiles(_cli.PathOf("whole"), _cli.PathOf("cut"));
    }

    [Fact]
    public void A_run_that_begins_anew_removes_old_grids_and_no_other_picture()
    {
        Assert.Equal(0, Model("run", "--sample-every", "3").Code);
        File.WriteAllText(_cli.PathOf("run/samples/000012.png"), "a picture of somebody else");
        File.WriteAllText(_cli.PathOf("run/samples/cat.png"), "another");
        CliResult again = Model("run", "--force", "--max-steps", "2");
        Assert.Equal(0, again.Code);
        Assert.Equal(["000012.png.aside-1", "cat.png"], _cli.Files("run/samples"));
        Assert.Contains("000012.png was not drawn by this program", again.Err, StringComparison.Ordinal);

        Directory.Delete(_cli.PathOf("run/samples"), recursive: true);
        Directory.CreateSymbolicLink(_cli.PathOf("run/samples"), Directory.CreateDirectory(_cli.PathOf("elsewhere")).FullName);
        Model("run", "--force", "--sample-every", "1", "--no-progress")
            .MustFail(1, "samples: is a link, and nothing is written or deleted through one");
    }

    [Fact]
    public void Samples_that_no_picture_shows_are_refused_before_the_run()
    {
        string ckpt = TinyModel.Write(_cli.PathOf("odd.safetensors"), TinyModel.Latents with { InChannels = 6 });
        _cli.Run("train-router", "--ckpt", ckpt, "--image-free", "--sample-every", "5", "--device", "cpu", "--out", _cli.PathOf("run"))
            .MustFail(2, "--sample-every: tiny latents makes latents of 6 channels");
        Assert.False(Directory.Exists(_cli.PathOf("run")));
    }

    public void Dispose() => _cli.Dispose();

    private CliResult Model(string folder, params string[] more) => _cli.Run(TrainingRuns.Model(_cli.PathOf(folder), more));

    /// <summary>Pixels of a grid of four images per class, as sample draws it.</summary>
    private byte[] Sampled(params string[] more)
    {
        string[] call = ["sample", "--count", "40", "--device", "cpu", "--force", "--no-progress", "--out", _cli.PathOf("sampled.png")];
        Assert.Equal(0, _cli.Run([.. call, .. more]).Code);
        return Pixels("sampled.png");
    }

    /// <summary>Pixels of a picture's grid. What is said above it, the step and the schedule's name, stands beyond the first wide gap from below.</summary>
    private byte[] Pixels(string name)
    {
        PngDecoder picture = PngDecoder.Decode(File.ReadAllBytes(_cli.PathOf(name)));
        int stride = 3 * picture.Width, row = picture.Height - 1, empty = 0;
        while (IsEmpty(row))
        {
            row--;
        }

        for (; empty < 8; row--)
        {
            empty = IsEmpty(row) ? empty + 1 : 0;
        }

        byte[] grid = picture.Pixels[((row + 1) * stride)..];
        Assert.InRange(grid.Length / stride, picture.Height / 2, picture.Height - 1);
        return grid;

        bool IsEmpty(int at) => picture.Pixels.AsSpan(at * stride, stride).IndexOfAnyExcept(picture.Pixels[0], picture.Pixels[1], picture.Pixels[2]) < 0;
    }
}
