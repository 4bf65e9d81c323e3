using System.Globalization;
using L2c.Cli.Output;
using L2c.Testing;

namespace L2c.Cli.Tests.Evaluation;

public sealed class SweepTests : IDisposable
{
    private const string Header = "rule,parameter,steps,macs,macRatio,ms,timeRatio,timeRatioLow,timeRatioHigh,frechet,frechetLow,frechetHigh,relativeL2,psnr";

    private readonly CachedRuns _runs = new();
    private readonly CliRunner _cli;

    public SweepTests() => _cli = _runs.Cli;

    [Fact]
    public void A_sweep_writes_a_table_and_a_plot_and_goes_on_where_it_was_cut()
    {
        string csv = _cli.PathOf("out/sweep.csv");
        CliResult result = Sweep("--router", Router(), "--thresholds", "0.3,0.6", "--rules", "steps,top,drop:bottom:1");
        Assert.Equal(0, result.Code);
        string[] lines = File.ReadAllLines(csv);
        Assert.Equal(Header, lines[0]);
        Assert.Equal(["none,,4", "learned,r.safetensors@0.3,4", "learned,r.safetensors@0.6,4"], lines[1..4].Select(Key));
        Assert.Contains(lines, line => line.StartsWith("steps,", StringComparison.Ordinal));
        Assert.Equal("drop,bottom:1,4", Key(lines[^1]));
        Assert.Equal([".lock", "pareto.png", "pareto.svg", "sweep.csv", "sweep.json"], _cli.Files("out"));
        string[] printed = result.Out.TrimEnd('\n').Split('\n');
        Assert.Equal(lines.Length + 1, printed.Length); // header, rows, names of the files
        Assert.Matches("^rule +steps +MACs +time +interval +distance +interval +relative L2 +PSNR$", printed[0]);
        Assert.Matches(@"^none +4  1\.0000 +[\d.]+  [\d.]+ \.\. [\d.]+ +[\d.]+  [\d.]+ \.\. [\d.]+ +0\.0000$", printed[1]);
        Assert.Contains("about ", result.Err, StringComparison.Ordinal);
        Assert.Equal(2, result.Err.Split("covariance is singular").Length - 1); // of the data and of the rows

        double full = EvaluationRuns.Field(lines[1], 3);
        Assert.All(lines[1..], line =>
        {
            Assert.Equal(EvaluationRuns.Field(line, 3) / full, EvaluationRuns.Field(line, 4), 1e-6);
            Assert.True(EvaluationRuns.Field(line, 5) > 0 && EvaluationRuns.Field(line, 6) > 0);
            Assert.InRange(EvaluationRuns.Field(line, 6), EvaluationRuns.Field(line, 7), EvaluationRuns.Field(line, 8));
            Assert.InRange(EvaluationRuns.Field(line, 9), EvaluationRuns.Field(line, 10), EvaluationRuns.Field(line, 11));
        });
        Assert.Equal("0.000000,", lines[1][^9..]); // nothing differs from itself: no PSNR
        Assert.All(lines[2..], line => Assert.True(EvaluationRuns.Field(line, 12) > 0 && EvaluationRuns.Field(line, 13) > 0));

        // Killed in the middle of the third row: what is whole stays to the byte, the rest is computed again.
        string[] kept = lines[..3];
        File.WriteAllText(csv, string.Join('\n', kept) + "\n" + lines[3][..20]);
        Assert.Equal(0, Sweep("--router", Router(), "--thresholds", "0.3,0.6", "--rules", "steps,top,drop:bottom:1").Code);
        string[] again = File.ReadAllLines(csv);
        Assert.Equal(kept, again[..3]);
        Assert.Equal(lines.Select(EvaluationRuns.Figures), again.Select(EvaluationRuns.Figures));

        string before = File.ReadAllText(csv);
        CliResult done = Sweep("--router", Router(), "--thresholds", "0.3,0.6", "--rules", "steps,top,drop:bottom:1");
        Assert.Equal((0, ""), (done.Code, done.Err));
        Assert.Equal(before, File.ReadAllText(csv));
    }

