using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using L2c.Testing;
using L2c.Weights.Safetensors;

namespace L2c.Cli.Tests;

/// <summary><c>l2c report</c>: what a page holds of each kind of target, and how it fails.</summary>
public sealed partial class ReportTests : IDisposable
{
    private readonly CliRunner _cli = new();
    private string? _checkpoint;

    [Fact]
    public void A_picture_alone_gives_its_settings_the_plan_and_the_command()
    {
        Sample("a.png", "--cache", "interval:2", "--seed", "7");
        CliResult result = _cli.Run("report", _cli.PathOf("a.png"), "--ckpt", _checkpoint!);
        Assert.True(result.Code == 0, result.Err);
        Assert.StartsWith($"{_cli.PathOf("a.html")}: sampling run, ", result.Out, StringComparison.Ordinal);
        string html = Page("a.html");
        Assert.Contains(Convert.ToBase64String(File.ReadAllBytes(_cli.PathOf("a.png"))), html, StringComparison.Ordinal);
        Assert.Contains("<dt>seed</dt><dd>7</dd>", html, StringComparison.Ordinal);
        Assert.Contains("data:image/svg+xml;base64,", html, StringComparison.Ordinal); // the heat map
        Assert.Contains(
            "l2c sample --ckpt model.st --sampler ddim --steps 4 --cfg-scale 1.5 --seed 7 --cache interval:2 --classes 0,1,2 --count 3",
            html,
            StringComparison.Ordinal);
        Assert.Contains("4 ddim evaluations of 3 images", html, StringComparison.Ordinal); // the plan
        Assert.Contains("The picture holds no times.", html, StringComparison.Ordinal);
        AssertSelfContained(html);

        // Without the network there is no plan, and the page says so.
        Assert.Equal(0, _cli.Run("report", _cli.PathOf("a.png"), "--out", _cli.PathOf("b.html")).Code);
        Assert.Contains("The network tiny pixels is no published one: give its checkpoint with --ckpt", Page("b.html"), StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_command_of_a_page_says_makes_the_same_picture()
    {
        Sample("a.png", "--cache", "drop:top:1", "--seed", "3", "--guidance", "all", "--clip-denoised", "--sampler", "ddpm");
        Assert.Equal(0, _cli.Run("report", _cli.PathOf("a.png")).Code);
        string command = System.Net.WebUtility.HtmlDecode(Regex.Match(Page("a.html"), "<code>(l2c sample [^<]*)</code>").Groups[1].Value);
        string[] words = [.. command.Split(' ').Skip(1).Select(word => word == "model.st" ? _checkpoint! : word)];
        CliResult again = _cli.Run([.. words, "--device", "cpu", "--out", _cli.PathOf("b.png")]);
        Assert.True(again.Code == 0, again.Err);
        Assert.Equal(File.ReadAllBytes(_cli.PathOf("a.png")), File.ReadAllBytes(_cli.PathOf("b.png")));
    }

    [Fact]
    public void A_saved_result_adds_times_memory_the_schedule_and_the_command_as_it_was_typed()
    {
        string router = _cli.PathOf("my router.st");
        SafetensorsData.Write(router, [("logits", new long[] { 4, 4 }, [.. Enumerable.Range(0, 16).Select(i => i % 2 == 0 ? -9f : 9f)])], null, overwrite: false);
        Sample("a.png", "--router", router, "--compare", "--save-result");
        Assert.Equal(["a-compare.png", "a.json", "a.png", "model.st", "my router.st"], _cli.Files());
        var saved = JsonElement.Parse(File.ReadAllText(_cli.PathOf("a.json")));
        Assert.Equal("sample", saved.GetProperty("arguments")[0].GetString());
        Assert.Equal(router, saved.GetProperty("arguments").EnumerateArray().Select(word => word.GetString()).SkipWhile(word => word != "--router").ElementAt(1));
        Assert.Equal(_cli.PathOf("a.json"), saved.GetProperty("files")[2].GetString());
        Assert.Equal("l2c-schedule/1", saved.GetProperty("schedule").GetProperty("format").GetString());
        Assert.True(saved.GetProperty("peakBytes").GetInt64() > 0);

        File.Delete(router); // the schedule is in the result
        foreach (string target in (string[])["a.png", "a.json", "a-compare.png"])
        {
            CliResult result = _cli.Run("report", _cli.PathOf(target), "--out", _cli.PathOf("page.html"), "--force");
            Assert.True(result.Code == 0, result.Err);
            string html = Page("page.html");
            Assert.Contains("PSNR against no caching", html, StringComparison.Ordinal);
            Assert.Contains("memory on the device at most", html, StringComparison.Ordinal);
            Assert.Contains("<dt>sampling, planning included</dt>", html, StringComparison.Ordinal);
            Assert.Contains("<td class=\"words\">attention product MACs</td>", html, StringComparison.Ordinal);
            Assert.Contains(Convert.ToBase64String(File.ReadAllBytes(_cli.PathOf("a-compare.png"))), html, StringComparison.Ordinal);
            Assert.Contains("50.0 %", html, StringComparison.Ordinal); // of the cache evaluations' branches, from the saved schedule
            Assert.Contains("--router &#39;", html, StringComparison.Ordinal); // quoted: its name has a space
            Assert.Contains("As it was typed; saved in a.json.", html, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Saving_a_result_overwrites_nothing_and_is_not_for_sets()
    {
        File.WriteAllText(_cli.PathOf("a.json"), "mine");
        Make();
        string[] sample = ["sample", "--ckpt", _checkpoint!, "--steps", "2", "--count", "1", "--save-result", "--device", "cpu", "--out"];
        _cli.Run([.. sample, _cli.PathOf("a.png")]).MustFail(1, "a.json exists");
        Assert.Equal("mine", File.ReadAllText(_cli.PathOf("a.json")));
        Assert.False(File.Exists(_cli.PathOf("a.png")));
        _cli.Run([.. sample, _cli.PathOf("a.npz")]).MustFail(2, "--save-result");
    }

    [Fact]
    public void A_result_of_another_picture_and_a_damaged_one_are_left_out_and_named()
    {
        Sample("a.png", "--cache", "interval:2");
        File.WriteAllText(_cli.PathOf("a.json"), """{"sampler":"ddim","files":["other.png"],"peakBytes":5}""");
        Assert.Equal(0, _cli.Run("report", _cli.PathOf("a.png")).Code);
        Assert.Contains("a.json is the result of another picture, and is left out.", Page("a.html"), StringComparison.Ordinal);
        Assert.DoesNotContain("memory on the device", Page("a.html"), StringComparison.Ordinal);
        File.WriteAllText(_cli.PathOf("a.json"), "{\"sampler\":");
        Assert.Equal(0, _cli.Run("report", _cli.PathOf("a.png"), "--force").Code);
        Assert.Contains("is not valid JSON", Page("a.html"), StringComparison.Ordinal);
    }

    [Fact]
    public void Separate_images_are_shown_together()
    {
        Sample("a.png", "--separate");
        Assert.Equal(0, _cli.Run("report", _cli.PathOf("a-001.png")).Code);
        string html = Page("a-001.html");
        foreach (string name in (string[])["a-000.png", "a-001.png", "a-002.png"])
        {
            Assert.Contains(Convert.ToBase64String(File.ReadAllBytes(_cli.PathOf(name))), html, StringComparison.Ordinal);
        }

        Assert.Contains("--classes 1 --count 2 --separate", html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sweep_has_its_plot_and_every_row()
    {
        string folder = Directory.CreateDirectory(_cli.PathOf("sweep")).FullName, table = Path.Combine(folder, "sweep.csv");
        string source = Path.Combine(RepositoryPaths.Root!, "bench", "results", "sweep-demo");
        File.Copy($"{source}.csv", table);
        Assert.Equal(0, _cli.Run("report", folder).Code);
        string html = File.ReadAllText(Path.Combine(folder, "report.html"));
        Assert.Contains("the settings are not beside the table", html, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllLines(table).Length - 1, Regex.Count(html, "<td class=\"words\">(none|learned|steps|interval|random|top|bottom|deepcache|drop)</td>"));

        File.Copy($"{source}.json", Path.Combine(folder, "sweep.json"));
        Assert.Equal(0, _cli.Run("report", table, "--out", _cli.PathOf("s.html")).Code);
        html = Page("s.html");
        Assert.Contains("shapes-dit8, 20 steps, 10000 samples against shapes, seed 1", html, StringComparison.Ordinal);
        Assert.Contains("<td class=\"words\">output-5e-6.safetensors@0.1</td><td>20</td><td>1.883 GMACs</td><td>0.8476</td><td>0.8478", html, StringComparison.Ordinal);
        Assert.Contains(
            "--thresholds 0.1 --steps 20 --cfg-scale 1.5 --seed 0 --count 10000 --data shapes:1 --data-count 10000 --batch 8", html, StringComparison.Ordinal);
        AssertSelfContained(html);

        string[] lines = File.ReadAllLines(table);
        File.WriteAllText(table, $"{string.Join('\n', lines[..3])}\nlearned,r@0.1,20,18833"); // in writing
        Assert.Equal(0, _cli.Run("report", folder, "--force").Code);
        File.WriteAllText(table, $"{lines[0]}\n{lines[1]}\n{lines[2].Replace("0.847574", "many", StringComparison.Ordinal)}\n");
        _cli.Run("report", folder, "--force").MustFail(4, "line 3 is not a row of a sweep");
        File.WriteAllText(table, "a,b\n1,2\n");
        _cli.Run("report", folder, "--force").MustFail(4, "is not the table of a sweep");
        File.WriteAllText(table, $"{SweepRecord.Header}\n");
        _cli.Run("report", folder, "--force").MustFail(4, "has no row yet");
    }

    [Fact]
    public void A_router_and_a_schedule_are_shown_with_their_thresholds_and_use()
    {
        string router = _cli.PathOf("r.st");
        SafetensorsData.Write(router, [("logits", new long[] { 4, 16 }, [.. Enumerable.Range(0, 64).Select(i => i % 3 == 0 ? -9f : 9f)])], null, overwrite: false);
        CliResult result = _cli.Run("report", router);
        Assert.True(result.Code == 0, result.Err);
        string html = Page("r.html");
        Assert.Contains("counted for shapes-dit8, which is assumed", html, StringComparison.Ordinal);
        Assert.Equal(21, Regex.Count(html, "<td class=\"words\">[01]\\.[0-9]{2}</td>"));
        Assert.Contains("<tr class=\"marked\"><td class=\"words\">0.10</td>", html, StringComparison.Ordinal);
        Assert.Contains($"l2c sample --router {router} --threshold 0.1 --steps 4", html, StringComparison.Ordinal);
        Assert.Equal(0, _cli.Run("report", router, "--model", "8x64x2/4", "--threshold", "0.5", "--force").Code);
        Assert.Contains("counted for 8x64x2/4 256", Page("r.html"), StringComparison.Ordinal);
        _cli.Run("report", router, "--model", "DiT-XL/2", "--force").MustFail(2, "8 blocks");
        _cli.Run("report", router, "--threshold", "2", "--force").MustFail(2, "threshold 2");
        _cli.Run("report", router, "--heads", "2", "--force").MustFail(2, "give --ckpt");

        File.WriteAllText(_cli.PathOf("smooth.json"), """{"attn":[1,0,1,0],"mlp":[1,1,1,0]}""");
        Assert.Equal(0, _cli.Run("report", _cli.PathOf("smooth.json")).Code);
        html = Page("smooth.html");
        Assert.Contains("do not say for how many blocks", html, StringComparison.Ordinal);
        Assert.DoesNotContain("DiT-XL", html, StringComparison.Ordinal);
        _cli.Run("report", _cli.PathOf("smooth.json"), "--threshold", "0.5", "--force").MustFail(2, "--threshold does not apply");
    }

    [Fact]
    public void Metrics_and_other_results_become_figures_and_tables()
    {
        File.WriteAllText(
            _cli.PathOf("m.json"),
            """
            {"fid":2.27,"sfid":4.6,"inceptionScore":278.24,"precision":0.83,"recall":0.57,"samples":"a.npz",
            "ddim":[{"steps":5,"frechet":1.5},{"steps":10,"frechet":0.7}],"missing":{"x":"y"}}
            """);
        Assert.Equal(0, _cli.Run("report", _cli.PathOf("m.json")).Code);
        string html = Page("m.html");
        Assert.Contains("<dt>FID</dt><dd>2.27</dd>", html, StringComparison.Ordinal);
        Assert.Contains("<td class=\"words\">5</td><td>1.5</td>", html, StringComparison.Ordinal);
        Assert.Contains("<dt>x</dt><dd>y</dd>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Hostile_names_and_parameters_stay_text()
    {
        string name = "<script>alert(1)</script>".Replace('/', '\u2215');
        using (MemoryStream stream = new())
        {
            PngWriter.Write(
                stream,
                new RgbImage(4, 4),
                "l2c",
                """{"model":"\u003c/title\u003e\u003cscript\u003ealert(2)\u003c/script\u003e","checkpoint":"'; rm -rf ~; '","sampler":"ddim","steps":"4","""
                + """ "cache":"\u003cimg src=x onerror=alert(3)\u003e.json","images":3,"\u003cb\u003e":"\u202e"}""");
            File.WriteAllBytes(_cli.PathOf($"{name}.png"), stream.ToArray());
        }

        CliResult result = _cli.Run("report", _cli.PathOf($"{name}.png"), "--model", "DiT-S/2");
        Assert.True(result.Code == 0, result.Err);
        string html = Page($"{name}.html");
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<img src=x", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>", html[html.IndexOf("<body>", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.DoesNotContain('\u202e', html);
        Assert.Contains("--ckpt &#39;&#39;\\&#39;&#39;; rm -rf ~; &#39;\\&#39;&#39;&#39;", html, StringComparison.Ordinal);
        AssertSelfContained(html);
    }

    [Fact]
    public void Nothing_is_overwritten_and_wrong_targets_are_told_apart()
    {
        Sample("a.png", "--cache", "interval:2");
        File.WriteAllText(_cli.PathOf("a.html"), "mine");
        _cli.Run("report", _cli.PathOf("a.png")).MustFail(1, "--force");
        Assert.Equal("mine", File.ReadAllText(_cli.PathOf("a.html")));
        Assert.Equal(0, _cli.Run("report", _cli.PathOf("a.png"), "--force").Code);
        _cli.Run("report", _cli.PathOf("a.png"), "--out", _cli.PathOf("b.pdf")).MustFail(2, "name a .html file");
        _cli.Run("report", _cli.PathOf("a.html"), "--out", _cli.PathOf("a.html"), "--force").MustFail(2, "is an input");
        _cli.Run("report", _cli.PathOf("missing.png")).MustFail(1, "missing.png");
        _cli.Run("report", _checkpoint!).MustFail(4, "is no router");
        _cli.Run("report", "").MustFail(2, "TARGET is empty");
        _cli.Run("report").MustFail(2, "l2c report --help");
        byte[] damaged = File.ReadAllBytes(_cli.PathOf("a.png"));
        damaged[60] ^= 1;
        File.WriteAllBytes(_cli.PathOf("d.png"), damaged);
        _cli.Run("report", _cli.PathOf("d.png")).MustFail(4, "wrong checksum");
        Assert.False(File.Exists(_cli.PathOf("d.html")));
        using MemoryStream plain = new();
        PngWriter.Write(plain, new RgbImage(4, 4), "other", "text");
        File.WriteAllBytes(_cli.PathOf("p.png"), plain.ToArray());
        _cli.Run("report", _cli.PathOf("p.png")).MustFail(4, "holds no sampling parameters");
        Assert.Equal(0, _cli.Run("inspect", Schedule(), "--plot", _cli.PathOf("plot.png")).Code);
        _cli.Run("report", _cli.PathOf("plot.png")).MustFail(4, "is a plot");
        File.WriteAllText(_cli.PathOf("x.json"), "[1]");
        _cli.Run("report", _cli.PathOf("x.json")).MustFail(4, _cli.PathOf("x.json"));
        File.WriteAllText(_cli.PathOf("y.json"), "{}");
        _cli.Run("report", _cli.PathOf("y.json")).MustFail(4, _cli.PathOf("y.json"));
    }

    public void Dispose() => _cli.Dispose();

    private static void AssertSelfContained(string html)
    {
        Assert.DoesNotMatch(@"<script|<link|<iframe|@import|@font-face|url\(", html);
        Assert.DoesNotMatch(@"(src|href)=""(?!data:|#)", html);
    }

    private string Schedule()
    {
        string path = _cli.PathOf("s.json");
        File.WriteAllText(path, """{"attn":[1,0],"mlp":[1,0]}""", new UTF8Encoding(false));
        return path;
    }

    private void Make() => _checkpoint ??= TinyModel.Write(_cli.PathOf("model.st"), TinyModel.Pixels);

    private void Sample(string picture, params string[] options)
    {
        Make();
        CliResult result = _cli.Run(["sample", "--ckpt", _checkpoint!, "--steps", "4", "--count", "3", "--device", "cpu", "--out", _cli.PathOf(picture), .. options]);
        Assert.True(result.Code == 0, result.Err);
    }

    private string Page(string name) => File.ReadAllText(_cli.PathOf(name));
}
