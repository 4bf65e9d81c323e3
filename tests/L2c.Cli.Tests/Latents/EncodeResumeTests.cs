using System.Text.Json;
using L2c.Cli.Output;
using L2c.Cli.Tests.Storage;
using L2c.Model.Training.Data;
using L2c.Testing;

namespace L2c.Cli.Tests.Latents;

/// <summary>Encoding that is ended in the middle, and folders that hold other latents.</summary>
public sealed class EncodeResumeTests : IDisposable
{
    private readonly EncodeRuns _runs = new();
    private readonly CliRunner _cli;

    public EncodeResumeTests()
    {
        _cli = _runs.Cli;
        _runs.Pictures("set", 10);
        _runs.Damaged("set");
        Assert.Equal(0, _runs.Encode("set", "whole").Code);
    }

    [Theory]
    [InlineData("latents-00000.safetensors: ", 1)]
    [InlineData("latents-00001.safetensors: ", 2)]
    public void Ctrl_C_keeps_what_is_finished_and_the_same_command_ends_with_the_same_bytes(string line, int files)
    {
        using InterruptAfter error = new(line);
        Terminal terminal = new(TextWriter.Null, error, Interactive: false, error.Token);
        Assert.Equal(130, Program.Run(_runs.Arguments("set", "out"), terminal, EmulatedCuda.Missing));
        Assert.Contains(
            $"l2c: error: interrupted; {_cli.PathOf("out")} has {4 * files} images in {files} file", error.ToString(), StringComparison.Ordinal);
        DateTime written = File.GetLastWriteTimeUtc(_cli.PathOf("out/latents-00000.safetensors"));
        Assert.Equal(10 - (4 * files), _runs.Encode("set", "out", "--json", "--no-progress").Json.GetProperty("imagesNow").GetInt32());
        _runs.AssertSame("whole", "out");
        Assert.Equal(written, File.GetLastWriteTimeUtc(_cli.PathOf("out/latents-00000.safetensors")));
    }

    [Fact]
    public void Before_the_first_file_Ctrl_C_leaves_nothing()
    {
        CliResult result = _cli.Run(new CancellationToken(canceled: true), _runs.Arguments("set", "out"));
        result.MustFail(130, "interrupted; nothing was written");
        Assert.False(Directory.Exists(_cli.PathOf("out")));
    }

    [Fact]
    public void What_a_killed_process_left_is_gone_on_with()
    {
        // Killed before the first shard, with half of it written; then between a shard and the index; then with a shard lost.
        LatentIndex index = LatentIndex.Find(_cli.PathOf("whole"))!;
        Directory.CreateDirectory(_cli.PathOf("out"));
        (index with { Shards = [], IsComplete = false }).Write(_cli.PathOf("out"));
        File.WriteAllText(_cli.PathOf("out/.l2c-abcdefgh.xyz.tmp"), "half a shard");
        Again(10);

        (index with { Shards = [.. index.Shards.Take(1)], IsComplete = false }).Write(_cli.PathOf("out"));
        File.WriteAllText(_cli.PathOf("out/latents-00001.safetensors"), "of a killed process");
        Again(6);

        File.Delete(_cli.PathOf("out/latents-00001.safetensors"));
        Again(6);

        File.WriteAllBytes(_cli.PathOf("out/latents-00002.safetensors"), File.ReadAllBytes(_cli.PathOf("out/latents-00002.safetensors"))[..^1]);
        Assert.Contains("this shard and those after it are made again", Again(2).Err, StringComparison.Ordinal);

        (index with { IsComplete = false }).Write(_cli.PathOf("out"));
        Again(0);

        CliResult Again(int images)
        {
            CliResult result = _runs.Encode("set", "out", "--json", "--no-progress");
            Assert.Equal(images, result.Json.GetProperty("imagesNow").GetInt32());
            _runs.AssertSame("whole", "out");
            return result;
        }
    }

    [Fact]
    public void A_set_that_has_grown_at_its_end_is_gone_on_with()
    {
        _runs.Pictures("more", 10);
        Assert.Equal(0, _runs.Encode("more", "out").Code);
        File.Copy(_cli.PathOf("more/00.png"), _cli.PathOf("more/98.png"));
        File.Copy(_cli.PathOf("more/01.png"), _cli.PathOf("more/99.png"));

        // The last file was not full: it is made again, and has the new ones.
        Assert.Equal(4, _runs.Encode("more", "out", "--json", "--no-progress").Json.GetProperty("imagesNow").GetInt32());
        Assert.Equal(0, _runs.Encode("more", "anew").Code);
        _runs.AssertSame("anew", "out");
    }

    [Fact]
    public void Pictures_behind_a_full_last_file_that_cannot_be_read_are_counted()
    {
        _runs.Pictures("more", 4);
        Assert.Equal(0, _runs.Encode("more", "out").Code);
        _runs.Damaged("more");
        Again(7);
        Again(7);
        Assert.Equal(0, _runs.Encode("more", "anew").Code);
        _runs.AssertSame("anew", "out");

        // What comes behind them is another file's.
        File.Copy(_cli.PathOf("more/00.png"), _cli.PathOf("more/zz.png"));
        Again(8);
        Assert.Equal(0, _runs.Encode("more", "anew", "--force").Code);
        _runs.AssertSame("anew", "out");

        void Again(int pictures)
        {
            JsonElement json = _runs.Encode("more", "out", "--json", "--no-progress").Json;
            int images = pictures - 3;
            Assert.Equal(
                [pictures, images, images > 4 ? 1 : 0, 3],
                new[] { "pictures", "images", "imagesNow", "skipped" }.Select(name => json.GetProperty(name).GetInt32()));
        }
    }

