using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace L2c.Engine.Tests.Pages;

public sealed class PageHtmlTests
{
    private const string Hostile = "</title><script>alert(1)</script><img src=x onerror=\"alert(2)\">'\"&\u202E\u0000\u001b[2J";

    [Fact]
    public void No_text_of_any_part_becomes_a_tag_an_attribute_or_a_control()
    {
        ReportPart[] parts =
        [
            new ReportText(Hostile),
            new ReportWarning(Hostile),
            new ReportFacts([(Hostile, Hostile)]),
            new ReportTable([Hostile, Hostile], [[Hostile, Hostile]]) { Marked = 0 },
            new ReportFigure("image/png", [1, 2, 3], Hostile),
            new ReportListing($"{Hostile}\n{Hostile}"),
            new ReportCommand(Hostile),
            new ReportBar([(Hostile, 1, Hostile)]),
            new ReportPair([new ReportText(Hostile)]),
        ];
        string html = PageHtml.Of(
            new ReportPage(Hostile, Hostile, Hostile, [new ReportTile(Hostile, Hostile)], [new ReportSection(Hostile, parts)]), Hostile);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<img src=x", html, StringComparison.Ordinal);
        Assert.DoesNotContain(html, c => c != '\n' && (char.IsControl(c) || c == '\u202E'));
        Assert.Single(Regex.Matches(html, "</title>"));

        // What the program writes itself and nothing else: no tag has an attribute that runs something, and no attribute ends early.
        string[] tags = [.. Regex.Matches(html[html.IndexOf("<body>", StringComparison.Ordinal)..], "<[a-z][^>]*>").Select(match => match.Value)];
        Assert.All(tags, tag => Assert.Matches("^<[a-z0-9]+( (class|id|href|src|alt|style|scope|aria-label|aria-hidden)=\"[^\"]*\")*>$", tag));
    }

    [Fact]
    public void A_page_asks_nothing_of_the_network_and_says_so_to_the_browser()
    {
        string html = PageHtml.Of(
            new ReportPage("kind", "title", "sub", [], [new ReportSection("s", new ReportFigure("image/svg+xml", "<svg/>"u8.ToArray(), "c"))]), "1.2.3");
        Assert.StartsWith("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\"", html, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", html, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"(src|href)\s*=\s*""(?!data:|#)", html);
        Assert.DoesNotMatch(@"url\(|@import|@font-face", html);
        Assert.Contains("data:image/svg+xml;base64,PHN2Zy8+", html, StringComparison.Ordinal);
        Assert.Contains("Written by l2c 1.2.3", html, StringComparison.Ordinal);
        Assert.Contains("prefers-color-scheme: dark", html, StringComparison.Ordinal);
        Assert.Contains("@media print", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Sections_without_parts_are_left_out()
    {
        string html = PageHtml.Of(
            new ReportPage("kind", "title", "sub", [], [new ReportSection("empty"), new ReportSection("nothing", (ReportPart?)null), new ReportSection("there", new ReportText("x"))]),
            "1");
        Assert.DoesNotContain("empty", html, StringComparison.Ordinal);
        Assert.DoesNotContain("nothing", html, StringComparison.Ordinal);
        Assert.Contains("<a href=\"#s0\">there</a>", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("peakBytes", "30010000", "28.62 MiB")]
    [InlineData("macsBefore", "2372428431360", "2.372 TMACs")]
    [InlineData("stepMs", "245.12", "245.1 ms")]
    [InlineData("elapsedMs", "7384000", "2:03:04")]
    [InlineData("shareOfCacheEvaluations", "0.30625", "30.6 %")]
    [InlineData("psnr", "45.218", "45.22 dB")]
    [InlineData("seed", "18446744073709551615", "18446744073709551615")]
    [InlineData("lambda", "5e-9", "5e-9")]
    [InlineData("images", "10000", "10,000")]
    [InlineData("classes", "[0,1,2]", "0, 1, 2")]
    public void Values_have_the_unit_that_their_name_says(string key, string json, string expected) =>
        Assert.Equal(expected, ReportWords.Value(key, System.Text.Json.JsonElement.Parse(json)));

    [Theory]
    [InlineData("cacheEvaluations", "cache evaluations")]
    [InlineData("--ema-warm-up", "ema warm up")]
    [InlineData("macsBefore", "MACs before")]
    [InlineData("cfgScale", "guidance scale")]
    public void Names_are_words(string key, string expected) => Assert.Equal(expected, ReportWords.Name(key));

    [Fact]
    public void A_command_line_is_quoted_for_a_shell() => Assert.Equal(
        @"l2c sample --ckpt 'my model.pt' --cache interval:2 --out 'it'\''s $HOME.png' ''",
        CommandWords.Line(["sample", "--ckpt", "my model.pt", "--cache", "interval:2", "--out", "it's $HOME.png", ""]));

    [Fact]
    public void Settings_become_the_command_that_trains_again()
    {
        SortedDictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["--ckpt"] = "8x128x2/4, MLP ratio 4, weights 0123", ["--data"] = "image-free", ["--device"] = "cpu, AVX-512, fp32", ["--l1"] = "5E-06",
            ["--ste-threshold"] = "", ["--ema-warm-up"] = "", ["--checkpointing"] = "on", ["threshold"] = "0.1",
        };
        Assert.Equal(
            "l2c train-router --checkpointing --ckpt CHECKPOINT --image-free --device cpu --ema-warm-up off --l1 5E-06 --threshold 0.1 --max-steps 60",
            CommandWords.OfTraining("train-router", settings, 60, isOfDemo: false));
        Assert.Equal(("shapes2:3", "DATA"), (CommandWords.Data("shapes2, seed 3"), CommandWords.Data("folder of 7 files")));
        Assert.DoesNotContain("--ckpt ", CommandWords.OfTraining("train-router", settings, null, isOfDemo: true), StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_does_not_depend_on_the_culture()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        string path = Path.Combine(Path.GetTempPath(), $"l2c-{Guid.NewGuid():N}.json");
        File.WriteAllText(path, """{"attn":[1,0,1,0],"mlp":[1,1,1,0]}""", new UTF8Encoding(false));
        try
        {
            string first = HtmlReport.Of(new ReportRequest(path)).Html;
            var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            (comma.NumberFormat.NumberDecimalSeparator, comma.NumberFormat.NumberGroupSeparator) = (",", ".");
            CultureInfo.CurrentCulture = comma;
            Assert.Equal(first, HtmlReport.Of(new ReportRequest(path)).Html);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
            File.Delete(path);
        }
    }
}
