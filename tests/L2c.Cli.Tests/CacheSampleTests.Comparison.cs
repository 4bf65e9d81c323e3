using System.Text.Json;
using L2c.Testing;

namespace L2c.Cli.Tests;

public sealed partial class CacheSampleTests
{
    [Fact]
    public void Compare_measures_against_the_run_without_caching_and_shows_both()
    {
        JsonElement json = _runs.Sample("a.png", "--cache", "all", "--compare", "--runs", "7", "--warmup", "1", "--cfg-scale", "1", "--json").Json;
        Assert.Equal(
            [_runs.Cli.PathOf("a.png"), _runs.Cli.PathOf("a-compare.png")],
            json.GetProperty("files").EnumerateArray().Select(file => file.GetString()));
        (double psnr, double distance) = (json.GetProperty("psnr").GetDouble(), json.GetProperty("relativeL2").GetDouble());
        Assert.True(json.GetProperty("timeRatio").GetDouble() > 0);
        Assert.True(json.GetProperty("imageMs").GetDouble() > 0);
        Assert.True(json.GetProperty("uncachedImageMs").GetDouble() > 0);

        // Each goes first equally often.
        Assert.Equal((8, 1), (json.GetProperty("timedRounds").GetInt32(), json.GetProperty("warmupRounds").GetInt32()));
        Assert.Equal(1 - (2 / 256.0), json.GetProperty("confidence").GetDouble(), 9);
        Assert.False(json.GetProperty("identicalPlans").GetBoolean());
        double time = json.GetProperty("timeRatio").GetDouble();
        (double low, double high) = (json.GetProperty("timeRatioLow").GetDouble(), json.GetProperty("timeRatioHigh").GetDouble());
        Assert.InRange(time, low, high);
        bool measurable = low > 1 || high < 1; // a loaded machine may hide it
        Assert.Equal(measurable, json.GetProperty("differenceMeasurable").GetBoolean());
        (long before, long after) = (json.GetProperty("macsBefore").GetInt64(), json.GetProperty("macsAfter").GetInt64());

        // Per block 12 C^2 for qkv, projection and MLP and 2 T C for the attention products per token;
        // T 16, C 32, two blocks, two evaluations of four.
        Assert.Equal(2 * 2 * ((16 * 12 * 32 * 32) + (2 * 16 * 16 * 32)), before - after);
        Assert.Equal((double)after / before, json.GetProperty("macRatio").GetDouble(), 12);
        double ideal = json.GetProperty("idealSpeedup").GetDouble();
        Assert.Equal((double)before / after, ideal, 12);
        Assert.Equal(measurable, json.TryGetProperty("realisedSpeedup", out JsonElement realised));
        Assert.Equal(measurable, json.TryGetProperty("realisedToIdeal", out JsonElement share));
        if (measurable)
        {
            Assert.Equal((1 / time, 1 / time / ideal), (realised.GetDouble(), share.GetDouble()));
        }

        JsonElement work = json.GetProperty("work"), done = work.GetProperty("total"), full = work.GetProperty("withoutCaching");
        int rows = json.GetProperty("batch").GetInt32(); // no guidance
        foreach (string kind in (string[])["macs", "macsWithoutProducts", "bytes", "ops"])
        {
            Assert.True(full.GetProperty(kind).GetInt64() > done.GetProperty(kind).GetInt64());
        }

        // Beside the branches, a plan saves the shifts and scales of those that are skipped: 4 C to C each, for every row of two evaluations.
        long modulations = 2 * 2 * 4 * 32 * 32 * rows;
        Assert.Equal(((before - after) * rows) + modulations, full.GetProperty("macs").GetInt64() - done.GetProperty("macs").GetInt64());

        float[] uncached = States("--cache", "none"), cached = States("--cache", "all");
        double squares = uncached.Zip(cached, (u, c) => Math.Pow(Math.Clamp(u, -1, 1) - Math.Clamp(c, -1, 1), 2)).Average();
        Assert.Equal(10 * Math.Log10(4 / squares), psnr, 6);
        double change = uncached.Zip(cached, (u, c) => Math.Pow(u - (double)c, 2)).Sum() / uncached.Sum(u => (double)u * u);
        Assert.Equal(Math.Sqrt(change), distance, 6);

        // Three rows of tiles: without caching, with it, and their difference.
        PngDecoder sheet = PngDecoder.Decode(File.ReadAllBytes(_runs.Cli.PathOf("a-compare.png")));
        Assert.Equal(0, _runs.Sample("n.png", "--cache", "none", "--cfg-scale", "1", "--separate").Code);
        Assert.Equal(0, _runs.Sample("c.png", "--cache", "all", "--cfg-scale", "1", "--separate").Code);
        const int Cell = 256 + 4, Margin = 24;
        int left = sheet.Width - Margin + 4 - (3 * Cell);
        int top = Enumerable.Range(0, sheet.Height).First(y => SheetPart.Shows(sheet, Picture("n", 0), 32, left, y));
        for (int image = 0; image < 3; image++)
        {
            Assert.True(SheetPart.Shows(sheet, Picture("n", image), 32, left + (image * Cell), top));
            Assert.True(SheetPart.Shows(sheet, Picture("c", image), 32, left + (image * Cell), top + Cell));
        }

        // Not the same twice.
        Assert.Contains(Enumerable.Range(0, 3), image => !SheetPart.Shows(sheet, Picture("n", image), 32, left + (image * Cell), top + Cell));

        Assert.Contains("\"comparison\":true", sheet.Text["l2c"], StringComparison.Ordinal);

        PngDecoder Picture(string stem, int image) => PngDecoder.Decode(File.ReadAllBytes(_runs.Cli.PathOf($"{stem}-00{image}.png")));

        float[] States(string option, string rule)
        {
            string path = _runs.Cli.PathOf($"{rule}.st");
            CliResult result = _runs.Sample($"{rule}.png", option, rule, "--trajectory", path, "--cfg-scale", "1");
            Assert.True(result.Code == 0, result.Err);
            (long[] shape, float[] values) = TensorReader.Floats(path, "x_steps");
            return values[^(values.Length / (int)shape[0])..];
        }
    }

