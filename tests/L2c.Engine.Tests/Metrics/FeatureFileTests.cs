using L2c.Testing;
using L2c.Weights;

namespace L2c.Engine.Tests.Metrics;

public sealed class FeatureFileTests : IDisposable
{
    private const int Length = 5, Rows = 70;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Rows_come_back_up_to_the_first_that_is_damaged()
    {
        float[] rows = RandomData.Normal(1, Rows * Length);
        using (FeatureFile file = new(_folder.Path, "content", Length, Rows, Nothing))
        {
            Assert.Equal(0, file.Count);
            file.Append(rows.AsSpan(0, 66 * Length));
            file.Append(rows.AsSpan(66 * Length));
        }

        Assert.Equal(rows, Replay(Rows));
        Assert.Equal(rows[..(3 * Length)], Replay(3)); // and the others are gone: they would not be of this set
        Assert.Equal(rows[..(3 * Length)], Replay(Rows));
        string path = Assert.Single(Directory.GetFiles(_folder.Path));
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^20] ^= 1; // of the last row
        File.WriteAllBytes(path, bytes);
        Assert.Equal(rows[..(2 * Length)], Replay(Rows));
        File.WriteAllBytes(path, bytes[..20]);
        Assert.Empty(Replay(Rows));
    }

    [Fact]
    public void Rows_that_were_exchanged_are_damaged()
    {
        float[] rows = RandomData.Normal(1, 2 * Length);
        using (FeatureFile file = new(_folder.Path, "content", Length, Rows, Nothing))
        {
            file.Append(rows);
        }

        const int Record = (Length * sizeof(float)) + sizeof(ulong);
        string path = Assert.Single(Directory.GetFiles(_folder.Path));
        byte[] bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, [.. bytes[..^(2 * Record)], .. bytes[^Record..], .. bytes[^(2 * Record)..^Record]]);
        Assert.Empty(Replay(Rows));
    }

    [Fact]
    public void Other_content_is_another_file_and_a_foreign_one_is_left_alone()
    {
        new FeatureFile(_folder.Path, "content", Length, Rows, Nothing).Dispose();
        new FeatureFile(_folder.Path, "other", Length, Rows, Nothing).Dispose();
        string[] paths = Directory.GetFiles(_folder.Path);
        Assert.Equal(2, paths.Length);
        string foreign = new('x', 200);
        Assert.All(paths, path => File.WriteAllText(path, foreign));
        Assert.Throws<MalformedFileException>(() => new FeatureFile(_folder.Path, "content", Length, Rows, Nothing));
        Assert.All(paths, path => Assert.Equal(foreign, File.ReadAllText(path)));
    }

    public void Dispose() => _folder.Dispose();

    private static void Nothing(ReadOnlySpan<float> row)
    {
    }

    private List<float> Replay(int most)
    {
        List<float> replayed = [];
        using FeatureFile file = new(_folder.Path, "content", Length, most, row => replayed.AddRange(row));
        Assert.Equal(replayed.Count / Length, file.Count);
        return replayed;
    }
}
