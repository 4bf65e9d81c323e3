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
}
