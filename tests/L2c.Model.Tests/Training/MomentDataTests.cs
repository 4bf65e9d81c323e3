using System.Runtime.InteropServices;
using L2c.Model.Randomness;
using L2c.Model.Training.Data;
using L2c.Testing;
using L2c.Weights;
using L2c.Weights.Safetensors;

namespace L2c.Model.Tests.Training;

/// <summary>Moments as training data: each reading draws a latent, and what it draws depends on seed and position alone.</summary>
public sealed class MomentDataTests : IDisposable
{
    private const int Channels = 2, Side = 3, Length = Channels * Side * Side;
    private const double Scale = 0.25;

    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(TensorType.F32)]
    [InlineData(TensorType.F16)]
    public void A_latent_is_mean_and_deviation_times_noise_as_published(TensorType type)
    {
        float[] stored = Shard("a.safetensors", [2, 0, 1], 2, type);
        using ShardData data = Open();
        Assert.Equal((Channels, Side, 3L, 3), (data.Channels, data.Size, data.Count, data.Classes));
        float[] latent = new float[Length];
        HashSet<int> views = [];
        for (long position = 0; position < 40; position++)
        {
            int row = Array.IndexOf([2, 0, 1], data.Read(position, latent));
            int[] fitting = [.. Enumerable.Range(0, 2).Where(view => Distance(stored, row, view, position, latent) < 1e-6)];
            views.Add(Assert.Single(fitting)); // the other view's latent lies far away
        }

        Assert.Equal(2, views.Count);
    }

    [Fact]
    public void Views_are_drawn_as_often_as_each_other_and_noise_is_new_at_every_position()
    {
        Shard("a.safetensors", [0], 2, TensorType.F32);
        MomentDraws draws = new(9, Scale);
        int mirrored = Enumerable.Range(0, 10_000).Sum(position => draws.View(position, 2));
        Assert.InRange(mirrored, 4_800, 5_200); // four deviations
        Assert.All(Enumerable.Range(0, 100), position => Assert.Equal(0, draws.View(position, 1)));

        using ShardData data = Open();
        float[][] latents = [.. Enumerable.Range(0, 50).Select(position => Read(data, position))];
        Assert.Equal(50, latents.DistinctBy(latent => latent[0]).Count());
        Assert.NotEqual(Read(data, 1), Read(data, 1 + (1L << 32)));
    }

    [Fact]
    public void What_is_read_does_not_depend_on_what_was_read_before_or_beside_it()
    {
        Shard("a.safetensors", [0, 1, 2, 3], 2, TensorType.F32);
        Shard("b.safetensors", [4], 2, TensorType.F32);
        float[][] inOrder = new float[60][], together = new float[60][];
        using (ShardData data = Open())
        {
            for (int i = 0; i < inOrder.Length; i++)
            {
                inOrder[i] = Read(data, i);
            }
        }

        using (ShardData data = Open())
        {
            Parallel.For(0, together.Length, i => together[together.Length - 1 - i] = Read(data, together.Length - 1 - i));
        }

        Assert.Equal(inOrder, together);
        using ShardData other = ShardData.Open(_folder.Path, 10, null, Scale);
        Assert.NotEqual(inOrder[0], Read(other, 0));
    }

    [Theory]
    [InlineData(-40, -30)]
    [InlineData(25, 20)]
    public void Logarithms_of_variances_are_clamped_as_published(float stored, double clamped)
    {
        float[] moments = [.. new float[Length], .. Enumerable.Repeat(stored, Length)], latent = new float[Length], noise = new float[Length];
        MomentDraws draws = new(4, 1);
        draws.Draw(7, moments, latent);
        CounterNoise.Fill(4, 7, 0, 0x4D4F_4D45, noise);
        for (int i = 0; i < Length; i++)
        {
            double expected = Math.Exp(clamped / 2) * noise[i];
            Assert.Equal(expected, latent[i], Math.Abs(expected) * 1e-6);
        }
    }

    [Fact]
    public void A_network_of_another_latent_shape_or_a_damaged_set_is_told_in_one_line()
    {
        Shard("a.safetensors", [0, 1], 2, TensorType.F32);
        Shard("b.safetensors", [0], 1, TensorType.F32);
        Refused("has items 1 view of moments 4x3x3, but those of ");
        File.Delete(_folder.File("b.safetensors"));
        Write("b.safetensors", TensorType.F32, [1, 2, 3, 3, 3], new float[54], [0]); // means without variances
        Refused("moments F32 [1, 2, 3, 3, 3]; ");
        Write("b.safetensors", TensorType.F32, [1, 3, 4, 3, 3], new float[108], [0]);
        Refused("moments F32 [1, 3, 4, 3, 3]; ");
        Write("b.safetensors", TensorType.F32, [1, 4, 3, 3], new float[36], [0]);
        Refused("moments F32 [1, 4, 3, 3]; ");
        File.Delete(_folder.File("b.safetensors"));

        Index(isComplete: false, images: 2);
        Refused("has 2 images and is not complete; let l2c encode come to its end");
        Index(isComplete: true, images: 3);
        Refused("has 3 images in its shards, but the files beside it have 2; ");
        string index = File.ReadAllText(_folder.File(LatentIndex.FileName));
        foreach ((string part, string damaged) in ((string, string)[])[
            ("l2c-latents/1", "l2c-latents/2"), ("\"next\": 3", "\"next\": 4"), ("\"first\": 0", "\"first\": -1"),
            ("\"images\": 3", "\"images\": 2147483647"), ("\"sources\": \"\",", ""), ("\"skipped\": []", "\"skipped\": [null]"),
            ("\"classes\": []", "\"classes\": [null]"), ("[\n    {", "[\n    null, {"), (index, "{}")])
        {
            Assert.Contains(part, index, StringComparison.Ordinal);
            File.WriteAllText(_folder.File(LatentIndex.FileName), index.Replace(part, damaged, StringComparison.Ordinal));
            Refused("is not an index of latents as this version writes it");
        }
    }

    [Fact]
    public void The_index_names_the_classes()
    {
        Shard("a.safetensors", [0, 1], 2, TensorType.F32);
        Index(isComplete: true, images: 2, "cat", "dog", "owl");
        using (ShardData data = Open())
        {
            Assert.Equal(3, data.Classes);
            Assert.Equal(["cat", "dog", "owl"], data.ClassNames);
        }

        using ShardData given = ShardData.Open(_folder.Path, 9, 5, Scale);
        Assert.Equal(5, given.Classes);
        Assert.Empty(given.ClassNames);
    }

    public void Dispose() => _folder.Dispose();

    private ShardData Open() => ShardData.Open(_folder.Path, 9, null, Scale);

    private static float[] Read(ShardData data, long position)
    {
        float[] latent = new float[Length];
        _ = data.Read(position, latent);
        return latent;
    }

    /// <summary>The largest difference to the formula in double precision.</summary>
    private static double Distance(float[] stored, int row, int view, long position, float[] latent)
    {
        float[] noise = new float[Length];
        CounterNoise.Fill(9, (uint)position, (uint)(position >> 32), 0x4D4F_4D45, noise);
        ReadOnlySpan<float> moments = stored.AsSpan(((row * 2) + view) * 2 * Length, 2 * Length);
        double worst = 0;
        for (int i = 0; i < Length; i++)
        {
            double expected = Scale * (moments[i] + (Math.Exp(moments[Length + i] / 2.0) * noise[i]));
            worst = Math.Max(worst, Math.Abs(expected - latent[i]));
        }

        return worst;
    }

    private void Refused(string reason)
    {
        MalformedFileException problem = Assert.Throws<MalformedFileException>(() => Open().Dispose());
        Assert.Contains(reason, problem.Message, StringComparison.Ordinal);
        Assert.Contains("; ", problem.Message, StringComparison.Ordinal);
    }

    private void Index(bool isComplete, int images, params string[] classes) => new LatentIndex
    {
        Format = LatentIndex.CurrentFormat,
        Settings = new LatentSettings("", 24, 2, "F32", 4, "cpu"),
        Classes = classes,
        Shards = [new LatentShard("a.safetensors", 0, images, images, [], "", "")],
        IsComplete = isComplete,
    }.Write(_folder.Path);

    /// <summary>Writes a shard and returns its values as they are stored.</summary>
    private float[] Shard(string name, int[] labels, int views, TensorType type)
    {
        float[] values = [.. RandomData.Normal(labels.Length, labels.Length * views * 2 * Length)];
        return Write(name, type, [labels.Length, views, 2 * Channels, Side, Side], values, labels);
    }

    private float[] Write(string name, TensorType type, long[] shape, float[] values, int[] labels)
    {
        Half[] halves = [.. values.Select(value => (Half)value)];
        byte[] bytes = type == TensorType.F32 ? MemoryMarshal.AsBytes(values.AsSpan()).ToArray() : MemoryMarshal.AsBytes(halves.AsSpan()).ToArray();
        SafetensorsData.Write(
            _folder.File(name),
            [
                (new TensorInfo("moments", type, shape), bytes),
                (new TensorInfo("labels", TensorType.I32, [labels.Length]), MemoryMarshal.AsBytes(labels.AsSpan()).ToArray()),
            ],
            null,
            overwrite: true);
        return type == TensorType.F32 ? values : [.. halves.Select(value => (float)value)];
    }
}