    [Fact]
    public void Figures_depend_on_the_row_alone()
    {
        Assert.Equal(0, Sweep("--rules", "top,random", "--mac-ratios", "0.8", "--threads", "2").Code);
        string[] all = File.ReadAllLines(_cli.PathOf("out/sweep.csv"));
        Assert.Equal(4, all.Length);
        Assert.Equal(0, Sweep("--rules", "random,top", "--mac-ratios", "0.8", "--only", "2", "--out", _cli.PathOf("other"), "--threads", "1").Code);
        string[] one = File.ReadAllLines(_cli.PathOf("other/sweep.csv"));
        Assert.Equal([Header, EvaluationRuns.Figures(all[3])], [one[0], EvaluationRuns.Figures(one[1])]);
    }

    [Fact]
    public void Rules_are_matched_by_their_multiply_accumulates()
    {
        string[] rows = Sweep("--dry-run", "--mac-ratios", "0.9,0.85").Out.TrimEnd('\n').Split('\n');
        Assert.False(Directory.Exists(_cli.PathOf("out")));
        Assert.Matches(@"^ +1  none, 4 steps +[\d.]+ [kMGT]?MACs  1\.0000$", rows[0]);
        foreach (string family in RuleFamily.Names)
        {
            Assert.Contains(rows, row => row.Contains($"  {family} ", StringComparison.Ordinal));
        }

        // random has a parameter for nearly every number of branches: within half a branch's share of each point.
        string[] random = [.. rows.Where(row => row.Contains("  random ", StringComparison.Ordinal))];
        double[] shares = [.. random.Select(row => double.Parse(row[^6..], CultureInfo.InvariantCulture))];
        Assert.Equal(2, shares.Length);
        Assert.InRange(shares[0], 0.85, 0.95);
        Assert.InRange(shares[1], 0.80, 0.90);
    }

    [Fact]
    public void Rows_of_other_settings_never_meet_in_one_table()
    {
        Assert.Equal(0, Sweep("--rules", "top:1").Code);
        Sweep("--rules", "top:1", "--seed", "1").MustFail(2, "seed 0, and now it is 1");
        CliResult anew = Sweep("--rules", "none", "--seed", "1", "--force");
        Assert.Equal(0, anew.Code);
        Assert.Equal(2, File.ReadAllLines(_cli.PathOf("out/sweep.csv")).Length);
        File.AppendAllText(_cli.PathOf("out/sweep.csv"), "top,1,4,nonsense\n");
        Assert.Equal(4, Sweep("--rules", "none", "--seed", "1").Code);
        File.WriteAllText(_cli.PathOf("out/sweep.csv"), "another table\n");
        Assert.Equal(4, Sweep("--rules", "none", "--seed", "1").Code);
        Assert.Equal("another table\n", File.ReadAllText(_cli.PathOf("out/sweep.csv")));
        File.WriteAllText(_cli.PathOf("out/sweep.csv"), "rule,parameter,steps,macs,macRatio,ms,timeRatio,frechet\n");
        Sweep("--rules", "none", "--seed", "1").MustFail(4, "is the table of a sweep by another version, with other columns; give another --out");
    }

    [Theory]
    [InlineData("data.safetensors")]
    [InlineData("pictures")]
    public void Data_of_the_same_name_with_other_pixels_are_refused(string name)
    {
        string[] more = ["--rules", "none", "--data", _cli.PathOf(name)];
        Directory.CreateDirectory(_cli.PathOf("pictures"));
        Put(seed: 1);
        Assert.Equal(0, Sweep(more).Code);
        string before = File.ReadAllText(_cli.PathOf("out/sweep.csv"));
        Put(seed: 2);
        Sweep(more).MustFail(2, "dataSha256 \"");
        Assert.Equal(before, File.ReadAllText(_cli.PathOf("out/sweep.csv")));
        Put(seed: 1);
        Assert.Equal(0, Sweep(more).Code);

        void Put(int seed)
        {
            _ = Arguments();
            float[] pixels = EvaluationRuns.Pixels(20, 8, seed);
            File.Delete(_cli.PathOf("data.safetensors"));
            EvaluationRuns.Write(_cli.PathOf("data.safetensors"), pixels, 8);
            byte[] rows = EvaluationRuns.ChannelsLast(EvaluationRuns.Quantised(pixels), 8);
            for (int i = 0; i < 20; i++)
            {
                RgbImage picture = new(8, 8);
                rows.AsSpan(i * picture.Pixels.Length, picture.Pixels.Length).CopyTo(picture.Pixels);
                using FileStream file = File.Create(_cli.PathOf($"pictures/{i:00}.png"));
                PngWriter.Write(file, picture, "l2c", "test");
            }
        }
    }

