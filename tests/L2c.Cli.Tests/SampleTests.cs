using System.Text.Json;
using L2c.Testing;
using L2c.Weights.Layouts;
using L2c.Weights.Safetensors;

namespace L2c.Cli.Tests;

public sealed class SampleTests : IDisposable
{
    private readonly CliRunner _cli = new();

    [Fact]
    public void Json_has_every_key_and_true_facts()
    {
        JsonElement json = Sample(TinyModel.Pixels,
            "--count", "5", "--batch", "2", "--steps", "3", "--seed", "9", "--threads", "1",
            "--out", _cli.PathOf("a.png"), "--json").Json;
        Assert.Equal(
            [
                "files", "model", "device", "dtype", "threads", "isa", "checkpoint", "sampler", "steps", "evaluations", "images", "batch", "batches",
                "classes", "seed", "rng",
                "guidance", "cfgScale", "preview", "nonFiniteCount", "weightBytes", "workspaceBytes", "cacheBytes", "peakBytes",
                "startMs", "sampleMs", "planMs", "evaluationMs", "loadMs", "elapsedMs",
            ],
            json.EnumerateObject().Select(member => member.Name));
        Assert.Equal(_cli.PathOf("a.png"), json.GetProperty("files")[0].GetString());
        Assert.Equal((3, 5, 2, 3, 1), (Int("evaluations"), Int("images"), Int("batch"), Int("batches"), Int("threads")));
        Assert.Equal((9, 0), (Int("seed"), Int("nonFiniteCount")));
        Assert.True(Number("evaluationMs") > 0 && Number("sampleMs") >= 3 * Number("evaluationMs") && Number("elapsedMs") >= Number("sampleMs"));
        Assert.True(Number("startMs") >= Number("planMs"), "the test's own process started before");

        Assert.Equal((0, Int("weightBytes") + Int("workspaceBytes")), (Int("cacheBytes"), Int("peakBytes")));
        Assert.InRange(Number("planMs"), 0, Number("sampleMs"));

        int Int(string name) => json.GetProperty(name).GetInt32();
        double Number(string name) => json.GetProperty(name).GetDouble();
    }

    [Fact]
    public void A_person_reads_where_the_picture_is_and_how_long_it_took()
    {
        CliResult result = Sample(TinyModel.Pixels, "--steps", "2", "--out", _cli.PathOf("a.png"));
        Assert.Equal((0, ""), (result.Code, result.Err));
        string[] lines = result.Out.TrimEnd('\n').Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Equal(_cli.PathOf("a.png"), lines[0]);
        Assert.StartsWith("24 images by tiny pixels in ", lines[1], StringComparison.Ordinal); // three classes, eight of each
        Assert.Matches(@"^memory: weights .+ \+ workspace .+ \+ cache slots 0 bytes = ", lines[2]);
        string one = Sample(TinyModel.Pixels, "--steps", "1", "--count", "1", "--out", _cli.PathOf("b.png")).Out.Split('\n')[1];
        Assert.Matches("^1 image by .*: one batch, 1 ddim step, ", one);
    }

    [Fact]
    public void A_samplers_name_is_taken_in_any_case_of_letters()
    {
        string[] lines = Sample(TinyModel.Pixels, "--steps", "1", "--count", "1", "--sampler", "DDPM", "--out", _cli.PathOf("a.png")).Out.Split('\n');
        Assert.Matches("^1 image by .*: one batch, 1 ddpm step, ", lines[1]);
    }

