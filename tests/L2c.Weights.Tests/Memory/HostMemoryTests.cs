using L2c.Weights.Memory;

namespace L2c.Weights.Tests.Memory;

/// <summary>What is free, told by files of the system that the test writes.</summary>
public sealed class HostMemoryTests : IDisposable
{
    private const long Mebi = 1 << 20;

    private readonly TemporaryFolder _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Without_control_groups_it_is_what_the_machine_has_available()
    {
        Machine(700);
        Assert.Equal(new FreeMemory(700 * Mebi, "on this machine"), Host().Free());
    }

    [Fact]
    public void Of_version_2_every_group_above_limits_and_page_cache_is_free()
    {
        Machine(4000);
        Write("proc/self/cgroup", "0::/system.slice/job/part\n");
        Group("system.slice/job/part", ("memory.max", "max\n"), ("memory.current", Number(10)));
        Group(
            "system.slice/job",
            ("memory.max", Number(1000)),
            ("memory.current", Number(900)),
            ("memory.stat", $"anon {400 * Mebi}\nfile {500 * Mebi}\ninactive_file {300 * Mebi}\nactive_file {100 * Mebi}\n"));
        Group("system.slice", ("memory.max", Number(2000)), ("memory.current", Number(100)));
        FreeMemory free = Host().Free();
        Assert.Equal((500 * Mebi, "within the memory limit of this container"), (free.Bytes, free.Where));
    }

    [Fact]
    public void Of_version_1_too_and_no_limit_is_a_large_number()
    {
        Machine(4000);
        Write("proc/self/cgroup", "5:devices:/a\n4:cpu,memory:/a/b\n0::/\n");
        Group("memory/a/b", ("memory.limit_in_bytes", "9223372036854771712\n"), ("memory.usage_in_bytes", Number(1)));
        Assert.Equal("on this machine", Host().Free().Where);
        Group(
            "memory/a",
            ("memory.limit_in_bytes", Number(256)),
            ("memory.usage_in_bytes", Number(200)),
            ("memory.stat", $"inactive_file {Mebi}\ntotal_inactive_file {50 * Mebi}\ntotal_active_file {6 * Mebi}\n"));
        Assert.Equal(112 * Mebi, Host().Free().Bytes);
    }

    [Fact]
    public void In_a_container_the_group_is_where_the_root_is()
    {
        Machine(4000);
        Write("proc/self/cgroup", "0::/docker/0123456789abcdef\n");
        Group("", ("memory.max", Number(128)), ("memory.current", Number(140)));
        Assert.Equal(0, Host().Free().Bytes); // over its limit for a moment
        Group("", ("memory.max", Number(128)), ("memory.current", Number(28)));
        Assert.Equal(100 * Mebi, Host().Free().Bytes);
    }

    [Theory]
    [InlineData("1048576", 1)]
    [InlineData("1024K", 1)]
    [InlineData("3M", 3)]
    [InlineData("1.5 GiB", 1536)]
    [InlineData("2gb", 2048)]
    public void The_environment_may_say_it(string stated, long mebi)
    {
        Machine(4000);
        Assert.Equal(new FreeMemory(mebi * Mebi, "by L2C_MEMORY"), (Host() with { Stated = stated }).Free());
    }

    [Theory]
    [InlineData("much")]
    [InlineData("-1")]
    [InlineData("1Q")]
    [InlineData("1e9")]
    public void What_is_not_a_size_is_refused(string stated) => Assert.Equal(
        $"L2C_MEMORY={stated} is not a size; give a number of bytes, or one with K, M, G or T, such as 1500M",
        Assert.Throws<FormatException>(() => (Host() with { Stated = stated }).Free()).Message);

    [Fact]
    public void Arrays_are_also_limited_by_the_garbage_collector()
    {
        Machine(4000);
        Assert.Equal(0, (Host() with { HeapLimit = 1 }).FreeHeap().Bytes);
        HostMemory small = Host() with { HeapLimit = GC.GetTotalMemory(forceFullCollection: false) + (64 * Mebi) };
        Assert.InRange(small.FreeHeap().Bytes, 1, 80 * Mebi);
        Assert.True(new HostMemory().FreeHeap().Bytes > 64 * Mebi);
        small.Require("the test", Mebi);
        string message = Assert.Throws<InsufficientMemoryException>(() => small.Require("the test", 200 * Mebi)).Message;
        Assert.Matches(@"^the test needs 200\.0 MiB of memory, and [0-9.]+ MiB are free within the limit of the \.NET heap; free some memory$", message);
    }

    [Fact]
    public void This_machine_tells_something() => Assert.InRange(new HostMemory().Free().Bytes, 1, 1L << 50);

    private HostMemory Host() => new() { Root = _root.Path, HeapLimit = long.MaxValue };

    private void Machine(long mebi) => Write("proc/meminfo", $"MemTotal: 9 kB\nMemFree: 1 kB\nMemAvailable:   {mebi * 1024} kB\n");

    private void Group(string group, params (string Name, string Text)[] files) =>
        Array.ForEach(files, file => Write(System.IO.Path.Combine("sys/fs/cgroup", group, file.Name), file.Text));

    private static string Number(long mebi) => $"{mebi * Mebi}\n";

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(_root.File(name))!);
        File.WriteAllText(_root.File(name), text);
    }
}
