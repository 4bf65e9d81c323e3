using L2c.Model.Training;
using L2c.Testing;
using L2c.Weights.Safetensors;

namespace L2c.Model.Tests.Training;

public sealed class CheckpointFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _remarks = [];

    [Fact]
    public void The_newest_state_is_kept_and_found()
    {
        StateFolder checkpoints = new(_folder.Path, _remarks.Add);
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
        StateFolder checkpoints = new(_folder.Path, _remarks.Add);
        Save(checkpoints, 1);
        Assert.Throws<IOException>(() => checkpoints.Save(2, _ => throw new IOException("the disk is full")));
        Assert.Equal(["00000001.safetensors"], Names(checkpoints));
    }

    [Fact]
    public void Other_files_are_no_states()
    {
        StateFolder checkpoints = new(_folder.Path, _remarks.Add);
        Save(checkpoints, 3);
        File.WriteAllText(Path.Combine(checkpoints.Path, "best.safetensors"), "");
        File.WriteAllText(Path.Combine(checkpoints.Path, ".abcdefgh.xyz.tmp"), "");
        Save(checkpoints, 4);
        Assert.Equal("00000004.safetensors", Path.GetFileName(checkpoints.FindLatest()));
        checkpoints.Clear();
        Assert.Equal([".abcdefgh.xyz.tmp", "best.safetensors"], Names(checkpoints));
    }

    [Theory]
    [InlineData("text")]
    [InlineData("tensors")]
    [InlineData("link")]
    public void What_has_the_name_of_a_state_and_is_none_is_kept(string kind)
    {
        StateFolder checkpoints = new(_folder.Path, _remarks.Add);
        Save(checkpoints, 3);
        string foreign = Path.Combine(checkpoints.Path, "00000002.safetensors"), elsewhere = _folder.File("elsewhere.safetensors");
        WriteState(elsewhere);
        switch (kind)
        {
            case "text":
                File.WriteAllText(foreign, "precious");
                break;
            case "tensors":
                SafetensorsData.Write(foreign, [("weights", [1], new float[1])], null, overwrite: false);
                break;
            default:
                File.CreateSymbolicLink(foreign, elsewhere);
                break;
        }

        Save(checkpoints, 4);
        Assert.Equal(["00000002.safetensors", "00000004.safetensors"], Names(checkpoints));
        Assert.Empty(_remarks);
        checkpoints.Clear();
        Assert.Equal(["00000002.safetensors.aside-1"], Names(checkpoints));
        Assert.Null(checkpoints.FindLatest());
        Assert.Contains("00000002.safetensors", Assert.Single(_remarks), StringComparison.Ordinal);
        Assert.True(File.Exists(elsewhere));
    }

    [Fact]
    public void States_behind_a_link_are_left_alone()
    {
        StateFolder other = new(_folder.File("other"), _remarks.Add), checkpoints = new(_folder.File("run"), _remarks.Add);
        Save(other, 3);
        Directory.CreateDirectory(_folder.File("run"));
        File.CreateSymbolicLink(checkpoints.Path, other.Path);
        Assert.Contains("is a link", Assert.Throws<IOException>(checkpoints.Clear).Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => checkpoints.KeepOnly(1));
        Assert.Throws<IOException>(() => Save(checkpoints, 5));
        Assert.Equal(["00000003.safetensors"], Names(other));
    }

    [Fact]
    public void States_of_other_steps_are_removed()
    {
        StateFolder checkpoints = new(_folder.Path, _remarks.Add);
        Save(checkpoints, 12);
        Save(checkpoints, 9); // removes what is older only
        WriteState(Path.Combine(checkpoints.Path, "00000004.safetensors")); // killed before it was removed
        Assert.Equal(["00000004.safetensors", "00000009.safetensors", "00000012.safetensors"], Names(checkpoints));
        checkpoints.KeepOnly(9);
        Assert.Equal(["00000009.safetensors"], Names(checkpoints));
    }

    public void Dispose() => _folder.Dispose();

    private static void Save(StateFolder checkpoints, int step) => checkpoints.Save(step, WriteState);

    private static void WriteState(string path) => TrainingState.Write(path, "test/1", 1, 0, new TrainingSettings(), []);

    private static string[] Names(StateFolder checkpoints) =>
        [.. Directory.EnumerateFileSystemEntries(checkpoints.Path).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
