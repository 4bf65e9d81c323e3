using System.Text.RegularExpressions;
using L2c.Cli.Output;
using L2c.Cli.Tests.Evaluation;
using L2c.Testing;

namespace L2c.Cli.Tests.Storage;

/// <summary>Sweeps that meet in one folder, and folders from strangers.</summary>
public sealed class SweepFolderTests : IDisposable
{
    private readonly CliRunner _cli = new();
    private readonly string[] _arguments;

    public SweepFolderTests()
    {
        string model = TinyModel.Write(_cli.PathOf("tiny.safetensors"), TinyModel.Pixels), data = _cli.PathOf("data.safetensors");
        EvaluationRuns.Write(data, EvaluationRuns.Pixels(20, 8, seed: 1), 8);
        _arguments =
        [
            "sweep", "--ckpt", model, "--device", "cpu", "--steps", "4", "--count", "6", "--data", data, "--no-progress",
            "--out", _cli.PathOf("out"), "--rules", "top:1",
        ];
    }

    [Theory]
    [InlineData("--only", "2")]
    [InlineData("--force", null)]
    public void A_second_sweep_in_a_folder_is_refused_and_changes_nothing(string option, string? value)
    {
        string[] more = value is null ? [option] : [option, value];
        CliResult? second = null;
        using ActAfter error = new("row 2 of", () => second = _cli.Run([.. _arguments, .. more]));
        Terminal terminal = new(TextWriter.Null, error, Interactive: false, CancellationToken.None);
        Assert.Equal(0, Program.Run(_arguments, terminal, EmulatedCuda.Missing));
        second!.MustFail(2, "another process is working there");
        string[] rows = File.ReadAllLines(_cli.PathOf("out/sweep.csv"));
        Assert.Equal(["rule,parameter,steps", "none,,4", "top,1,4"], rows.Select(row => string.Join(',', row.Split(',')[..3])));
        Assert.Equal(0, _cli.Run(_arguments).Code); // the lock went with its process
    }

    [Theory]
    [InlineData("sweep.csv")]
    [InlineData("sweep.json")]
    [InlineData("pareto.png")]
    [InlineData("pareto.svg")]
    [InlineData(".lock")]
    public void A_link_in_the_folder_is_refused_by_name_and_leads_nowhere(string name)
    {
        string elsewhere = _cli.PathOf("elsewhere"), link = _cli.PathOf("out/" + name);
        Directory.CreateDirectory(_cli.PathOf("out"));
        File.WriteAllText(elsewhere, "precious");
        File.CreateSymbolicLink(link, elsewhere);
        _cli.Run(_arguments).MustFail(1, $"{link}: is a link");
        _cli.Run([.. _arguments, "--force"]).MustFail(1, $"{link}: is a link");
        Assert.Equal("precious", File.ReadAllText(elsewhere));
        Assert.NotNull(new FileInfo(link).LinkTarget);
    }

    [Fact]
    public void What_is_no_table_is_kept_when_force_starts_anew()
    {
        Directory.CreateDirectory(_cli.PathOf("out"));
        string table = _cli.PathOf("out/sweep.csv");
        File.WriteAllText(table, "another table\n");
        Assert.Equal(4, _cli.Run(_arguments).Code);
        Assert.Equal(0, _cli.Run([.. _arguments, "--force"]).Code);
        Assert.Equal("another table\n", File.ReadAllText(table + ".aside-1"));

        // A line without an end that no kill can have left.
        File.AppendAllText(table, "\0\0\0\0");
        string before = File.ReadAllText(table);
        Assert.Equal(0, _cli.Run(_arguments).Code);
        Assert.Equal(before, File.ReadAllText(table + ".aside-2"));
        Assert.Equal(before[..^4], File.ReadAllText(table));
    }

    [Fact]
    public void An_interrupted_sweep_draws_the_same_plot()
    {
        string table = _cli.PathOf("out/sweep.csv"), plot = _cli.PathOf("out/pareto.svg");
        Assert.Equal(0, _cli.Run([.. _arguments[..^1], "top:1,interval:2"]).Code);
        string before = Plot();
        File.WriteAllLines(table, File.ReadAllLines(table)[..3]);
        Assert.Equal(0, _cli.Run([.. _arguments[..^1], "top:1,interval:2"]).Code);
        Assert.Equal(before, Plot());

        // Clips are numbered through the process.
        string Plot() => Regex.Replace(File.ReadAllText(plot), "cl_[0-9a-f]+", "");
    }

    [Theory]
    [InlineData("pareto.png")]
    [InlineData("pareto.svg")]
    public void A_picture_of_another_work_is_not_written_over(string name)
    {
        Directory.CreateDirectory(_cli.PathOf("out"));
        File.WriteAllText(_cli.PathOf("out/" + name), "precious");
        _cli.Run(_arguments).MustFail(1, $"{name} exists; use --force to overwrite");
        Assert.Equal("precious", File.ReadAllText(_cli.PathOf("out/" + name)));
    }

    public void Dispose() => _cli.Dispose();
}
