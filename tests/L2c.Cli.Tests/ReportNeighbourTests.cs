using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary><c>l2c report</c>: which files beside the target belong to it, and commands that repeat what they say.</summary>
public sealed class ReportNeighbourTests : IDisposable
{
    private readonly CliRunner _cli = new();
    private string? _checkpoint;

    [Fact]
    public void The_demo_models_own_router_is_found_again_by_the_command_without_its_name()
    {
        string picture = _cli.PathOf("demo.png");
        Assert.Equal(0, _cli.Run("sample", "-n", "1", "--device", "cpu", "--no-progress", "-o", picture).Code);
        string html = Report(picture);
        Assert.Contains("l2c sample --sampler ddim --steps 20", html, StringComparison.Ordinal);
        Assert.DoesNotContain("--router", html, StringComparison.Ordinal);
        Assert.Equal(0, _cli.Run("sample", "-n", "1", "--device", "cpu", "--no-progress", "-o", picture, "--force", "--router", DemoModel.RouterPath, "--threshold", "0.2").Code);
        File.Delete(Path.ChangeExtension(picture, ".html"));
        Assert.Contains("--router shapes-dit8-router20.safetensors --threshold 0.2", Report(picture), StringComparison.Ordinal);
    }

    [Fact]
    public void A_result_of_an_earlier_run_in_the_folder_goes_when_another_begins()
    {
        string run = _cli.PathOf("run"), result = Path.Combine(run, "result.json");
        Train(run, "--save-result");
        Train(run, "--force", "--lr", "1e-3");
        Assert.False(File.Exists(result));
        string html = Report(run);
        Assert.Contains("--lr 0.001", html, StringComparison.Ordinal);
        Assert.Contains("Logs and states hold no times.", html, StringComparison.Ordinal);

        Train(run, "--force", "--save-result");
        Train(run, "--resume-from-checkpoint", "latest", "--max-steps", "10");
        Assert.False(File.Exists(result));

        // Alone in a folder it would be taken for the new run's, too.
        Train(_cli.PathOf("other"), "--save-result");
        string alone = Directory.CreateDirectory(_cli.PathOf("alone")).FullName;
        File.Copy(Path.Combine(_cli.PathOf("other"), "result.json"), Path.Combine(alone, "result.json"));
        _cli.Run(TrainingRuns.Model(alone)).MustFail(1, "result.json exists");
    }

    [Fact]
    public void A_result_that_is_not_of_a_training_run_is_kept_and_left_out()
    {
        string run = _cli.PathOf("run"), result = Path.Combine(run, "result.json");
        Directory.CreateDirectory(run);
        foreach (string foreign in (string[])["mine", """{"stepsDone":"all","arguments":["train"]}"""])
        {
            File.WriteAllText(result, foreign);
            _cli.Run(TrainingRuns.Model(run, "--save-result", "--resume-from-checkpoint", "latest")).MustFail(1, "result.json exists");
            Train(run, "--force");
            _cli.Run(TrainingRuns.Model(run, "--save-result", "--resume-from-checkpoint", "latest", "--max-steps", "10")).MustFail(1, "result.json exists");
            Assert.Equal(foreign, File.ReadAllText(result));
            string html = Report(run);
            Assert.Contains("result.json", html, StringComparison.Ordinal);
            Assert.Contains("left out", html, StringComparison.Ordinal);
        }

        Train(run, "--force", "--save-result");
        Assert.Contains("per step", Report(run), StringComparison.Ordinal);
    }

    [Fact]
    public void What_no_command_makes_has_none()
    {
        string run = _cli.PathOf("run");
        Train(run, "--sample-every", "4");
        string html = Report(Path.Combine(run, "samples", "000004.png"));
        Assert.DoesNotContain("l2c sample", html, StringComparison.Ordinal);
        Assert.Contains("step 4 of a training run", html, StringComparison.Ordinal);

        WritePng("own.png", """{"model":"DiT-S/8","checkpoint":"m.st","sampler":"ddim","steps":"4","cache":"every other MLP","images":3}""");
        html = Report(_cli.PathOf("own.png"));
        Assert.DoesNotContain("l2c sample --", html, StringComparison.Ordinal);
        Assert.Contains("every other MLP is a schedule of a program", html, StringComparison.Ordinal);
    }