    [Theory]
    [InlineData("--sampler", "ddim")]
    [InlineData("--sampler", "ddpm")]
    [InlineData("--sampler", "dpm-solver++:2s")]
    [InlineData("--sampler", "dpm-solver++:3m")]
    [InlineData("--eta", "0.5")]
    public void An_image_is_the_same_bit_for_bit_whatever_count_batch_and_threads(string option, string value)
    {
        string[] common = ["sample", "--steps", "4", "--seed", "3", "--separate", option, value];
        Run("one", "--count", "8", "--batch", "8", "--threads", "2");
        Run("two", "--count", "8", "--batch", "3", "--threads", "1");
        Run("three", "--count", "2", "--batch", "1");
        (long[] shape, float[] whole) = TensorReader.Floats(_cli.PathOf("one.st"), "x_steps");
        Assert.Equal([4, 8, 3, 32, 32], shape);
        Assert.Equal(whole, TensorReader.Floats(_cli.PathOf("two.st"), "x_steps").Values);
        float[] part = TensorReader.Floats(_cli.PathOf("three.st"), "x_steps").Values;
        const int image = 3 * 32 * 32;
        for (int e = 0; e < 4; e++)
        {
            Assert.Equal(whole.AsSpan(e * 8 * image, 2 * image), part.AsSpan(e * 2 * image, 2 * image));
        }

        for (int i = 0; i < 8; i++)
        {
            byte[] png = File.ReadAllBytes(_cli.PathOf($"one/0001-00{i}.png"));
            Assert.Equal(png, File.ReadAllBytes(_cli.PathOf($"two/0001-00{i}.png")));
            Assert.True(i >= 2 || png.AsSpan().SequenceEqual(File.ReadAllBytes(_cli.PathOf($"three/0001-00{i}.png"))));
            Assert.True(i == 0 || !png.AsSpan().SequenceEqual(File.ReadAllBytes(_cli.PathOf("one/0001-000.png"))));
        }

        void Run(string name, params string[] more)
        {
            CliResult result = _cli.Run([.. common, "--out", _cli.PathOf(name), "--trajectory", _cli.PathOf($"{name}.st"), .. more]);
            Assert.True(result.Code == 0, result.Err);
        }
    }

    [Fact]
    public void Latents_come_as_safetensors_and_npy_with_a_preview_that_is_called_one()
    {
        CliResult result = Sample(TinyModel.Latents, "--classes", "2,0", "--count", "3",
            "--steps", "5", "--out", _cli.PathOf("z.png"), "--trajectory", _cli.PathOf("t.st"));
        Assert.Equal(0, result.Code);
        Assert.Contains("this model makes latents: the PNG is a false-colour preview", result.Err, StringComparison.Ordinal);
        (long[] shape, float[] latents) = TensorReader.Floats(_cli.PathOf("z.safetensors"), "latents");
        Assert.Equal([3, 4, 8, 8], shape);
        Assert.Equal([2, 0, 2], TensorReader.Longs(_cli.PathOf("z.safetensors"), "labels"));

        (long[] steps, float[] states) = TensorReader.Floats(_cli.PathOf("t.st"), "x_steps");
        Assert.Equal([5, 3, 4, 8, 8], steps);
        Assert.Equal(latents, states[^latents.Length..]);
        Assert.NotEqual(latents, states[..latents.Length]);
        Assert.Equal([999, 749, 500, 250, 0], TensorReader.Floats(_cli.PathOf("t.st"), "timesteps").Values); // 749.25, 499.5 and 249.75 rounded half to even

        byte[] npy = File.ReadAllBytes(_cli.PathOf("z.npy"));
        Assert.Equal(latents, System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(npy.AsSpan()[^(4 * latents.Length)..]).ToArray());
        PngDecoder preview = PngDecoder.Decode(File.ReadAllBytes(_cli.PathOf("z.png")));
        Assert.True(JsonElement.Parse(preview.Text["l2c"]).GetProperty("preview").GetBoolean());
    }

