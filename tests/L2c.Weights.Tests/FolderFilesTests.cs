namespace L2c.Weights.Tests;

public sealed class FolderFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Files_and_folders_come_in_ordinal_order()
    {
        foreach (string name in (string[])["b", "B", "a.npy", "c.npy"])
        {
            File.WriteAllBytes(_folder.File(name), []);
        }

        Directory.CreateDirectory(_folder.File("z"));
        Directory.CreateDirectory(_folder.File("Z"));
        Assert.Equal(["B", "a.npy", "b", "c.npy"], FolderFiles.In(_folder.Path).Select(path => Path.GetFileName(path)));
        Assert.Equal(["a.npy", "c.npy"], FolderFiles.In(_folder.Path, "*.npy").Select(path => Path.GetFileName(path)));
        Assert.Equal(["Z", "z"], FolderFiles.FoldersIn(_folder.Path).Select(path => Path.GetFileName(path)));
    }

    [Fact]
    public void Links_are_followed_but_lead_around_no_circle_and_into_no_folder_twice()
    {
        Directory.CreateDirectory(_folder.File("start/deep"));
        Directory.CreateDirectory(_folder.File("other"));
        File.WriteAllBytes(_folder.File("start/a"), []);
        File.WriteAllBytes(_folder.File("start/deep/b"), []);
        File.WriteAllBytes(_folder.File("other/c"), []);
        File.CreateSymbolicLink(_folder.File("start/here"), ".");
        File.CreateSymbolicLink(_folder.File("start/deep/up"), "../..");
        File.CreateSymbolicLink(_folder.File("start/deep/again"), "../deep");
        File.CreateSymbolicLink(_folder.File("start/other"), "../other");
        File.CreateSymbolicLink(_folder.File("start/twice"), "../other");
        File.CreateSymbolicLink(_folder.File("other/back"), "../start");

        string[] found = [.. FolderFiles.Below(_folder.File("start")).Select(path => Path.GetFileName(path)).Order()];
        Assert.Equal(["a", "b", "c"], found);
    }

    [Fact]
    public void A_walk_stops_at_the_next_name_when_it_is_cancelled()
    {
        for (int i = 0; i < 10; i++)
        {
            File.WriteAllBytes(_folder.File($"{i}"), []);
        }

        using CancellationTokenSource cancel = new();
        int seen = 0;
        Assert.Throws<OperationCanceledException>(() =>
        {
            foreach (string unused in FolderFiles.Below(_folder.Path, cancel.Token))
            {
                if (++seen == 3)
                {
                    cancel.Cancel();
                }
            }
        });
        Assert.Equal(3, seen);
        Assert.Throws<OperationCanceledException>(() => FolderFiles.In(_folder.Path, cancel: cancel.Token));
        Assert.Throws<OperationCanceledException>(() => FolderFiles.FoldersIn(_folder.Path, cancel: cancel.Token));
    }

    public void Dispose() => _folder.Dispose();
}
