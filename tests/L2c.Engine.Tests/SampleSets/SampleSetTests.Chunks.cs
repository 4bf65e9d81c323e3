using L2c.Testing;
using L2c.Weights;

namespace L2c.Engine.Tests.SampleSets;

public sealed partial class SampleSetTests
{
    [Fact]
    public void Chunks_of_ranks_are_joined_by_the_process_that_writes_the_file()
    {
        Run(Request("a.npz.parts") with { Rank = 0, Ranks = 2 });
        Run(Request("a.npz.parts") with { Rank = 1, Ranks = 2 });
        List<WorkProgress> told = [];
        Assert.True(Run(Request("a.npz"), progress: new Reports { Then = told.Add }).IsFinished);
        Assert.All(told, step => Assert.Equal("joining 2 chunks", step.Work));
        Assert.False(Directory.Exists(_folder.File("a.npz.parts")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_task_that_was_killed_when_the_file_had_its_name_only_tidies_up(bool deletes)
    {
        Run(Request("a.npz.parts") with { Rank = 0, Ranks = 1 });
        string parts = _folder.File("a.npz.parts");
        SampleSetResult file = SampleSetGathering.Run(parts, _folder.File("a.npz"), cancel: TestContext.Current.CancellationToken);
        if (deletes)
        {
            SampleSetFolder.Delete(parts);
        }

        // Another set is not the one that was joined.
        SampleSetRequest other = Request("a.npz") with { Sample = Sample() with { Seed = 9 } };
        Assert.Contains("exists", Assert.Throws<IOException>(() => Run(other)).Message);
        SampleSetResult again = Run(Request("a.npz"));
        Assert.Equal((true, file.Sha256), (again.IsFinished, again.Sha256));
        Assert.False(Directory.Exists(parts));
        Assert.Equal(file.Sha256, Run(Request("a.npz")).Sha256); // there is nothing to do
        Assert.NotEqual(file.Sha256, Run(other with { Overwrite = true }).Sha256);
    }

    [Fact]
    public void Chunks_of_another_set_and_foreign_files_beside_a_finished_file_stay()
    {
        string hash = Run(Request("a.npz")).Sha256!, parts = _folder.File("a.npz.parts");
        SampleSetRequest other = Request("a.npz") with { Sample = Sample() with { Seed = 9 } };
        Run(other with { Out = parts, Rank = 0, Ranks = 2 });
        string[] foreign = [.. new[] { "chunk-1.npz", "chunk-0000001.npz", "chunk-00000x.npz" }.Select(name => Path.Combine(parts, name))];
        Array.ForEach(foreign, path => File.WriteAllText(path, "mine"));
        string[] all = [.. Directory.GetFiles(parts).Order()];
        Assert.Equal(5, all.Length);
        Assert.Equal(hash, Run(Request("a.npz")).Sha256);
        Assert.Equal(all, Directory.GetFiles(parts).Order());

        // What is no set is deleted by nobody.
        string settings = Path.Combine(parts, "settings.json"), chunk = Path.Combine(parts, "chunk-000000.npz"), text = File.ReadAllText(settings);
        SampleSetRequest forced = Request("a.npz") with { Sample = Sample() with { Seed = 4 }, Overwrite = true };
        File.WriteAllText(settings, "{}");
        Assert.Contains("settings.json: does not hold", Assert.Throws<MalformedFileException>(() => Run(forced)).Message);
        Assert.Equal(hash, Run(Request("a.npz")).Sha256);
        File.Delete(settings);
        Assert.Contains("no settings.json", Assert.Throws<RequestException>(() => Run(forced)).Message);
        Assert.Equal(hash, Run(Request("a.npz")).Sha256);
        Assert.True(File.Exists(chunk));
        File.WriteAllText(settings, text);
        Assert.NotEqual(hash, Run(forced).Sha256);
        Assert.False(File.Exists(chunk));
        Assert.All(foreign, path => Assert.Equal("mine", File.ReadAllText(path)));
    }

    [Theory]
    [InlineData("chunk-000000.npz")]
    [InlineData("chunk-000001.npz")]
    public void A_process_that_is_alone_makes_a_damaged_chunk_again(string name)
    {
        Run(Request("a.npz.parts") with { Rank = 0, Ranks = 1 });
        string chunk = Path.Combine(_folder.File("a.npz.parts"), name);
        File.WriteAllBytes(chunk, File.ReadAllBytes(chunk)[..^300]);
        Reports reports = new();
        SampleSetResult mended = Run(Request("a.npz"), progress: reports);
        Assert.Contains($"{name} was damaged and is made again", Assert.Single(reports.All, step => step.Remark is not null).Remark);
        Assert.Equal((true, Run(Request("b.npz")).Sha256), (mended.IsFinished, mended.Sha256));
        Assert.False(Directory.Exists(_folder.File("a.npz.parts")));
    }

    [Fact]
    public void Chunks_of_other_settings_never_meet()
    {
        SampleSetRequest rank = Request("ranks") with { Rank = 0, Ranks = 2 };
        Run(rank);
        foreach ((SampleRequest changed, string word) in ((SampleRequest, string)[])[
            (Sample() with { Seed = 4 }, "seed"), (Sample() with { Count = 41 }, "images"), (Sample() with { Classes = "1" }, "classes"),
            (Sample() with { Cache = new CacheRequest { Rule = "all" } }, "cache"), (Sample() with { CfgScale = 2 }, "cfgScale")])
        {
            string message = Assert.Throws<RequestException>(() => Run(rank with { Sample = changed })).Message;
            Assert.Contains($"made with {word} ", message);
            Assert.DoesNotContain('\n', message);
        }

        Directory.CreateDirectory(_folder.File("other"));
        string other = TinyModel.Write(_folder.File("other/m.safetensors"), TinyModel.Pixels with { ClassNames = [] });
        Assert.Contains("made with checkpointSha256 ", Assert.Throws<RequestException>(() => Run(rank, other)).Message);
        Assert.Contains("--force", Assert.Throws<RequestException>(() => Run(rank with { Overwrite = true })).Message);

        // Other vectors round otherwise.
        string settings = Path.Combine(rank.Out, "settings.json"), text = File.ReadAllText(settings);
        File.WriteAllText(settings, text.Replace("\"cpu, ", "\"cpu, other ", StringComparison.Ordinal));
        Assert.Contains("made with device \"cpu, other ", Assert.Throws<RequestException>(() => Run(rank)).Message);

        // Alone, --force begins anew.
        Run(Request("a.npz.parts") with { Sample = Sample() with { Seed = 4 }, Rank = 0, Ranks = 2 });
        Assert.Throws<RequestException>(() => Run(Request("a.npz")));
        Assert.Equal(Run(Request("b.npz")).Sha256, Run(Request("a.npz") with { Overwrite = true }).Sha256);
    }
}