    [Fact]
    public void The_command_of_an_image_with_the_noise_of_torch_makes_it_again()
    {
        Sample("a.png", "--rng", "torch", "--separate");
        Repeat(Report(_cli.PathOf("a-001.png")), "b.png");
        Assert.Equal(File.ReadAllBytes(_cli.PathOf("a-001.png")), File.ReadAllBytes(_cli.PathOf("b-001.png")));
    }

    [Fact]
    public void The_command_of_a_network_without_classes_names_none()
    {
        _checkpoint = TinyModel.Write(
            _cli.PathOf("model.st"),
            TinyModel.LongSkips with { Name = "bare", NumClasses = 0, HasNullClass = false, ClassNames = [], FinalConv = true });
        Sample("a.png");
        string html = Report(_cli.PathOf("a.png"), "--ckpt", _checkpoint);
        Assert.DoesNotContain("--classes", html, StringComparison.Ordinal);
        Repeat(html, "b.png");
        Assert.Equal(File.ReadAllBytes(_cli.PathOf("a.png")), File.ReadAllBytes(_cli.PathOf("b.png")));
        Assert.Contains("Omit --classes if the network has no classes.", Report(_cli.PathOf("a.png")), StringComparison.Ordinal);
    }

    [Fact]
    public void Images_of_other_runs_are_not_shown_as_the_same_one()
    {
        Sample("a.png", "--separate");
        Make();
        Assert.Equal(0, _cli.Run(
            "sample", "--ckpt", _checkpoint!, "--steps", "4", "--count", "5", "--device", "cpu", "--separate", "--out", _cli.PathOf("a-b.png")).Code);
        Sample("other.png", "--separate", "--seed", "5");
        File.Copy(_cli.PathOf("other-002.png"), _cli.PathOf("a-0002.png"));
        File.WriteAllBytes(_cli.PathOf("a-004.png"), File.ReadAllBytes(_cli.PathOf("a-000.png"))[..60]);
        string html = Report(_cli.PathOf("a-001.png"));
        Shows(html, "a-000.png", "a-001.png", "a-002.png");
        Lacks(html, "a-b-004.png", "a-0002.png");
        Assert.Contains("a-004.png", html, StringComparison.Ordinal);
        Assert.Contains("left out", html, StringComparison.Ordinal);

        // A single one is not the picture that has its name without the number.
        File.Copy(_cli.PathOf("other-001.png"), _cli.PathOf("s-001.png"));
        File.Copy(_cli.PathOf("a-001.png"), _cli.PathOf("s.png"));
        html = Report(_cli.PathOf("s-001.png"));
        Shows(html, "s-001.png");
        Lacks(html, "s.png");
    }

    [Fact]
    public void A_comparison_is_known_by_what_it_says_and_not_by_its_name()
    {
        Sample("x-compare.png", "--cache", "interval:2", "--save-result");
        Sample("x.png", "--seed", "9");
        foreach (string target in (string[])["x-compare.png", "x-compare.json"])
        {
            string html = Report(_cli.PathOf(target));
            Shows(html, "x-compare.png");
            Lacks(html, "x.png");
            Assert.Contains("memory on the device at most", html, StringComparison.Ordinal);
        }

        Lacks(Report(_cli.PathOf("x.png")), "x-compare.png");

        Sample("y.png", "--cache", "interval:2", "--compare");
        File.WriteAllBytes(_cli.PathOf("y.png"), File.ReadAllBytes(_cli.PathOf("y.png"))[..60]);
        string beside = Report(_cli.PathOf("y-compare.png"));
        Shows(beside, "y-compare.png");
        Assert.Matches("y\\.png[^<]*left out", beside);
    }

    [Fact]
    public void A_log_is_read_up_to_its_last_whole_row_and_needs_a_loss()
    {
        string run = Directory.CreateDirectory(_cli.PathOf("run")).FullName, log = Path.Combine(run, "log.csv");
        File.WriteAllText(log, "step,loss,mse\n10,0.5,1\n20,0.25,1\n30,0.");
        Assert.Contains("0.25", Report(run), StringComparison.Ordinal);
        File.WriteAllText(log, "step\n1\n2\n");
        _cli.Run("report", run, "--force").MustFail(4, log);
    }