    /// <summary>A DiT counts its timesteps from 0; between them a solver asks it, too.</summary>
    [Fact]
    public void A_solver_with_evaluations_between_its_steps_is_told_as_it_is()
    {
        string picture = _cli.PathOf("a.png"), states = _cli.PathOf("t.st");
        CliResult result = Sample(
            TinyModel.Pixels, "--sampler", "dpm-solver++:2S", "--grid", "logsnr", "--steps", "5", "--count", "1", "--out", picture, "--trajectory", states, "--json");
        Assert.True(result.Code == 0, result.Err);
        JsonElement json = JsonElement.Parse(result.Out);
        Assert.Equal(("dpm-solver++:2s", "logSNR", "5", 4), (
            json.GetProperty("sampler").GetString(), json.GetProperty("grid").GetString(), json.GetProperty("steps").GetString(),
            json.GetProperty("evaluations").GetInt32()));
        JsonElement told = JsonElement.Parse(PngDecoder.Decode(File.ReadAllBytes(picture)).Text["l2c"]);
        Assert.Equal(("dpm-solver++:2s", "logSNR"), (told.GetProperty("sampler").GetString(), told.GetProperty("grid").GetString()));

        float[] times = TensorReader.Floats(states, "timesteps").Values;
        Assert.Equal(4, times.Length);
        Assert.Equal(999, times[0], 0.01);
        Assert.True(times.Zip(times[1..]).All(pair => pair.First > pair.Second) && times.Any(time => time != MathF.Round(time)));
        (long[] shape, float[] x) = TensorReader.Floats(states, "x_steps");
        Assert.Equal([4, 1, 3, 8, 8], shape);
        int size = x.Length / 4;
        Assert.Equal(x[size..(2 * size)], x[(2 * size)..(3 * size)]); // x stays while the point between two steps is asked for
    }

    [Fact]
    public void Start_noise_from_a_file_replaces_the_seed_and_decides_the_count()
    {
        string noise = WriteNoise("n.st", TinyModel.Pixels, [2, 3, 8, 8], seed: 1);
        float[] first = Trajectory("a", "--noise", noise, "--seed", "1");
        Assert.Equal(3 * 2 * 3 * 8 * 8, first.Length);
        Assert.Equal(first, Trajectory("b", "--noise", noise, "--seed", "2"));
        Assert.NotEqual(first, Trajectory("c", "--count", "2", "--seed", "1"));
        Assert.Equal(first, Trajectory("d", "--noise", noise, "--batch", "1"));
        _cli.Run("sample", "--ckpt", _cli.PathOf("tiny pixels.st"), "--noise", noise, "--count", "3", "--out", _cli.PathOf("e"))
            .MustFail(2, "--count 3 does not fit");
    }

    [Theory]
    [InlineData("x_T", 2, 4)]
    [InlineData("noise", 2, 3)]
    public void Noise_of_another_name_or_shape_is_refused(string name, int images, int channels)
    {
        string path = _cli.PathOf("n.st");
        SafetensorsData.Write(path, [(name, new long[] { images, channels, 8, 8 }, new float[images * channels * 64])], null, overwrite: false);
        Sample(TinyModel.Pixels, "--noise", path, "--out", _cli.PathOf("a")).MustFail(4, path);
    }

    [Fact]
    public void Torch_noise_is_the_published_stream()
    {
        // With eta 0 only x_T is noise: torch.randn(2, 3, 8, 8) after manual_seed(5), given as a file, must lead to the same states.
        float[] values = new float[2 * 3 * 8 * 8];
        new L2c.Model.Randomness.TorchGenerator(5).Randn(values);
        string noise = _cli.PathOf("n.st");
        SafetensorsData.Write(noise, [("x_T", new long[] { 2, 3, 8, 8 }, values)], null, overwrite: false);
        float[] expected = Trajectory("a", "--noise", noise);
        Assert.Equal(expected, Trajectory("b", "--rng", "torch", "--seed", "5", "--count", "2"));

        // A start file leaves the noise of the steps as it was; another generator does not.
        string[] ddpm = ["--sampler", "ddpm", "--seed", "5"];
        float[] stream = Trajectory("c", [.. ddpm, "--rng", "torch", "--count", "2"]);
        Assert.Equal(stream, Trajectory("d", [.. ddpm, "--rng", "torch", "--noise", noise]));
        Assert.NotEqual(stream, Trajectory("e", [.. ddpm, "--noise", noise]));
    }

