using System.Runtime.InteropServices;
using L2c.Model.Training.Data;
using L2c.Testing;
using L2c.Weights;
using L2c.Weights.Npy;
using L2c.Weights.Safetensors;

namespace L2c.Model.Tests.Training;

public sealed class ShardDataTests : IDisposable
{
    private const int Length = 2 * 3 * 3;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_file_is_read_in_an_order_of_its_own_in_every_epoch()
    {
        Shard("a.safetensors", 0, 7);
        using ShardData data = ShardData.Open(_folder.File("a.safetensors"), 5, null);
        Assert.Equal((2, 3, 7L, 7), (data.Channels, data.Size, data.Count, data.Classes));
        Assert.Matches("^a.safetensors, 7 items, order of seed 5, files [0-9a-f]{12}$", data.Name);
        int[] first = Labels(data, 0, 7), second = Labels(data, 7, 7);
        Assert.Equal(Enumerable.Range(0, 7), first.Order());
        Assert.Equal(Enumerable.Range(0, 7), second.Order());
        Assert.NotEqual(first, second);
        Assert.Equal(second, Labels(data, 7, 7));
        using ShardData other = ShardData.Open(_folder.File("a.safetensors"), 6, null);
        Assert.NotEqual(first, Labels(other, 0, 7));
    }

    [Fact]
    public void All_files_of_a_folder_are_one_set_that_threads_may_share()
    {
        Shard("b.safetensors", 3, 1);
        Shard("a.safetensors", 0, 3);
        Shard("c.safetensors", 4, 6);
        using ShardData data = ShardData.Open(_folder.Path, 0, 10);
        Assert.Equal((10L, 10), (data.Count, data.Classes));
        int[] labels = new int[50];
        Parallel.For(0, labels.Length, i => labels[i] = Labels(data, i, 1)[0]); // Labels checks the values of each
        Assert.All(labels.CountBy(label => label), count => Assert.Equal(5, count.Value));
        Assert.Equal(10, labels.Distinct().Count());
    }

    [Fact]
    public void The_name_is_that_of_the_files_wherever_they_lie()
    {
        foreach (string folder in (string[])["x/set", "y/set"])
        {
            _ = Directory.CreateDirectory(_folder.File($"{folder}/features"));
            _ = Directory.CreateDirectory(_folder.File($"{folder}/labels"));
            Npy($"{folder}/features/0.npy", [1, 2, 3, 3], Item(0));
            Npy($"{folder}/labels/0.npy", [1], new long[1]);
        }

        Moves(
            () => File.Move(_folder.File("y/set/features/0.npy"), _folder.File("y/set/features/1.npy")),
            () => File.Move(_folder.File("y/set/labels/0.npy"), _folder.File("y/set/labels/1.npy")));
        foreach (string folder in (string[])["x/set", "y/set"])
        {
            Directory.Delete(_folder.File(folder), recursive: true);
            _ = Directory.CreateDirectory(_folder.File(folder));
            Shard($"{folder}/a.safetensors", 0, 2);
            Shard($"{folder}/b.safetensors", 2, 1);
        }

        // As many items as before, in files of other sizes.
        Moves(() => Shard("y/set/a.safetensors", 0, 1), () => Shard("y/set/b.safetensors", 1, 2));

        void Moves(params Action[] change)
        {
            string name = NameOf(_folder.File("x/set"));
            Assert.Equal(name, NameOf(_folder.File("y/set/")));
            Assert.Equal(name, NameOf(Path.GetRelativePath(Environment.CurrentDirectory, _folder.File("x/set"))));
            Array.ForEach(change, act => act());
            Assert.NotEqual(name, NameOf(_folder.File("y/set")));
        }

        static string NameOf(string path)
        {
            using ShardData data = ShardData.Open(path, 0, 10);
            return data.Name;
        }
    }