    [Fact]
    public void The_bar_of_times_counts_planning_once()
    {
        Sample("a.png", "--save-result");
        JsonNode result = JsonNode.Parse(File.ReadAllText(_cli.PathOf("a.json")))!;
        (result["startMs"], result["planMs"], result["sampleMs"], result["elapsedMs"]) = (3000, 1000, 7000, 10000);
        File.WriteAllText(_cli.PathOf("a.json"), result.ToJsonString());
        string html = Report(_cli.PathOf("a.png"));
        string start = Regex.Match(html, "start, opening and loading<b>([0-9.]+) s</b>").Groups[1].Value;
        Assert.Equal(2, double.Parse(start, CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("0.8400,0.8600", true)]
    [InlineData("0.6000,1.2000", false)]
    public void A_share_of_the_time_is_claimed_where_its_interval_leaves_out_1(string interval, bool claimed)
    {
        string table = _cli.PathOf("sweep.csv");
        File.WriteAllText(
            table,
            $"""
            {SweepRecord.Header}
            none,,20,2221998080,1.000000,44.978,1.0000,0.9900,1.0100,0.494353,0.467637,0.515322,0.000000,
            learned,r@0.1,20,1883308032,0.847574,19.365,0.8478,{interval},0.501508,0.474756,0.523959,0.019878,44.1662

            """.ReplaceLineEndings("\n"));
        string html = Report(table);
        Assert.Equal(claimed, html.Contains("of the time, measured", StringComparison.Ordinal));
        Assert.Equal(claimed ? 2 : 1, Regex.Count(html, Regex.Escape($"({interval.Replace(",", " .. ", StringComparison.Ordinal)})"))); // its row has it
    }

    [Fact]
    public void A_share_of_the_time_without_an_interval_is_not_claimed_and_damaged_settings_are_left_out()
    {
        string source = Path.Combine(RepositoryPaths.Root!, "bench", "results", "sweep-demo.csv");
        File.Copy(source, _cli.PathOf("sweep.csv"));
        foreach (string damaged in (string[])["{", """{"routers":{},"parameters":{}}"""])
        {
            File.WriteAllText(_cli.PathOf("sweep.json"), damaged);
            string html = Report(_cli.PathOf("sweep.csv"));
            Assert.DoesNotContain("of the time, measured", html, StringComparison.Ordinal);
            Assert.Contains("sweep.json does not hold the settings of a sweep, and is left out.", html, StringComparison.Ordinal);
        }
    }

    public void Dispose() => _cli.Dispose();

    private void Train(string folder, params string[] options)
    {
        CliResult result = _cli.Run(TrainingRuns.Model(folder, options));
        Assert.True(result.Code == 0, result.Err);
    }

    private void Make() => _checkpoint ??= TinyModel.Write(_cli.PathOf("model.st"), TinyModel.Pixels);

    private void Sample(string picture, params string[] options)
    {
        Make();
        CliResult result = _cli.Run(["sample", "--ckpt", _checkpoint!, "--steps", "4", "--count", "3", "--device", "cpu", "--out", _cli.PathOf(picture), .. options]);
        Assert.True(result.Code == 0, result.Err);
    }

    private string Report(string target, params string[] options)
    {
        CliResult result = _cli.Run(["report", target, "--out", _cli.PathOf("page.html"), "--force", .. options]);
        Assert.True(result.Code == 0, result.Err);
        return File.ReadAllText(_cli.PathOf("page.html"));
    }

    private void Repeat(string html, string picture)
    {
        string command = System.Net.WebUtility.HtmlDecode(Regex.Match(html, "<code>(l2c sample [^<]*)</code>").Groups[1].Value);
        string[] words = [.. command.Split(' ').Skip(1).Select(word => word == "model.st" ? _checkpoint! : word)];
        CliResult again = _cli.Run([.. words, "--device", "cpu", "--out", _cli.PathOf(picture)]);
        Assert.True(again.Code == 0, again.Err);
    }

    private void Shows(string html, params string[] pictures) =>
        Assert.All(pictures, name => Assert.Contains(Base64(name), html, StringComparison.Ordinal));

    private void Lacks(string html, params string[] pictures) =>
        Assert.All(pictures, name => Assert.DoesNotContain(Base64(name), html, StringComparison.Ordinal));

    private string Base64(string picture) => Convert.ToBase64String(File.ReadAllBytes(_cli.PathOf(picture)));

    private void WritePng(string name, string parameters)
    {
        using MemoryStream stream = new();
        PngWriter.Write(stream, new RgbImage(4, 4), "l2c", parameters);
        File.WriteAllBytes(_cli.PathOf(name), stream.ToArray());
    }
}
