using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;
using L2c.Testing;
using L2c.Weights;
using L2c.Weights.Npy;

namespace L2c.Cli.Tests.Evaluation;

public sealed class EvaluateTests : IDisposable
{
    private const int Size = 8;

    private readonly CliRunner _cli = new();

    [Fact]
    public void A_folder_of_folders_of_pictures_is_no_set_of_samples()
    {
        Directory.CreateDirectory(_cli.PathOf("classes/disc"));
        File.WriteAllBytes(_cli.PathOf("classes/disc/a.png"), []);
        _cli.Run("evaluate", _cli.PathOf("classes")).MustFail(4, "classes: is a folder without PNG files; give one with pictures of the same size");
    }

    [Fact]
    public void A_model_is_compared_with_data_and_with_other_numbers_of_steps()
    {
        string data = EvaluationRuns.Write(_cli.PathOf("data.safetensors"), EvaluationRuns.Pixels(50, Size, seed: 1), Size);
        CliResult result = Model("--data", data, "--data-count", "30", "--count", "12", "--steps", "3", "--ddim", "2,3", "--seed", "5", "--json");
        JsonElement json = result.Json;
        Assert.Equal(("data.safetensors", "random-conv-448/1"), (Text(json, "data"), Text(json, "features")));
        Assert.Equal(30, json.GetProperty("dataImages").GetInt32());
        JsonElement samples = json.GetProperty("samples"), floor = json.GetProperty("floor");
        Assert.Equal((3, 12, 12), (samples.GetProperty("steps").GetInt32(), Images(samples), Images(floor)));
        Assert.True(Number(samples, "frechetLow") < Number(samples, "frechet") && Number(samples, "frechet") < Number(samples, "frechetHigh"));
        Assert.True(Number(floor, "frechet") < Number(samples, "frechet"), "noise of a random model is further from the data than the data");
        JsonElement[] ladder = [.. json.GetProperty("ddim").EnumerateArray()];
        Assert.Equal([2, 3], ladder.Select(row => row.GetProperty("steps").GetInt32()));
        Assert.Equal(Number(samples, "frechet"), Number(ladder[1], "frechet"));
        Assert.NotEqual(Number(ladder[0], "frechet"), Number(ladder[1], "frechet"));
        Assert.Equal((5, 1.5), (json.GetProperty("parameters").GetProperty("seed").GetInt32(), Number(json.GetProperty("parameters"), "cfgScale")));
        Assert.Equal(2, Count(result.Err, "covariance is singular"));
    }

