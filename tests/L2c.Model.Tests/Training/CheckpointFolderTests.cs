using L2c.Model.Training;
using L2c.Testing;

namespace L2c.Model.Tests.Training;

public sealed class CheckpointFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void The_newest_state_is_kept_and_found()
    {
        StateFolder checkpoints = new(_folder.Path);
        Assert.Null(checkpoints.FindLatest());
        Save(checkpoints, 9);
        Save(checkpoints, 10);
        Assert.Equal(["00000010.safetensors"], Names(checkpoints));
        Save(checkpoints, 100_000_000); // nine digits sort behind eight by number, not by name
        Save(checkpoints, 100_000_001);
        Assert.Equal("100000001.safetensors", Path.GetFileName(checkpoints.FindLatest()));
    }

    [Fact]
    public void The_older_state_stays_until_the_newer_is_complete()
    {
        StateFolder checkpoints = new(_folder.Path);
        Save(checkpoints, 1);
        Assert.Throws<IOException>(() => checkpoints.Save(2, _ => throw new IOException("the disk is full")));
        Assert.Equal(["00000001.safetensors"], Names(checkpoints));
    }

    [Fact]
    public void Other_files_are_no_states()
    {
        StateFolder checkpoints = new(_folder.Path);
        Save(checkpoints, 3);
        File.WriteAllText(Path.Combine(checkpoints.Path, "best.safetensors"), "");
        File.WriteAllText(Path.Combine(checkpoints.Path, ".abcdefgh.xyz.tmp"), "");
        Save(checkpoints, 4);
        Assert.Equal("00000004.safetensors", Path.GetFileName(checkpoints.FindLatest()));
        checkpoints.Clear();
        Assert.Equal([".abcdefgh.xyz.tmp", "best.safetensors"], Names(checkpoints));
    }

    [Fact]
    public void States_of_later_steps_are_removed()
    {
        StateFolder checkpoints = new(_folder.Path);
        Save(checkpoints, 12);
        Save(checkpoints, 9); // removes what is older only
        Assert.Equal(["00000009.safetensors", "00000012.safetensors"], Names(checkpoints));
        checkpoints.RemoveNewer(9);
        Assert.Equal(["00000009.safetensors"], Names(checkpoints));
    }

    public void Dispose() => _folder.Dispose();

    private static void Save(StateFolder checkpoints, int step) => checkpoints.Save(step, path => File.WriteAllText(path, ""));

    private static string[] Names(StateFolder checkpoints) =>
        [.. Directory.EnumerateFileSystemEntries(checkpoints.Path).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