    [Fact]
    public void A_file_whose_bytes_have_changed_is_made_again()
    {
        string file = _cli.PathOf("whole/latents-00001.safetensors");
        byte[] written = File.ReadAllBytes(file), changed = [.. written];
        changed[^1] ^= 1;
        File.WriteAllBytes(file, changed);
        CliResult result = _runs.Encode("set", "whole", "--json", "--no-progress");
        Assert.Contains(
            $"note: {file}: has other bytes than were written; this shard and those after it are made again", result.Err, StringComparison.Ordinal);
        Assert.Equal(6, result.Json.GetProperty("imagesNow").GetInt32());
        Assert.Equal(written, File.ReadAllBytes(file));
    }

    [Theory]
    [InlineData("imageSize 32, and now it is 40", "--image-size", "40")]
    [InlineData("views 2, and now it is 1", "--no-flip")]
    [InlineData("dtype \"F32\", and now it is \"F16\"", "--store", "fp16")]
    [InlineData("shardSize 4, and now it is 5", "--shard-size", "5")]
    [InlineData("autoencoder \"", "--vae", "other.safetensors")]
    public void Latents_of_other_settings_are_refused_by_name_unless_forced(string message, params string[] options)
    {
        _ = TinyModel.Write(_cli.PathOf("other.safetensors"), TinyModel.Autoencoder with { Name = "another" });
        string[] changed = Changed("whole", options);
        byte[] before = File.ReadAllBytes(_cli.PathOf("whole/latents.json"));
        _cli.Run(changed).MustFail(2, message);
        Assert.Equal(before, File.ReadAllBytes(_cli.PathOf("whole/latents.json")));
        Assert.Equal(0, _cli.Run([.. changed, "--force"]).Code);
        Assert.Equal(0, _cli.Run(Changed("anew", options)).Code);
        _runs.AssertSame("anew", "whole");
    }

    [Fact]
    public void Other_pictures_are_refused()
    {
        File.Delete(_cli.PathOf("set/01.png"));
        _runs.Encode("set", "whole").MustFail(2, "were made with other pictures than those of ");
        _runs.Pictures("classes/a", 3);
        _runs.Encode("classes", "whole").MustFail(2, "0 classes with other names than the 1 now");
    }

    [Fact]
    public void Strict_does_not_go_on_from_files_that_lack_a_picture() =>
        _runs.Encode("set", "whole", "--strict").MustFail(4, "cut.jpg: was skipped in ");

    [Fact]
    public void What_is_not_of_this_set_stays()
    {
        string foreign = _cli.PathOf("whole/other.safetensors");
        File.WriteAllText(foreign, "precious");
        _runs.Encode("set", "whole", "--force").MustFail(1, "other.safetensors: was not written by l2c encode");
        Assert.Equal("precious", File.ReadAllText(foreign));
        File.Delete(foreign);

        File.Delete(_cli.PathOf("whole/latents.json"));
        _runs.Encode("set", "whole").MustFail(1, "latents-00000.safetensors exists, but there is no latents.json to continue from");
        File.WriteAllText(_cli.PathOf("whole/latents.json"), "{\"format\": \"l2c-latents/0\"}");
        _runs.Encode("set", "whole").MustFail(4, "latents.json: is not an index of latents as this version writes it");
        Assert.Equal(0, _runs.Encode("set", "whole", "--force").Code);
    }

    [Theory]
    [InlineData("latents.json")]
    [InlineData("latents-00001.safetensors")]
    [InlineData(".lock")]
    public void A_link_in_the_folder_is_refused_by_name_and_leads_nowhere(string name)
    {
        string elsewhere = _cli.PathOf("elsewhere"), link = _cli.PathOf($"whole/{name}");
        File.WriteAllText(elsewhere, "precious");
        File.Delete(link);
        File.CreateSymbolicLink(link, elsewhere);
        _runs.Encode("set", "whole").MustFail(1, $"{link}: is a link");
        _runs.Encode("set", "whole", "--force").MustFail(1, $"{link}: is a link");
        Assert.Equal("precious", File.ReadAllText(elsewhere));
    }

    [Fact]
    public void A_second_process_in_a_folder_is_refused()
    {
        CliResult? second = null;
        using ActAfter error = new("latents-00000", () => second = _runs.Encode("set", "out"));
        Terminal terminal = new(TextWriter.Null, error, Interactive: false, CancellationToken.None);
        Assert.Equal(0, Program.Run(_runs.Arguments("set", "out"), terminal, EmulatedCuda.Missing));
        second!.MustFail(2, "another process is working there");
        _runs.AssertSame("whole", "out");
    }

    public void Dispose() => _runs.Dispose();

    /// <summary>The usual arguments, of which some are others.</summary>
    private string[] Changed(string folder, string[] options)
    {
        List<string> arguments = [.. _runs.Arguments("set", folder)];
        int at = arguments.IndexOf(options[0]);
        if (at < 0)
        {
            return [.. arguments, .. options];
        }

        arguments[at + 1] = options[1].EndsWith(".safetensors", StringComparison.Ordinal) ? _cli.PathOf(options[1]) : options[1];
        return [.. arguments];
    }
}