    [Fact]
    public void With_guidance_torch_noise_is_drawn_for_the_doubled_batch()
    {
        // A scale that rounds to 1 guides without changing the prediction, so only the noise can differ: with ours it does not; with torch's it does
        // from the second step on, because the first step's draw has gone further down the stream.
        const int state = 2 * 3 * 64;
        Assert.True(Difference("l2c", 2) < 1e-3);
        Assert.True(Difference("torch", 0) < 1e-3);
        Assert.True(Difference("torch", 1) > 0.1);

        double Difference(string rng, int step)
        {
            string[] options = ["--sampler", "ddpm", "--clip-denoised", "--rng", rng, "--count", "2"];
            float[] plain = Trajectory($"{rng}{step}a", [.. options, "--cfg-scale", "1"]);
            float[] guided = Trajectory($"{rng}{step}b", [.. options, "--cfg-scale", "1.000000000001"]);
            return Enumerable.Range(step * state, state).Max(i => Math.Abs((double)plain[i] - guided[i]));
        }
    }

    [Fact]
    public void Guidance_and_clipping_reach_the_network()
    {
        float[] guided = Trajectory("a", "--count", "2");
        Assert.NotEqual(guided, Trajectory("b", "--count", "2", "--cfg-scale", "4"));
        Assert.NotEqual(guided, Trajectory("c", "--count", "2", "--clip-denoised"));
        Assert.Equal(Trajectory("d", "--count", "2", "--cfg-scale", "1"), Trajectory("e", "--count", "2", "--guidance", "none"));
        Assert.Equal(guided, Trajectory("f", "--count", "2", "--guidance", "all")); // three channels are all there are
        float[] end = Trajectory("g", "--count", "2", "--clip-denoised")[^(2 * 3 * 64)..];
        Assert.All(end, value => Assert.InRange(value, -1, 1));
    }

    [Fact]
    public void A_model_without_a_null_class_is_sampled_without_guidance()
    {
        DitArchitecture plain = TinyModel.Pixels with { HasNullClass = false };
        Sample(plain, "--cfg-scale", "1.5", "--out", _cli.PathOf("a")).MustFail(2, "give --cfg-scale 1");
        Assert.Equal(0, Sample(plain, "--steps", "2", "--out", _cli.PathOf("a")).Code);
    }

    [Fact]
    public void Classes_can_be_named_ignoring_case()
    {
        CliResult result = Sample(TinyModel.Pixels, "--classes", "Owl, 0,dog", "--steps", "1", "--out", _cli.PathOf("a"), "--json");
        Assert.Equal([2, 0, 1], result.Json.GetProperty("classes").EnumerateArray().Select(c => c.GetInt32()));
        Assert.Equal(3, result.Json.GetProperty("images").GetInt32());
    }

    public void Dispose() => _cli.Dispose();

    private CliResult Sample(DitArchitecture architecture, params string[] args)
    {
        string checkpoint = _cli.PathOf($"{architecture.Name}{(architecture.HasNullClass ? "" : " plain")}.st");
        if (!File.Exists(checkpoint))
        {
            TinyModel.Write(checkpoint, architecture);
        }

        return _cli.Run(["sample", "--ckpt", checkpoint, .. args]);
    }

    /// <summary>States of three steps of the tiny pixel model.</summary>
    private float[] Trajectory(string name, params string[] args)
    {
        string path = _cli.PathOf($"{name}.st");
        CliResult result = Sample(TinyModel.Pixels, ["--steps", "3", "--out", _cli.PathOf(name), "--trajectory", path, .. args]);
        Assert.True(result.Code == 0, result.Err);
        return TensorReader.Floats(path, "x_steps").Values;
    }

    private string WriteNoise(string name, DitArchitecture architecture, long[] shape, int seed)
    {
        Random random = new(seed);
        Assert.Equal(architecture.InChannels, shape[1]);
        float[] values = [.. Enumerable.Range(0, (int)(shape[0] * shape[1] * shape[2] * shape[3])).Select(_ => (float)random.NextDouble() - 0.5f)];
        SafetensorsData.Write(_cli.PathOf(name), [("x_T", shape, values)], null, overwrite: false);
        return _cli.PathOf(name);
    }
}