    [Fact]
    public void Rows_whose_settings_are_gone_are_refused()
    {
        Assert.Equal(0, Sweep("--rules", "none").Code);
        string before = File.ReadAllText(_cli.PathOf("out/sweep.csv"));
        File.Delete(_cli.PathOf("out/sweep.json"));
        Sweep("--rules", "top:1").MustFail(4, "sweep.json: is missing");
        Assert.Equal(before, File.ReadAllText(_cli.PathOf("out/sweep.csv")));
        Assert.False(File.Exists(_cli.PathOf("out/sweep.json")));
        Assert.Equal(0, Sweep("--rules", "none", "--force").Code);
    }

    [Fact]
    public void Another_router_of_the_same_name_is_refused()
    {
        Assert.Equal(0, Sweep("--router", Router(), "--rules", "none").Code);
        Assert.Equal(0, Sweep("--rules", "top:1").Code); // leaving a router away is no change of settings
        Directory.CreateDirectory(_cli.PathOf("b"));
        Sweep("--router", Router("b/r.safetensors", seed: 9), "--rules", "none").MustFail(2, "another r.safetensors");
        Sweep("--router", Router(), "--router", Router("b/r.safetensors", seed: 9), "--rules", "none").MustFail(2, "two files are named");
    }

    [Theory]
    [InlineData("--rules", "nosuch", "there is no rule 'nosuch'")]
    [InlineData("--rules", "top:9", "between 0 and 2")]
    [InlineData("--thresholds", "0.5", "applies to routers")]
    [InlineData("--mac-ratios", "2", "needs numbers from 0 to 1")]
    [InlineData("--only", "3-2", "needs a row, such as 3, or rows, such as 1-5")]
    [InlineData("--only", "99", "the sweep has")]
    public void What_cannot_be_swept_is_refused(string option, string value, string message) => Sweep(option, value).MustFail(2, message);

    [Fact]
    public void An_interruption_keeps_what_is_done()
    {
        CliResult early = _cli.Run(new CancellationToken(canceled: true), [.. Arguments(), "--rules", "top:1"]);
        Assert.Equal(130, early.Code);
        Assert.Contains("nothing was written", early.Err, StringComparison.Ordinal);
        using InterruptAfter error = new("row 2 of");
        Terminal terminal = new(TextWriter.Null, error, Interactive: false, error.Token);
        Assert.Equal(130, Program.Run([.. Arguments(), "--rules", "top:1"], terminal, EmulatedCuda.Missing));
        Assert.Contains("has 1 rows; the same command continues", error.ToString(), StringComparison.Ordinal);
        Assert.Equal([Header, "none,,4"], File.ReadAllLines(_cli.PathOf("out/sweep.csv")).Select((line, i) => i == 0 ? line : Key(line)));
    }

    public void Dispose() => _runs.Dispose();

    private static string Key(string line) => string.Join(',', line.Split(',')[..3]);

    /// <summary>A router whose scores lie all over (0, 1).</summary>
    private string Router(string name = "r.safetensors", int seed = 4)
    {
        Random random = new(seed);
        return File.Exists(_cli.PathOf(name)) ? _cli.PathOf(name) : _runs.Router(name, 4, 4, (_, _) => (float)((random.NextDouble() * 6) - 3));
    }

    private string[] Arguments()
    {
        string model = _cli.PathOf("tiny.safetensors"), data = _cli.PathOf("data.safetensors");
        if (!File.Exists(model))
        {
            TinyModel.Write(model, TinyModel.Pixels);
            EvaluationRuns.Write(data, EvaluationRuns.Pixels(20, 8, seed: 1), 8);
        }

        return
        [
            "sweep", "--ckpt", model, "--device", "cpu", "--steps", "4", "--count", "6", "--data", data, "--out", _cli.PathOf("out"), "--no-progress",
        ];
    }

    private CliResult Sweep(params string[] more)
    {
        // A later option of the same name wins.
        List<string> arguments = [.. Arguments()];
        foreach (string option in more.Intersect(["--out", "--data"]))
        {
            arguments.RemoveRange(arguments.IndexOf(option), 2);
        }

        return _cli.Run([.. arguments, .. more]);
    }
}
