using L2c.Kernels.Cuda;

namespace L2c.Kernels.Tests.Cuda.Matmul;

public sealed class MatmulCacheTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("l2c-matmul-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void All_bytes_come_back_and_no_temporary_file_stays()
    {
        MatmulCache cache = Cache();
        cache.Put("a shape", Entry(5, true));
        cache.Put("another", Entry(6, false));
        Assert.Null(cache.Save());

        MatmulCache again = Cache();
        Assert.Equal(2, again.Count);
        Assert.True(again.TryGet("a shape", out MatmulCacheEntry entry));
        Assert.Equal(Entry(5, true), entry);
        Assert.True(again.TryGet("another", out entry));
        Assert.Equal(Entry(6, false), entry);
        Assert.Equal("matmul-NVIDIA-H200-130002.txt", Path.GetFileName(Assert.Single(Directory.GetFiles(_folder))));
    }

    [Fact]
    public void Nothing_new_is_not_written()
    {
        Assert.Null(Cache().Save());
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Theory]
    [InlineData("tuned\t", "fast\t")] // an unknown word
    [InlineData("\t0500", "\t05")] // a byte less
    [InlineData("\t0500", "\tg500")] // not hexadecimal
    [InlineData("algorithms 1", "algorithms 2")] // another format
    [InlineData("NVIDIA H200", "NVIDIA.H200")] // another device whose file has the same name
    [InlineData("\n130002\n", "\n130001\n")] // another library
    [InlineData("\ta shape\n", "\ta shape")] // cut off
    [InlineData("\ta shape", "")] // a field less
    public void A_malformed_or_foreign_file_counts_as_empty_and_is_rewritten(string old, string changed)
    {
        MatmulCache cache = Cache();
        cache.Put("a shape", Entry(5, true));
        cache.Save();
        string text = File.ReadAllText(cache.File);
        Assert.Contains(old, text, StringComparison.Ordinal);
        File.WriteAllText(cache.File, text.Replace(old, changed, StringComparison.Ordinal));

        MatmulCache damaged = Cache();
        Assert.Equal(0, damaged.Count);
        damaged.Put("a shape", Entry(5, true));
        Assert.Null(damaged.Save());
        Assert.Equal(text, File.ReadAllText(damaged.File));
    }

    [Fact]
    public void Arbitrary_bytes_are_never_fatal()
    {
        Random random = new(7);
        for (int i = 0; i < 50; i++)
        {
            byte[] noise = new byte[random.Next(200)];
            random.NextBytes(noise);
            File.WriteAllBytes(Cache().File, noise);
            Assert.Equal(0, Cache().Count);
        }

        using (FileStream file = File.Create(Cache().File))
        {
            file.SetLength(1L << 33); // sparse: must be refused by its length, not read
        }

        Assert.Equal(0, Cache().Count);
    }

    [Fact]
    public void Two_processes_keep_both_choices_and_the_tuned_one_of_two()
    {
        MatmulCache mine = Cache(), theirs = Cache();
        mine.Put("mine", Entry(1, false));
        mine.Put("both", Entry(2, false));
        theirs.Put("theirs", Entry(3, false));
        theirs.Put("both", Entry(4, true));
        theirs.Save();
        mine.Save();

        MatmulCache all = Cache();
        Assert.Equal(3, all.Count);
        Assert.True(all.TryGet("both", out MatmulCacheEntry entry));
        Assert.Equal(Entry(4, true), entry);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_reported_and_not_thrown()
    {
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        MatmulCache cache = new(Path.Combine(file, "below"), "Fake A", 1);
        cache.Put("a shape", Entry(1, false));
        string? problem = cache.Save();
        Assert.NotNull(problem);
        Assert.StartsWith($"{cache.File}: cannot be written (", problem, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', problem);
        Assert.NotNull(cache.Save()); // still not kept
    }

    [Theory]
    [InlineData("/own", "/xdg", "/home/u", "/own")]
    [InlineData("", "/xdg", "/home/u", "/xdg/l2c")]
    [InlineData(null, "relative", "/home/u", "/home/u/.cache/l2c")]
    [InlineData(null, null, "/home/u", "/home/u/.cache/l2c")]
    [InlineData(null, null, "", null)]
    public void The_folder_follows_the_environment(string? own, string? xdg, string home, string? folder)
    {
        Assert.SkipUnless(Path.DirectorySeparatorChar == '/', "paths as Unix writes them");
        Assert.Equal(folder, DiskCache.FolderOf(name => name == "L2C_CACHE" ? own : name == "XDG_CACHE_HOME" ? xdg : null, home));
    }

    private static MatmulCacheEntry Entry(int id, bool tuned) => new(new FakeAlgorithm(id, 1, 0).Result().algo, tuned);

    private MatmulCache Cache() => new(_folder, "NVIDIA H200", 130002);
}