    [Theory]
    [InlineData("features", "labels")]
    [InlineData("imagenet256_features", "imagenet256_labels")]
    public void The_published_feature_extractions_folders_are_read(string items, string labels)
    {
        _ = Directory.CreateDirectory(_folder.File(items));
        _ = Directory.CreateDirectory(_folder.File(labels));
        for (int i = 0; i < 12; i++)
        {
            Npy($"{items}/{i}.npy", [1, 2, 3, 3], Item(i));
            Npy($"{labels}/{i}.npy", [1], new long[] { i });
        }

        using ShardData data = ShardData.Open(_folder.Path, 1, null);
        Assert.Equal((2, 3, 12L, 12), (data.Channels, data.Size, data.Count, data.Classes));
        Assert.Equal(Enumerable.Range(0, 12), Labels(data, 24, 12).Order());

        File.Delete(_folder.File($"{labels}/7.npy"));
        Refused(_folder.Path, "7.npy is in one of them only");
        Npy($"{labels}/7.npy", [1], new long[] { -3 });
        Refused(_folder.Path, "has the label -3");
        Npy($"{labels}/7.npy", [2], new long[] { 1, 1 });
        Refused(_folder.Path, "for 1 items");
        Npy($"{labels}/7.npy", [1], new long[] { 7 });
        Npy($"{items}/7.npy", [1, 2, 2, 2], new float[8]);
        Refused(_folder.Path, "all must be alike");
        File.WriteAllText(_folder.File($"{items}/7.npy"), "not npy");
        Refused(_folder.Path, "neither a safetensors file nor");
    }

    [Fact]
    public void Files_of_a_pair_of_folders_may_hold_several_items_the_last_fewer()
    {
        foreach ((int file, int first, int count) in ((int, int, int)[])[(0, 0, 3), (1, 3, 3), (2, 6, 2)])
        {
            _ = Directory.CreateDirectory(_folder.File("features"));
            _ = Directory.CreateDirectory(_folder.File("labels"));
            Npy($"features/{file}.npy", [count, 2, 3, 3], [.. Enumerable.Range(first, count).SelectMany(Item)]);
            Npy($"labels/{file}.npy", [count], Enumerable.Range(first, count).Select(i => (long)i).ToArray());
        }

        using ShardData data = ShardData.Open(_folder.Path, 1, null);
        Assert.Equal(8, data.Count);
        Assert.Equal(Enumerable.Range(0, 8), Labels(data, 0, 8).Order());
    }

    [Fact]
    public void One_pair_of_npy_files_and_eight_bit_images_are_read()
    {
        byte[] pixels = [.. Enumerable.Range(0, 2 * 12).Select(i => (byte)(i * 11))];
        NpyFile.Write(_folder.File("images.npy"), TensorType.U8, [2, 3, 2, 2], pixels, false);
        NpyFile.Write(_folder.File("labels.npy"), TensorType.U8, [2], [4, 9], false);
        using ShardData data = ShardData.Open(_folder.Path, 0, null);
        Assert.Equal((3, 2, 2L, 10), (data.Channels, data.Size, data.Count, data.Classes));
        float[] image = new float[12];
        for (int i = 0; i < 2; i++)
        {
            int row = data.Read(i, image) == 4 ? 0 : 1;
            Assert.Equal(pixels[(12 * row)..(12 * (row + 1))].Select(p => (p / 127.5f) - 1), image);
        }
    }

    [Fact]
    public void Half_precision_is_widened()
    {
        Half[] values = [.. Item(0).Select(v => (Half)v)];
        SafetensorsData.Write(
            _folder.File("a.safetensors"),
            [Tensor("latents", TensorType.F16, [1, 2, 3, 3], values), Tensor("labels", TensorType.I32, [1], new[] { 0 })], null, false);
        using ShardData data = ShardData.Open(_folder.File("a.safetensors"), 0, 1);
        float[] image = new float[Length];
        Assert.Equal(0, data.Read(3, image));
        Assert.Equal(values.Select(v => (float)v), image);
    }

