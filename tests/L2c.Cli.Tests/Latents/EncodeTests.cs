using System.Security.Cryptography;
using System.Text.Json;
using L2c.Model.Training.Data;
using L2c.Testing;
using L2c.Weights;

namespace L2c.Cli.Tests.Latents;

public sealed class EncodeTests : IDisposable
{
    private readonly EncodeRuns _runs = new();
    private readonly CliRunner _cli;

    public EncodeTests() => _cli = _runs.Cli;

    [Fact]
    public void Classes_become_labels_and_every_shard_names_its_pictures()
    {
        _runs.Pictures("set/b", 3);
        _runs.Pictures("set/a/deep/er", 4);
        _runs.Pictures("set/Z", 2);
        File.WriteAllText(_cli.PathOf("set/a/notes.txt"), "no picture");
        JsonElement json = _runs.Encode("set", "out", "--json", "--no-progress").Json;
        Assert.Equal([9, 9, 9, 0, 3, 3], new[] { "pictures", "images", "imagesNow", "skipped", "classes", "shards" }.Select(Number));
        Assert.Equal([4, 4, 4], json.GetProperty("latent").EnumerateArray().Select(extent => extent.GetInt32()));
        Assert.Equal("tiny autoencoder", json.GetProperty("model").GetString());
        string[] files = ["latents-00000.safetensors", "latents-00001.safetensors", "latents-00002.safetensors"];
        Assert.Equal([".lock", .. files, "latents.json"], _cli.Files("out"));

        LatentIndex index = LatentIndex.Find(_cli.PathOf("out"))!;
        Assert.True(index.IsComplete);
        Assert.Equal(["Z", "a", "b"], index.Classes);
        Assert.Equal([(0, 4, 4), (4, 8, 4), (8, 9, 1)], index.Shards.Select(shard => (shard.First, shard.Next, shard.Images)));
        List<long> labels = [];
        List<string> names = [];
        foreach (LatentShard shard in index.Shards)
        {
            string path = _cli.PathOf($"out/{shard.File}");
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))), shard.Sha256);
            Assert.Equal([shard.Images, 2, 8, 4, 4], TensorReader.Floats(path, "moments").Shape);
            labels.AddRange(TensorReader.Longs(path, "labels"));
            using TensorFile file = TensorFiles.Open(path);
            names.AddRange(JsonSerializer.Deserialize<string[]>(file.Metadata[LatentShard.SourcesKey])!);
        }

        Assert.Equal([0, 0, 1, 1, 1, 1, 2, 2, 2], labels);
        Assert.Equal(["Z/00.png", "Z/01.png", "a/deep/er/00.png"], names[..3]);
        Assert.Equal(9, names.Distinct().Count());

        int Number(string name) => json.GetProperty(name).GetInt32();
    }

    [Fact]
    public void A_picture_and_its_mirror_image_have_each_others_views()
    {
        RgbImage picture = new(50, 40), mirrored = new(50, 40);
        RandomData.Integers(1, picture.Pixels.Length, 256).Select(v => (byte)v).ToArray().CopyTo(picture.Pixels, 0);
        for (int i = 0; i < 50 * 40; i++)
        {
            picture[i % 50, i / 50].CopyTo(mirrored[49 - (i % 50), i / 50]);
        }

        Directory.CreateDirectory(_cli.PathOf("set"));
        _runs.Png("set/a.png", picture);
        _runs.Png("set/b.png", mirrored);
        Assert.Equal(0, _runs.Encode("set", "out").Code);
        float[][] views = [.. Moments("out").Chunk(128)];
        Assert.Equal(views[0], views[3]);
        Assert.Equal(views[1], views[2]);
        Assert.NotEqual(views[0], views[1]);

        Assert.Equal(0, _runs.Encode("set", "plain", "--no-flip").Code);
        Assert.Equal([.. views[0], .. views[2]], Moments("plain"));
        Assert.Equal([2, 1, 8, 4, 4], TensorReader.Floats(_cli.PathOf("plain/latents-00000.safetensors"), "moments").Shape);

        Assert.Equal(0, _runs.Encode("set", "half", "--store", "fp16").Code);
        using TensorFile half = TensorFiles.Open(_cli.PathOf("half/latents-00000.safetensors"));
        Half[] stored = new Half[4 * 128];
        half.ReadBytes(half.Find("moments")!, 0, System.Runtime.InteropServices.MemoryMarshal.AsBytes(stored.AsSpan()));
        Assert.Equal(Moments("out").Select(value => (Half)value), stored);
    }

    [Fact]
    public void A_picture_that_cannot_be_read_is_reported_and_the_run_goes_on()
    {
        _runs.Pictures("set", 5);
        _runs.Damaged("set");
        CliResult result = _runs.Encode("set", "out");
        Assert.Equal(0, result.Code);
        string[] lines = result.Err.TrimEnd('\n').Split('\n');
        Assert.Equal(
            [
                $"l2c: warning: {_cli.PathOf("set/cut.jpg")}: cannot be decoded completely (IncompleteInput); repair or remove it",
                $"l2c: warning: {_cli.PathOf("set/one.png")}: has 1 x 1 pixels, fewer than 8 on a side; remove it",
                $"l2c: warning: {_cli.PathOf("set/text.png")}: is not a picture that can be decoded (Unimplemented); repair or remove it",
            ],
            lines.Where(line => line.Contains("warning", StringComparison.Ordinal)));
        Assert.Equal(
            ["latents-00000.safetensors: 4 of 8 pictures", "latents-00001.safetensors: 8 of 8 pictures, 3 skipped"],
            lines.Where(line => line.StartsWith("latents-", StringComparison.Ordinal)));
        Assert.Contains("5 of 8 pictures, 5 now, by tiny autoencoder in ", result.Out, StringComparison.Ordinal);
        Assert.EndsWith("; 3 pictures skipped\n", result.Out, StringComparison.Ordinal);

        // What is skipped leaves no trace in what is not.
        _runs.Pictures("good", 5);
        Assert.Equal(0, _runs.Encode("good", "clean").Code);
        Assert.Equal(Moments("clean"), Moments("out"));

        // The same command again tells the same count, and encodes nothing.
        JsonElement again = _runs.Encode("set", "out", "--json", "--no-progress").Json;
        Assert.Equal([0, 5, 3], new[] { "imagesNow", "images", "skipped" }.Select(name => again.GetProperty(name).GetInt32()));
        Assert.Equal(["cut.jpg", "one.png", "text.png"], again.GetProperty("skippedPictures").EnumerateArray().Select(name => name.GetString()));
    }

    [Fact]
    public void Strict_ends_at_the_first_picture_that_cannot_be_read_and_leaves_no_half()
    {
        _runs.Pictures("set", 5);
        _runs.Damaged("set");
        CliResult result = _runs.Encode("set", "out", "--strict", "--no-progress");
        Assert.Equal(4, result.Code);
        string message = $"l2c: error: {_cli.PathOf("set/cut.jpg")}: cannot be decoded completely (IncompleteInput); repair or remove it\n";
        Assert.EndsWith(message, result.Err, StringComparison.Ordinal);
        Assert.Equal([".lock", "latents-00000.safetensors", "latents.json"], _cli.Files("out"));

        // Repaired, the same command goes on with what it had.
        foreach (string name in (string[])["cut.jpg", "one.png", "text.png"])
        {
            File.Delete(_cli.PathOf($"set/{name}"));
        }

        JsonElement repaired = _runs.Encode("set", "out", "--strict", "--json", "--no-progress").Json;
        Assert.Equal((1, 5), (repaired.GetProperty("imagesNow").GetInt32(), repaired.GetProperty("images").GetInt32()));
        Assert.Equal(0, _runs.Encode("set", "whole", "--strict").Code);
        _runs.AssertSame("whole", "out");

        // In the first shard: not even the folder.
        File.Move(_cli.PathOf("set/00.png"), _cli.PathOf("00.png"));
        _runs.Damaged("set");
        File.Move(_cli.PathOf("set/cut.jpg"), _cli.PathOf("set/00.png"));
        _runs.Encode("set", "none/at/all", "--strict").MustFail(4, "00.png: cannot be decoded completely");
        Assert.False(Directory.Exists(_cli.PathOf("none")));
    }

    [Fact]
    public void A_folder_without_a_picture_that_can_be_read_is_refused_and_leaves_nothing()
    {
        Directory.CreateDirectory(_cli.PathOf("set"));
        _runs.Damaged("set");
        CliResult result = _runs.Encode("set", "out");
        Assert.Equal(4, result.Code);
        Assert.EndsWith(
            "set: has no picture that can be read, of 3; the lines above say what is wrong with each\n", result.Err, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_cli.PathOf("out")));
    }

    [Fact]
    public void Batch_and_threads_change_no_byte()
    {
        _runs.Pictures("set", 10);
        Assert.Equal(0, _runs.Encode("set", "out", "--threads", "1").Code);
        Assert.Equal(0, _runs.Encode("set", "other", "--threads", "2", "--batch", "3").Code);
        _runs.AssertSame("out", "other");
    }

    [Theory]
    [InlineData("--vae is missing")]
    [InlineData("--image-size 36: a latent cell is 8 pixels wide; give a multiple of 8", "--vae", "vae.safetensors", "--image-size", "36")]
    [InlineData("--batch needs a whole number", "--vae", "vae.safetensors", "--batch", "0")]
    [InlineData("--store needs one of fp32, fp16, not 'int8'", "--vae", "vae.safetensors", "--store", "int8")]
    [InlineData("--shard-size 1048576: a file is made in memory; give at most ", "--vae", "vae.safetensors", "--shard-size", "1048576")]
    public void What_does_not_fit_together_is_refused_and_leaves_nothing(string message, params string[] options)
    {
        _runs.Pictures("set", 1);
        string[] paths = [.. options.Select(option => option.EndsWith(".safetensors", StringComparison.Ordinal) ? _cli.PathOf(option) : option)];
        _cli.Run(["encode", _cli.PathOf("set"), _cli.PathOf("out"), "--device", "cpu", .. paths]).MustFail(2, message);
        Assert.False(Directory.Exists(_cli.PathOf("out")));
    }

    [Fact]
    public void Folders_and_files_of_other_kinds_are_refused()
    {
        _runs.Encode("missing", "out").MustFail(1, "missing: there is no such folder; give a folder of pictures");
        Directory.CreateDirectory(_cli.PathOf("set"));
        _runs.Encode("set", "out").MustFail(4, "set: has neither PNG, JPEG or WebP pictures nor folders of them");
        _runs.Pictures("set/a", 1);
        Directory.CreateDirectory(_cli.PathOf("set/b"));
        _runs.Encode("set", "out").MustFail(4, "b: has no PNG, JPEG or WebP pictures");
        Directory.Delete(_cli.PathOf("set/b"));
        _runs.Encode("set", "set/latents").MustFail(2, "latents: lies in ");
        File.Copy(_cli.PathOf("set/a/00.png"), _cli.PathOf("set/x.png"));
        _runs.Encode("set", "out").MustFail(4, "x.png: lies beside folders, each of which is a class");
        File.Delete(_cli.PathOf("set/x.png"));
        string network = TinyModel.Write(_cli.PathOf("dit.safetensors"), TinyModel.Pixels);
        Given(network).MustFail(4, "dit.safetensors: holds a model of the family 'dit', not an autoencoder; ");
        string grey = TinyModel.Write(_cli.PathOf("grey.safetensors"), TinyModel.Autoencoder with { InChannels = 1 });
        Given(grey).MustFail(2, "grey.safetensors: encodes 1 channels; ");
        _runs.Encode("set", "vae.safetensors").MustFail(1, "vae.safetensors is a file; name a folder");
        Assert.False(Directory.Exists(_cli.PathOf("out")));

        CliResult Given(string vae) => _cli.Run("encode", _cli.PathOf("set"), _cli.PathOf("out"), "--vae", vae, "--device", "cpu");
    }

    public void Dispose() => _runs.Dispose();

    private float[] Moments(string folder) =>
    [
        .. _cli.Files(folder).Where(name => name.EndsWith(".safetensors", StringComparison.Ordinal))
            .SelectMany(name => TensorReader.Floats(_cli.PathOf($"{folder}/{name}"), "moments").Values),
    ];
}
