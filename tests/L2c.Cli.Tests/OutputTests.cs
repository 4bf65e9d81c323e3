using L2c.Cli.Output;
using L2c.Testing;

namespace L2c.Cli.Tests;

public sealed class OutputTests : IDisposable
{
    private readonly CliRunner _cli = new();
    private readonly string _checkpoint;

    public OutputTests() => _checkpoint = TinyModel.Write(_cli.PathOf("tiny.st"), TinyModel.Pixels);

    [Fact]
    public void A_folder_gets_the_next_number_above_all_that_are_there()
    {
        string folder = _cli.PathOf("out");
        Assert.Equal(0, Sample("--out", folder).Code);
        Assert.Equal(["0001.png"], _cli.Files("out"));
        foreach (string taken in (string[])["0007-002.png", "0003.npy", "12.png", "0020x.png"])
        {
            File.WriteAllText(Path.Combine(folder, taken), "");
        }

        Assert.Equal(0, Sample("--out", folder, "--separate", "--count", "2").Code);
        Assert.Equal(["0001.png", "0003.npy", "0007-002.png", "0008-000.png", "0008-001.png", "0020x.png", "12.png"], _cli.Files("out"));
    }

    [Fact]
    public void Two_runs_at_the_same_time_take_different_numbers()
    {
        string folder = _cli.PathOf("out");
        Directory.CreateDirectory(folder);
        Parallel.For(0, 8, _ => Assert.Equal(0, Sample("--out", folder, "--count", "1", "--threads", "1").Code));
        Assert.Equal(Enumerable.Range(1, 8).Select(n => $"000{n}.png"), _cli.Files("out"));
    }

    [Theory]
    [InlineData("--out", "a.png", "a.png")]
    [InlineData("--trajectory", "t.st", "t.st")]
    [InlineData("--separate --out", "a.png", "a-005.png")]
    public void A_named_file_is_overwritten_only_with_force_and_the_refusal_comes_first(string option, string named, string existing)
    {
        string path = _cli.PathOf(existing);
        File.WriteAllText(path, "precious");
        string[] args = [.. option.Split(' '), _cli.PathOf(named),
            .. option.Contains("out", StringComparison.Ordinal) ? [] : new[] { "--out", _cli.PathOf("x") }];
        string[] before = _cli.Files();
        _cli.Run(["sample", "--ckpt", _checkpoint, "--count", "6", "--steps", "1000", .. args])
            .MustFail(1, $"{path} exists; use --force to overwrite");
        Assert.Equal("precious", File.ReadAllText(path));
        Assert.Equal(before, _cli.Files());

        Assert.Equal(0, Sample(["--count", "6", "--force", .. args]).Code);
        Assert.NotEqual("precious", File.ReadAllText(path));
    }

    [Fact]
    public void Separate_pictures_are_named_after_the_file_and_have_their_own_size()
    {
        Assert.Equal(0, Sample("--out", _cli.PathOf("cat.png"), "--separate", "--count", "2").Code);
        Assert.Equal(["cat-000.png", "cat-001.png", "tiny.st"], _cli.Files());
        PngDecoder png = PngDecoder.Decode(File.ReadAllBytes(_cli.PathOf("cat-001.png")));
        Assert.Equal((8, 8), (png.Width, png.Height));
    }

    [Fact]
    public void The_trajectory_cannot_take_the_name_of_another_file_of_the_run() =>
        Sample("--out", _cli.PathOf("a.png"), "--trajectory", _cli.PathOf("./a.png"), "--force").MustFail(2, "is also the name of another output");

    [Fact]
    public void A_folder_that_does_not_exist_is_reported_before_the_work() =>
        _cli.Run("sample", "--ckpt", _checkpoint, "--steps", "1000", "--out", _cli.PathOf("no/a.png")).MustFail(1, "directory does not exist");

    [Fact]
    public void A_damaged_checkpoint_ends_with_code_4_and_leaves_nothing()
    {
        byte[] bytes = File.ReadAllBytes(_checkpoint);
        string cut = _cli.PathOf("cut.st");
        File.WriteAllBytes(cut, bytes.AsSpan(0, bytes.Length - 10));
        string[] before = _cli.Files();
        _cli.Run("sample", "--ckpt", cut, "--out", _cli.PathOf("out")).MustFail(4, cut);
        Assert.Equal(before, _cli.Files());
    }

    [Fact]
    public void Interruption_ends_with_code_130_and_leaves_nothing()
    {
        string[] before = _cli.Files();
        using InterruptAfter error = new("computing on the CPU"); // the folder is there by then, and no evaluation has run
        Terminal terminal = new(TextWriter.Null, error, Interactive: false, error.Token);
        string[] args = ["sample", "--ckpt", _checkpoint, "--count", "2000", "--steps", "1000", "--separate", "--out", _cli.PathOf("out")];
        Assert.Equal(130, Program.Run(args, terminal, EmulatedCuda.Missing));
        Assert.EndsWith("\nl2c: error: interrupted; nothing was written\n", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(before, _cli.Files());
    }

    public void Dispose() => _cli.Dispose();

    private CliResult Sample(params string[] args) => _cli.Run(["sample", "--ckpt", _checkpoint, "--steps", "2", .. args]);
}