    [Fact]
    public void What_does_not_fit_is_refused_in_one_line()
    {
        string path = _folder.File("a.safetensors");
        Write(Tensor("pictures", TensorType.F32, [1, 2, 3, 3], Item(0)), Tensor("labels", TensorType.I64, [1], new long[1]));
        Refused(path, "neither latents nor images");
        Write(Tensor("latents", TensorType.F32, [1, 2, 3, 3], Item(0)));
        Refused(path, "has no labels");
        Write(Tensor("latents", TensorType.F32, [1, 2, 9], Item(0)), Tensor("labels", TensorType.I64, [1], new long[1]));
        Refused(path, "latents F32 [1, 2, 9]");
        Write(Tensor("latents", TensorType.F32, [1, 1, 3, 6], Item(0)), Tensor("labels", TensorType.I64, [1], new long[1]));
        Refused(path, "[n, C, H, H]");
        Write(Tensor("latents", TensorType.F32, [1, 2, 3, 3], Item(0)), Tensor("labels", TensorType.F32, [1], new float[1]));
        Refused(path, "one integer per item");
        Write(Tensor("latents", TensorType.F32, [1, 2, 3, 3], [.. Item(0)[1..], float.NaN]), Tensor("labels", TensorType.I64, [1], new long[1]));
        Refused(path, "not finite");
        Write(Tensor("latents", TensorType.F32, [1, 2, 3, 3], Item(0)), Tensor("labels", TensorType.I64, [1], new long[] { 1L << 40 }));
        Refused(path, "has the label 1099511627776");
        Shard("a.safetensors", 0, 3);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^1]);
        Refused(path, "");

        Shard("a.safetensors", 0, 3);
        SafetensorsData.Write(
            _folder.File("b.safetensors"),
            [Tensor("latents", TensorType.F32, [1, 2, 2, 2], new float[8]), Tensor("labels", TensorType.I64, [1], new long[1])], null, false);
        Refused(_folder.Path, "has items 2x2x2, but those of");
        _ = Directory.CreateDirectory(_folder.File("empty"));
        Refused(_folder.File("empty"), "neither safetensors files nor npy pairs");
        Assert.Throws<FileNotFoundException>(() => ShardData.Open(_folder.File("missing"), 0, 1));

        void Write(params (TensorInfo, ReadOnlyMemory<byte>)[] tensors) => SafetensorsData.Write(path, tensors, null, overwrite: true);
    }

    public void Dispose() => _folder.Dispose();

    private static float[] Item(int label) => [.. Enumerable.Range(0, Length).Select(i => label + (i / 32f))];

    private static (TensorInfo Info, ReadOnlyMemory<byte> Elements) Tensor<T>(string name, TensorType type, long[] shape, T[] values)
        where T : unmanaged =>
        (new TensorInfo(name, type, shape), MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    private static int[] Labels(ShardData data, long start, int count)
    {
        float[] image = new float[Length];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++)
        {
            labels[i] = data.Read(start + i, image);
            Assert.Equal(Item(labels[i]), image);
        }

        return labels;
    }

    private static void Refused(string path, string reason)
    {
        MalformedFileException problem = Assert.Throws<MalformedFileException>(() =>
        {
            using ShardData data = ShardData.Open(path, 0, null);
            for (int i = 0; i < data.Count; i++)
            {
                _ = data.Read(i, new float[data.Channels * data.Size * data.Size]);
            }
        });
        Assert.Contains(reason, problem.Message, StringComparison.Ordinal);
        Assert.Contains("; ", problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', problem.Message);
    }

    private void Shard(string name, int firstLabel, int count) => SafetensorsData.Write(
        _folder.File(name),
        [
            Tensor("latents", TensorType.F32, [count, 2, 3, 3], [.. Enumerable.Range(firstLabel, count).SelectMany(Item)]),
            Tensor("labels", TensorType.I64, [count], Enumerable.Range(firstLabel, count).Select(i => (long)i).ToArray()),
        ],
        null,
        overwrite: true);

    private void Npy<T>(string name, long[] shape, T[] values)
        where T : unmanaged =>
        NpyFile.Write(
            _folder.File(name),
            typeof(T) == typeof(long) ? TensorType.I64 : TensorType.F32,
            shape,
            MemoryMarshal.AsBytes(values.AsSpan()),
            overwrite: true);
}
