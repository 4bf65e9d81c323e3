using L2c.Model.Training;
using L2c.Model.Training.Data;
using L2c.Testing;
using L2c.Weights;
using L2c.Weights.Safetensors;

namespace L2c.Engine.Tests;

public sealed class TrainingDataTextTests : IDisposable
{
    private static readonly DataNeeds _shapes = new(3, 32, 10), _nothing = new(null, null, null);

    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("shapes", "shapes, seed 0")]
    [InlineData("shapes:7", "shapes, seed 7")]
    [InlineData("shapes2", "shapes2, seed 0")]
    [InlineData("shapes2:7", "shapes2, seed 7")]
    [InlineData("shapes:18446744073709551615", "shapes, seed 18446744073709551615")]
    public void Shapes_have_the_seed_of_the_text(string text, string name)
    {
        ITrainingData data = TrainingDataText.Open(text, _shapes, seed: 3);
        Assert.Equal(name, data.Name);
        Assert.Equal(ShapesData.ClassNames, data.ClassNames);
        Assert.IsType<ShapesData>(TrainingDataText.Open(text, _nothing, seed: 3));
    }

    [Fact]
    public void Files_and_folders_are_told_apart_by_what_is_in_them()
    {
        Shard("shards/a.safetensors", 4);
        using (ShardData data = Assert.IsType<ShardData>(TrainingDataText.Open(_folder.File("shards"), new DataNeeds(4, 8, 1000), 3)))
        {
            Assert.Equal((1000, 0), (data.Classes, ((ITrainingData)data).ClassNames.Count));
            Assert.StartsWith("shards, 2 items, order of seed 3,", data.Name, StringComparison.Ordinal);
        }

        using (ShardData data = Assert.IsType<ShardData>(TrainingDataText.Open(_folder.File("shards/a.safetensors"), _nothing, 3)))
        {
            Assert.Equal((4, 8, 3), (data.Channels, data.Size, data.Classes));
        }

        Picture("pictures/cat/1.png");
        Picture("pictures/dog/1.png");
        ITrainingData pictures = TrainingDataText.Open(_folder.File("pictures"), new DataNeeds(3, 16, null), 5);
        Assert.Equal((16, 2), (pictures.Size, pictures.Classes));
        Assert.Equal(["cat", "dog"], pictures.ClassNames);
    }

    [Fact]
    public void What_does_not_fit_the_model_is_told_in_one_line()
    {
        Shard("a.safetensors", 4);
        Picture("pictures/cat/1.png");
        Refused("shapes:x", _shapes, "\"x\" is not a seed; write shapes:SEED");
        Refused("shapes2:-1", _shapes, "not a seed; write shapes2:SEED");
        Missing("shapes:1:2");
        Missing("shapes3", "did you mean shapes2?");
        Missing(_folder.File("missing"));
        Refused("shapes", new DataNeeds(4, 32, 10), "3x32x32, but the model reads 4x32x32; give latents");
        Refused("shapes", new DataNeeds(3, 64, 10), "reads 3x64x64");
        Refused("shapes", new DataNeeds(3, 32, 1000), "it has 10 classes, but the model has 1000");
        Refused(_folder.File("a.safetensors"), new DataNeeds(4, 32, null), "4x8x8, but the model reads 4x32x32");
        Refused(_folder.File("pictures"), new DataNeeds(3, null, null), "--image-size");
        Refused(_folder.File("pictures"), new DataNeeds(3, 16, 10), "it has 1 class, but the model has 10");
        Refused(_folder.File("pictures"), new DataNeeds(4, 32, 1), "give latents");
        Assert.Throws<MalformedFileException>(() => TrainingDataText.Open(_folder.File("pictures/cat"), _shapes, 0));
    }

    public void Dispose() => _folder.Dispose();

    private static void Missing(string text, string advice = "give one, or shapes2") => Assert.Equal(
        $"{text}: there is no such file or folder; {advice}",
        Assert.Throws<FileNotFoundException>(() => TrainingDataText.Open(text, _shapes, 0)).Message);

    private static void Refused(string text, DataNeeds needs, string reason)
    {
        string message = Assert.Throws<RequestException>(() => TrainingDataText.Open(text, needs, 0)).Message;
        Assert.StartsWith($"--data {text}: ", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.Contains("; ", message, StringComparison.Ordinal);
    }

    private void Picture(string name)
    {
        _ = Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
        using FileStream file = File.Create(_folder.File(name));
        PngWriter.Write(file, new RgbImage(20, 20), "l2c", "test");
    }

    private void Shard(string name, int channels)
    {
        _ = Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
        SafetensorsData.Write(
            _folder.File(name),
            [
                (new TensorInfo("latents", TensorType.F32, [2, channels, 8, 8]), new byte[2 * channels * 64 * sizeof(float)]),
                (new TensorInfo("labels", TensorType.U8, [2]), new byte[] { 0, 2 }),
            ],
            null,
            false);
    }
}