    [Theory]
    [InlineData(2, "u1", "[2, 1, 16384, 16384]", "images of 16384 x 16384 pixels are too large for features; give smaller ones")]
    [InlineData(4, "f8", "[2, 3, 16384, 16384]", "has images of 3 x 16384 x 16384, which are too large; give smaller ones")]
    [InlineData(4, "u1", "[2, 3, 16385, 8]", "has images 16385 pixels wide or high")]
    public void Images_of_more_pixels_than_an_array_holds_are_refused(int code, string type, string shape, string message)
    {
        // A file with a hole: all of it is zeros, and little of it is on the disk.
        string dict = $"{{'descr': '|{type}', 'fortran_order': False, 'shape': ({shape.Trim('[', ']')}), }}".Replace("|f", "<f", StringComparison.Ordinal);
        string header = dict.PadRight(117) + "\n";
        using (FileStream file = File.Create(_cli.PathOf("large.npy")))
        {
            file.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. System.Text.Encoding.ASCII.GetBytes(header)]);
            long elements = shape.Trim('[', ']').Split(',').Aggregate(1L, (product, extent) => product * long.Parse(extent));
            file.SetLength(file.Position + (elements * (type[1] - '0')));
        }

        _cli.Run("evaluate", _cli.PathOf("large.npy"), "--data", _cli.PathOf("large.npy")).MustFail(code, message);
    }

    [Fact]
    public void Evaluating_a_models_samples_is_evaluating_their_file()
    {
        string data = EvaluationRuns.Write(_cli.PathOf("data.safetensors"), EvaluationRuns.Pixels(40, Size, seed: 1), Size);
        CliResult sampled = _cli.Run(
            "sample", "--ckpt", Tiny(), "--device", "cpu", "--classes", "0,1,2", "--count", "9", "--steps", "2",
            "--trajectory", _cli.PathOf("states.safetensors"), "--out", _cli.PathOf("a.png"));
        Assert.Equal(0, sampled.Code);
        using (TensorFile states = TensorFiles.Open(_cli.PathOf("states.safetensors")))
        {
            TensorInfo steps = states.Find("x_steps")!;
            byte[] last = new byte[steps.Bytes / 2];
            states.ReadBytes(steps, steps.Count / 2, last);

            // The random model goes far beyond pixels, which a file of images may not; features are of what a picture shows.
            float[] shown = [.. MemoryMarshal.Cast<byte, float>(last).ToArray().Select(value => Math.Clamp(value, -1, 1))];
            NpyFile.Write(_cli.PathOf("samples.npy"), TensorType.F32, steps.Shape[1..], EvaluationRuns.Bytes(shown), overwrite: false);
        }

        JsonElement file = _cli.Run("evaluate", _cli.PathOf("samples.npy"), "--data", data, "--data-count", "31", "--json").Json;
        JsonElement model = Model("--data", data, "--data-count", "31", "--count", "9", "--steps", "2", "--ddim", "none", "--json").Json;
        Assert.Equal(Number(model.GetProperty("samples"), "frechet"), Number(file.GetProperty("samples"), "frechet"));
        Assert.Equal(Number(model.GetProperty("samples"), "frechetHigh"), Number(file.GetProperty("samples"), "frechetHigh"));
        Assert.False(file.TryGetProperty("ddim", out _));
    }

    [Fact]
    public void The_same_pictures_are_the_same_in_every_format()
    {
        const int Count = 20;
        float[] pixels = EvaluationRuns.Pixels(Count, Size, seed: 2);
        byte[] stored = EvaluationRuns.Quantised(pixels);
        pixels = [.. stored.Select(value => (value - 127.5f) / 127.5f)];
        string data = EvaluationRuns.Write(_cli.PathOf("data.safetensors"), EvaluationRuns.Pixels(60, Size, seed: 3, shift: 0.1f), Size);
        NpyFile.Write(_cli.PathOf("float.npy"), TensorType.F32, [Count, 3, Size, Size], EvaluationRuns.Bytes(pixels), overwrite: false);
        NpyFile.Write(_cli.PathOf("last.npy"), TensorType.U8, [Count, Size, Size, 3], EvaluationRuns.ChannelsLast(stored, Size), overwrite: false);
        NpyFile.Write(_cli.PathOf("bytes.npy"), TensorType.U8, [Count, 3, Size, Size], stored, overwrite: false);
        using (ZipArchive archive = ZipFile.Open(_cli.PathOf("all.npz"), ZipArchiveMode.Create))
        {
            _ = archive.CreateEntryFromFile(_cli.PathOf("last.npy"), "arr_0.npy", CompressionLevel.NoCompression);
            NpyFile.Write(_cli.PathOf("labels"), TensorType.I64, [Count], new byte[8 * Count], overwrite: false);
            _ = archive.CreateEntryFromFile(_cli.PathOf("labels"), "arr_1.npy", CompressionLevel.Optimal);
        }

        Directory.CreateDirectory(_cli.PathOf("pictures"));
        for (int image = 0; image < Count; image++)
        {
            RgbImage picture = new(Size, Size);
            EvaluationRuns.ChannelsLast(stored[(image * 3 * Size * Size)..((image + 1) * 3 * Size * Size)], Size).CopyTo(picture.Pixels, 0);
            using FileStream stream = File.Create(_cli.PathOf($"pictures/{image:00}.png"));
            PngWriter.Write(stream, picture, "l2c", "test");
        }

        double[] distances = [.. new[] { "float.npy", "last.npy", "bytes.npy", "all.npz", "pictures" }.Select(name =>
        {
            JsonElement json = _cli.Run("evaluate", _cli.PathOf(name), "--data", data, "--data-count", "40", "--json").Json;
            Assert.Equal((name, Count), (Text(json.GetProperty("samples"), "name"), Images(json.GetProperty("samples"))));
            return Number(json.GetProperty("samples"), "frechet");
        })];
        Assert.True(distances[0] > 0);
        Assert.All(distances, distance => Assert.Equal(distances[0], distance));
    }

    [Fact]
    public void Shapes_are_data_by_default_and_the_floor_is_of_other_shapes()
    {
        EvaluationRuns.Write(_cli.PathOf("same.safetensors"), EvaluationRuns.Shapes(24, seed: 1), 32);
        CliResult result = _cli.Run("evaluate", _cli.PathOf("same.safetensors"), "--data-count", "24", "--json");
        Assert.Equal("shapes, seed 1", Text(result.Json, "data"));
        Assert.InRange(Number(result.Json.GetProperty("samples"), "frechet"), 0, 1e-3);
        Assert.True(Number(result.Json.GetProperty("floor"), "frechet") > 0.1);
        CliResult table = _cli.Run("evaluate", _cli.PathOf("same.safetensors"), "--data-count", "24", "--count", "20");
        Assert.Matches(
            @"^Fréchet distance to shapes, seed 1, 24 images +distance +90 % interval\nsame.safetensors, 20 images .*\nother images of .*\n$",
            table.Out);
    }

    [Theory]
    [InlineData(2, "applies to sampling", "x.npy", "--steps", "3")]
    [InlineData(2, "applies to sampling", "x.npy", "--ddim", "3")]
    [InlineData(1, "there is no such file", "missing")]
    [InlineData(2, "compare images of the same size", "small.safetensors", "--data", "shapes")]
    [InlineData(2, "--ddim needs", "--ddim", "5,x")]
    [InlineData(2, "compare with data of that size", "--data", "shapes")]
    [InlineData(4, "tensors of images", "labels.npy")]
    [InlineData(4, "are not pixels", "wide.safetensors", "--data", "small.safetensors")]
    [InlineData(4, "is damaged", "cut.npz")]
    public void What_cannot_be_compared_is_refused(int code, string message, params string[] arguments)
    {
        EvaluationRuns.Write(_cli.PathOf("small.safetensors"), EvaluationRuns.Pixels(5, Size, seed: 1), Size);
        EvaluationRuns.Write(_cli.PathOf("wide.safetensors"), [.. EvaluationRuns.Pixels(5, Size, seed: 1).Select(value => value * 128)], Size);
        NpyFile.Write(_cli.PathOf("labels.npy"), TensorType.I64, [4], new byte[32], overwrite: false);
        NpyFile.Write(_cli.PathOf("x.npy"), TensorType.U8, [4, 3, Size, Size], new byte[4 * 3 * Size * Size], overwrite: false);
        using (ZipArchive archive = ZipFile.Open(_cli.PathOf("cut.npz"), ZipArchiveMode.Create))
        {
            _ = archive.CreateEntryFromFile(_cli.PathOf("x.npy"), "arr_0.npy", CompressionLevel.NoCompression);
        }

        byte[] bytes = File.ReadAllBytes(_cli.PathOf("cut.npz"));
        bytes[300] ^= 1;
        File.WriteAllBytes(_cli.PathOf("cut.npz"), bytes);
        string[] words = [.. arguments.Select(word => File.Exists(_cli.PathOf(word)) ? _cli.PathOf(word) : word)];
        bool sampling = arguments[0].StartsWith("--", StringComparison.Ordinal);
        CliResult result = sampling ? Model(words) : _cli.Run(["evaluate", .. words]);
        Assert.Equal(code, result.Code);
        Assert.Contains(message, result.Err.TrimEnd('\n').Split('\n')[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Where_nobody_watches_lines_tell_what_is_read_and_measured()
    {
        _cli.Run("sample", "--ckpt", Tiny(), "--steps", "2", "--count", "8", "--separate", "--device", "cpu", "--out", _cli.PathOf("pictures"));
        string[] call = ["--data", _cli.PathOf("pictures"), "--data-count", "6", "--count", "3", "--steps", "2", "--ddim", "none"];
        string[] lines = [.. Model(call).Err.TrimEnd('\n').Split('\n').Where(line => !line.StartsWith("l2c: ", StringComparison.Ordinal))];
        Assert.Equal(
            [
                "features, pictures: 0 of 6",
                "3 images, 2 steps: 0 of 2",
                "features, tiny pixels, ddim: 0 of 3",
                "distance of tiny pixels, ddim: 0 of 21",
                "features, pictures: 0 of 2",
                "distance of pictures: 0 of 21",
            ],
            lines);
        Assert.All(
            Model([.. call, "--no-progress"]).Err.TrimEnd('\n').Split('\n'),
            line => Assert.StartsWith("l2c: ", line, StringComparison.Ordinal));
    }

    [Fact]
    public void Latents_are_refused_and_an_interruption_is_told()
    {
        string latents = TinyModel.Write(_cli.PathOf("latents.safetensors"), TinyModel.Latents);
        _cli.Run("evaluate", "--ckpt", latents, "--device", "cpu").MustFail(2, "makes latents");
        CliResult result = _cli.Run(new CancellationToken(canceled: true), "evaluate", "--device", "cpu", "--count", "10", "--data-count", "10");
        Assert.Equal(130, result.Code);
        Assert.Contains("interrupted", result.Err, StringComparison.Ordinal);
    }

    public void Dispose() => _cli.Dispose();

    private string Tiny() =>
        _cli.PathOf("tiny.safetensors") is var path && File.Exists(path) ? path : TinyModel.Write(path, TinyModel.Pixels);

    private CliResult Model(params string[] arguments) => _cli.Run(["evaluate", "--ckpt", Tiny(), "--device", "cpu", .. arguments]);

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static double Number(JsonElement element, string name) => element.GetProperty(name).GetDouble();

    private static int Images(JsonElement row) => row.GetProperty("images").GetInt32();

    private static int Count(string text, string part) => text.Split(part).Length - 1;
}
