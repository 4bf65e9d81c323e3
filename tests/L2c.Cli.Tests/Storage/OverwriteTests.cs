using System.Diagnostics;
using L2c.Testing;

namespace L2c.Cli.Tests.Storage;

/// <summary>--force replaces regular files, and nothing else.</summary>
public sealed class OverwriteTests : IDisposable
{
    private readonly CachedRuns _runs = new();

    [Theory]
    [InlineData("link", "is a link")]
    [InlineData("dangling", "is a link")]
    [InlineData("pipe", "is a device, a pipe or a socket")]
    [InlineData("folder", "is a directory")]
    public void Force_replaces_regular_files_only(string kind, string message)
    {
        string elsewhere = _runs.Text("elsewhere", "precious");
        string model = TinyModel.Write(_runs.Cli.PathOf("model.safetensors"), TinyModel.Pixels);
        foreach (string name in (string[])["a.png", "states.safetensors", "schedule.json", "trace.json"])
        {
            Put(kind, name, elsewhere);
        }

        if (kind != "folder") // which would be one for numbered pictures
        {
            Fails("a.png", "sample", "--out", Path("a.png"));
        }

        Fails("states.safetensors", "sample", "--out", Path("b.png"), "--trajectory", Path("states.safetensors"));
        Fails("schedule.json", "sample", "--out", Path("b.png"), "--cache", "all", "--save-schedule", Path("schedule.json"));
        Fails("trace.json", "profile", "--trace", Path("trace.json"));
        Assert.False(File.Exists(Path("b.png"))); // refused before the work

        void Fails(string name, params string[] command) =>
            _runs.Cli.Run([.. command, "--ckpt", model, "--steps", "4", "--force"]).MustFail(1, $"{Path(name)}: {message}");
    }

    [Fact]
    public void A_file_that_a_link_leads_to_nowhere_is_not_created()
    {
        File.CreateSymbolicLink(Path("a.png"), Path("nowhere"));
        _runs.Sample("a.png").MustFail(1, "is a link");
        Assert.False(File.Exists(Path("nowhere")));
    }

    [Fact]
    public void The_next_run_removes_what_a_killed_one_has_left()
    {
        _runs.Text(".l2c-abcdefgh.xyz.tmp", "half a file");
        Assert.Equal(0, _runs.Sample("a.png").Code);
        Assert.DoesNotContain(_runs.Cli.Files(), name => name.EndsWith(".tmp", StringComparison.Ordinal));
    }

    public void Dispose() => _runs.Dispose();

    private string Path(string name) => _runs.Cli.PathOf(name);

    private void Put(string kind, string name, string elsewhere)
    {
        switch (kind)
        {
            case "link":
                File.CreateSymbolicLink(Path(name), elsewhere);
                break;
            case "dangling":
                File.CreateSymbolicLink(Path(name), Path("nowhere"));
                break;
            case "pipe":
                Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "makes a pipe with a name");
                using (Process process = Process.Start("mkfifo", [Path(name)]))
                {
                    process.WaitForExit();
                }

                break;
            default:
                Directory.CreateDirectory(Path(name));
                break;
        }
    }
}
