using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class CacheSizesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Linux_says_how_large_they_are_and_who_shares_them()
    {
        Write(0, 1, "Data", "48K", "0-1");
        Write(1, 1, "Instruction", "32K", "0-1");
        Write(2, 2, "Unified", "2M", "0-1,4,6-7");
        Write(3, 3, "Unified", "32768K", "0-15");
        Assert.Equal(((2L << 20) / 5, 32L << 20), CacheSizes.Read(_folder.Path));
    }

    [Fact]
    public void A_machine_without_a_third_cache_ends_with_the_second()
    {
        Write(0, 1, "Data", "64K", "0");
        Write(1, 2, "Unified", "12288K", "0-3");
        Assert.Equal((3L << 20, 12L << 20), CacheSizes.Read(_folder.Path));
    }

    [Theory]
    [InlineData("", "0")]
    [InlineData("large", "0")]
    [InlineData("0K", "0")]
    [InlineData("-1K", "0")]
    public void What_cannot_be_read_is_assumed(string size, string shared)
    {
        (long second, long last) = CacheSizes.Read(_folder.File("none"));
        Assert.True(second > 0 && last >= second);
        Write(0, 2, "Unified", size, shared);
        Assert.Equal((second, last), CacheSizes.Read(_folder.Path));
    }

    [Fact]
    public void A_folder_that_cannot_be_listed_is_as_good_as_none()
    {
        string file = _folder.File("cache");
        File.WriteAllText(file, "");
        Assert.ThrowsAny<IOException>(() => Directory.GetDirectories(file));
        Assert.Equal(CacheSizes.Read(_folder.File("none")), CacheSizes.Read(file));
    }

    [Theory]
    [InlineData("")]
    [InlineData("all")]
    public void A_cache_whose_sharers_are_not_told_belongs_to_one(string shared)
    {
        Write(0, 2, "Unified", "256K", shared);
        Assert.Equal((256L << 10, 256L << 10), CacheSizes.Read(_folder.Path));
    }

    [Fact]
    public void This_machines_can_be_used()
    {
        Assert.InRange(CacheSizes.Second, 1 << 10, 1L << 40);
        Assert.InRange(CacheSizes.Last, 1 << 10, 1L << 40);
    }

    private void Write(int index, int level, string type, string size, string shared)
    {
        string folder = Directory.CreateDirectory(_folder.File($"index{index}")).FullName;
        (string, string)[] files = [("level", $"{level}\n"), ("type", type + "\n"), ("size", size + "\n"), ("shared_cpu_list", shared + "\n")];
        Array.ForEach(files, file => File.WriteAllText(Path.Combine(folder, file.Item1), file.Item2));
    }
}
