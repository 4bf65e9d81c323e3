using System.Diagnostics;
using L2c.Cli.Output;
using L2c.Weights.Safetensors;

namespace L2c.Cli.Tests.Storage;

/// <summary>Run folders from strangers, and runs that were killed or ran out of room: nothing elsewhere changes, and every run goes on.</summary>
public sealed class RunFolderTests : IDisposable
{
    private readonly CliRunner _cli = new();

    public static TheoryData<string> Entries => ["log.csv", "log.jsonl", "loss.png", "model.safetensors", ".lock"];

    [Theory]
    [MemberData(nameof(Entries))]
    public void A_link_in_a_run_folder_is_refused_by_name_and_leads_nowhere(string name)
    {
        Assert.Equal(0, Train("--max-steps", "4").Code);
        string elsewhere = Precious(), link = _cli.PathOf("run/" + name);
        File.Delete(link);
        File.CreateSymbolicLink(link, elsewhere);
        Train("--resume-from-checkpoint", "latest").MustFail(1, $"{link}: is a link");
        Train("--force").MustFail(1, $"{link}: is a link");
        Assert.Equal("precious", File.ReadAllText(elsewhere));
        Assert.Equal(["00000004.safetensors"], _cli.Files("run/checkpoints")); // what cannot begin destroys nothing

        File.Delete(elsewhere);
        Train("--force").MustFail(1, $"{link}: is a link");
        Assert.False(File.Exists(elsewhere));
    }

    [Theory]
    [InlineData("log.csv")]
    [InlineData("log.jsonl")]
    [InlineData(".lock")]
    public void A_log_that_has_another_name_too_is_not_changed_behind_it(string name)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a file's names are counted on Linux");
        Assert.Equal(0, Train("--max-steps", "4").Code);
        string elsewhere = Precious(), log = _cli.PathOf("run/" + name);
        File.Delete(log);
        using (Process process = Process.Start("ln", [elsewhere, log]))
        {
            process.WaitForExit();
        }

        Train("--force").MustFail(1, $"{log}: is a hard link");
        Assert.Equal("precious", File.ReadAllText(elsewhere));
    }

    [Theory]
    [InlineData("checkpoints")]
    [InlineData("tensorboard")]
    public void Nothing_is_deleted_behind_a_linked_folder(string name)
    {
        Assert.Equal(0, Train("--max-steps", "4").Code);
        string elsewhere = _cli.PathOf("elsewhere"), folder = _cli.PathOf("run/" + name);
        Directory.Move(folder, elsewhere);
        Directory.CreateSymbolicLink(folder, elsewhere);
        string[] before = _cli.Files("elsewhere");
        Train("--force").MustFail(1, $"{folder}: is a link");
        Assert.Equal(before, _cli.Files("elsewhere"));
    }

    [Fact]
    public void Force_deletes_the_states_of_this_program_and_keeps_what_has_their_names()
    {
        Assert.Equal(0, Train("--max-steps", "4").Code);
        string weights = _cli.PathOf("run/checkpoints/00000900.safetensors");
        SafetensorsData.Write(weights, [("weights", [1], new float[1])], null, overwrite: false);
        byte[] before = File.ReadAllBytes(weights);
        Assert.Equal(0, Train("--force").Code);
        Assert.Equal(["00000009.safetensors", "00000900.safetensors.aside-1"], _cli.Files("run/checkpoints"));
        Assert.Equal(before, File.ReadAllBytes(weights + ".aside-1"));
    }

    [Fact]
    public void A_log_without_an_end_of_line_is_kept()
    {
        Assert.Equal(0, Train("--max-steps", "4").Code);
        File.WriteAllText(_cli.PathOf("run/log.jsonl"), "notes of mine");
        Assert.Equal(0, Train("--resume-from-checkpoint", "latest").Code);
        Assert.Equal("notes of mine", File.ReadAllText(_cli.PathOf("run/log.jsonl.aside-1")));
    }

    [Fact]
    public void Logs_and_pictures_of_others_are_not_written_over_without_force()
    {
        Directory.CreateDirectory(_cli.PathOf("run"));
        foreach (string name in (string[])["log.csv", "loss.png"])
        {
            string path = _cli.PathOf("run/" + name);
            File.WriteAllText(path, "precious");
            Train().MustFail(1, $"{path} exists");
            Assert.Equal("precious", File.ReadAllText(path));
            Assert.Equal(0, Train("--resume-from-checkpoint", "latest", "--max-steps", "1").Code);
            Assert.Equal("precious", File.ReadAllText(path + ".aside-1"));
            Directory.Delete(_cli.PathOf("run"), recursive: true);
            Directory.CreateDirectory(_cli.PathOf("run"));
        }
    }

    [Theory]
    [InlineData("checkpoints/00000004.safetensors")]
    [InlineData("model.safetensors")]
    public void A_run_that_ended_between_its_first_files_goes_on(string name)
    {
        Assert.Equal(0, _cli.Run(TrainingRuns.Model(_cli.PathOf("whole"))).Code);

        // A folder is in the way of the file, once the run has begun.
        string blocked = _cli.PathOf("run/" + name);
        using (ActAfter error = new("step 1 of 9", () => Directory.CreateDirectory(blocked)))
        {
            Terminal terminal = new(TextWriter.Null, error, Interactive: true, CancellationToken.None);
            Assert.Equal(1, Program.Run(TrainingRuns.Model(_cli.PathOf("run")), terminal, EmulatedCuda.Missing));
            Assert.Contains($"{blocked}: is a directory", error.ToString(), StringComparison.Ordinal);
        }

        Directory.Delete(blocked);
        Assert.Equal(0, Train("--resume-from-checkpoint", "latest").Code);
        TrainingRuns.AssertSameFiles(_cli.PathOf("whole"), _cli.PathOf("run"));
    }

    public void Dispose() => _cli.Dispose();

    private string Precious()
    {
        File.WriteAllText(_cli.PathOf("elsewhere"), "precious");
        return _cli.PathOf("elsewhere");
    }

    private CliResult Train(params string[] more) => _cli.Run(TrainingRuns.Model(_cli.PathOf("run"), ["--no-progress", .. more]));
}