    [Theory]
    [InlineData("--runs", "--runs says how often --compare measures; give --compare, too, or omit it")]
    [InlineData("--warmup", "--warmup says how often --compare measures; give --compare, too, or omit it")]
    public void Rounds_without_a_comparison_are_refused(string option, string message) =>
        _runs.Sample("a.png", "--cache", "all", option, "3").MustFail(2, message);

    [Fact]
    public void Comparing_equal_runs_finds_no_distance_and_no_psnr()
    {
        JsonElement json = _runs.Sample("a.png", "--cache", "none", "--compare", "--separate", "--json").Json;
        Assert.Equal((0.0, 1.0), (json.GetProperty("relativeL2").GetDouble(), json.GetProperty("macRatio").GetDouble()));
        Assert.False(json.TryGetProperty("psnr", out _));
        Assert.Contains("a-compare.png", _runs.Cli.Files());
        Assert.False(json.GetProperty("differenceMeasurable").GetBoolean() || json.TryGetProperty("realisedSpeedup", out _));
        Assert.True(json.GetProperty("identicalPlans").GetBoolean());
        CliResult told = _runs.Sample("b.png", "--cache", "none", "--compare", "--runs", "6");
        string[] lines = told.Out.TrimEnd('\n').Split('\n');
        Assert.Matches(
            @"^without caching [0-9.]+ ms per image; nothing is reused, so both runs are the same and any difference is noise: "
            + @"time ratio [0-9.]+ \([0-9.]+ to [0-9.]+\), 96\.9 % interval of 6 rounds$",
            lines[^2]);
        Assert.Equal("the images equal those without caching", lines[^1]);
        Assert.DoesNotContain("of the ideal", told.Out, StringComparison.Ordinal);
        Assert.Contains("l2c: note: nothing to compare: this run computes everything, too", told.Err, StringComparison.Ordinal);
    }
}
