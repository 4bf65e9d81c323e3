using L2c.Weights.Storage;

namespace L2c.Weights.Tests;

public class AtomicFileTests
{
    [Fact]
    public void The_file_appears_only_when_committed()
    {
        using TemporaryFolder folder = new();
        using AtomicFile file = new(folder.File("out.png"), overwrite: false);
        file.Stream.Write([1, 2, 3]);
        Assert.DoesNotContain("out.png", folder.Files);
        file.Commit();
        Assert.Equal([1, 2, 3], File.ReadAllBytes(folder.File("out.png")));
        Assert.Equal(["out.png"], folder.Files);
    }

    [Fact]
    public void An_exception_while_writing_leaves_nothing()
    {
        using TemporaryFolder folder = new();
        Assert.Throws<InvalidDataException>(() => AtomicFile.Write(folder.File("a"), overwrite: false, stream =>
        {
            stream.Write(new byte[100_000]);
            throw new InvalidDataException();
        }));
        Assert.Empty(folder.Files);
    }

    [Fact]
    public void An_existing_file_is_kept_unless_overwriting_is_asked_for()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a");
        File.WriteAllText(path, "old");
        IOException refusal = Assert.Throws<IOException>(() => AtomicFile.Write(path, overwrite: false, s => s.WriteByte(1)));
        Assert.Equal($"{path} exists; use --force to overwrite", refusal.Message);
        Assert.Equal("old", File.ReadAllText(path));

        AtomicFile.Write(path, overwrite: true, s => s.WriteByte(1));
        Assert.Equal([1], File.ReadAllBytes(path));
        Assert.Equal(["a"], folder.Files);
    }

    [Fact]
    public void A_file_that_appears_while_writing_is_not_clobbered()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a");
        using (AtomicFile file = new(path, overwrite: false))
        {
            File.WriteAllText(path, "the other writer's");
            Assert.Throws<IOException>(file.Commit);
        }

        Assert.Equal("the other writer's", File.ReadAllText(path));
        Assert.Equal(["a"], folder.Files);
    }

    [Fact]
    public async Task Of_many_concurrent_writers_one_wins_with_its_whole_file()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a");
        int won = 0;
        await Parallel.ForAsync(0, 32, TestContext.Current.CancellationToken, (i, _) =>
        {
            try
            {
                AtomicFile.Write(path, overwrite: false, s => s.Write(Enumerable.Repeat((byte)i, 10_000).ToArray()));
                Interlocked.Increment(ref won);
            }
            catch (IOException)
            {
                // The others must be told so, never silently replace the winner's.
            }

            return ValueTask.CompletedTask;
        });
        Assert.Equal(1, won);
        Assert.Single(File.ReadAllBytes(path).Distinct());
        Assert.Equal(["a"], folder.Files);
    }

    [Fact]
    public void A_directory_in_the_way_and_a_missing_directory_are_named()
    {
        using TemporaryFolder folder = new();
        Assert.Contains("is a directory", Assert.Throws<IOException>(() => new AtomicFile(folder.Path, overwrite: true)).Message);
        DirectoryNotFoundException refusal = Assert.Throws<DirectoryNotFoundException>(() => new AtomicFile(folder.File("no/a"), overwrite: true));
        Assert.Contains("create it first", refusal.Message);
    }

    [Fact]
    public async Task The_name_is_never_that_of_an_empty_file()
    {
        using TemporaryFolder folder = new();
        List<string> created = [];
        TaskCompletionSource end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using FileSystemWatcher watcher = new(folder.Path) { NotifyFilter = NotifyFilters.FileName };
        watcher.Created += (_, change) =>
        {
            created.Add(change.Name!);
            if (change.Name == "end")
            {
                end.SetResult();
            }
        };
        watcher.EnableRaisingEvents = true;
        AtomicFile.Write(folder.File("a"), overwrite: false, stream => stream.WriteByte(1));
        File.WriteAllText(folder.File("end"), "");
        await end.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain("a", created);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Nothing_is_written_through_a_link_or_over_it(bool dangling)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a"), elsewhere = folder.File("elsewhere");
        File.CreateSymbolicLink(path, elsewhere);
        if (!dangling)
        {
            File.WriteAllText(elsewhere, "precious");
        }

        foreach (bool overwrite in (bool[])[false, true])
        {
            IOException refusal = Assert.Throws<IOException>(() => AtomicFile.Write(path, overwrite, s => s.WriteByte(1)));
            Assert.StartsWith($"{path}: is a link", refusal.Message, StringComparison.Ordinal);
        }

        Assert.Equal(dangling ? ["a"] : ["a", "elsewhere"], folder.Files);
    }

    [Fact]
    public void A_link_that_appears_while_writing_is_not_replaced()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a");
        using (AtomicFile file = new(path, overwrite: true))
        {
            File.CreateSymbolicLink(path, folder.File("elsewhere"));
            Assert.Throws<IOException>(file.Commit);
        }

        Assert.Equal(["a"], folder.Files);
        Assert.NotNull(new FileInfo(path).LinkTarget);
    }

    [Fact]
    public void Leftovers_of_killed_writers_go_and_files_of_living_ones_stay()
    {
        using TemporaryFolder folder = new();
        string elsewhere = folder.File("elsewhere");
        File.WriteAllText(elsewhere, "precious");
        File.WriteAllText(folder.File(".l2c-abcdefgh.xyz.tmp"), "half a file");
        File.WriteAllText(folder.File(".abcdefgh.xyz.tmp"), "of another program");
        File.CreateSymbolicLink(folder.File(".l2c-aaaaaaaa.xyz.tmp"), elsewhere);
        Directory.CreateDirectory(folder.File(".l2c-bbbbbbbb.xyz.tmp"));
        using (AtomicFile living = new(folder.File("a"), overwrite: false))
        {
            living.Stream.WriteByte(7);
            AtomicFile.Probe(folder.File("b"), overwrite: false);
            living.Commit();
        }

        Assert.Equal([".abcdefgh.xyz.tmp", ".l2c-aaaaaaaa.xyz.tmp", ".l2c-bbbbbbbb.xyz.tmp", "a", "elsewhere"], folder.Files);
        Assert.Equal("precious", File.ReadAllText(elsewhere));
        Assert.Equal([7], File.ReadAllBytes(folder.File("a")));
    }

    [Fact]
    public async Task Writers_and_removers_of_leftovers_do_not_meet()
    {
        using TemporaryFolder folder = new();
        await Parallel.ForAsync(0, 200, TestContext.Current.CancellationToken, (i, _) =>
        {
            AtomicFile.Write(folder.File($"{i:000}"), overwrite: false, s => s.Write(new byte[100]));
            AtomicFile.RemoveLeftovers(folder.Path);
            return ValueTask.CompletedTask;
        });
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"{i:000}"), folder.Files);
    }

    [Fact]
    public void Errors_of_writing_name_the_file_that_was_asked_for()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "needs a device that is always full");
        using FileStream full = new("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        using NamedStream stream = new("out.png", full);
        IOException refusal = Assert.Throws<IOException>(() => stream.Write(new byte[10]));
        Assert.StartsWith("out.png: cannot be written: there is no room for it (No space left on device)", refusal.Message, StringComparison.Ordinal);
    }
}
