using System.Globalization;
using System.Text.RegularExpressions;
using L2c.Testing;

namespace L2c.Bench.Tests;

/// <summary>Which steps dev/gpu/run.sh starts, in which order, and what it says of the others. Time is what the test says it is.</summary>
public sealed partial class GpuPlanTests : IDisposable
{
    private readonly GpuKit _kit = new();

    [Fact]
    public void The_first_size_and_number_of_images_come_first_and_nothing_compiles_before_all_that_does_not()
    {
        Assert.Equal(0, _kit.Run("--minutes 30 --only bench,peer --sizes 256,512 --images 8 --out 1").Code);
        string[] names = [.. _kit.Steps("1").Select(step => step[0])];
        Assert.Equal(
            [
                "bench.forward.256.8", "bench.sample.256.8.20", "bench.sample.256.8.50", "peer.eager.256.8",
                "bench.forward.512.8", "bench.sample.512.8.20", "bench.sample.512.8.50", "peer.eager.512.8",
                "peer.compiled.256.8", "peer.products.256.8", "peer.sample.256.8",
                "peer.compiled.512.8", "peer.products.512.8", "peer.sample.512.8",
                "bench.uvit-forward.256.8", "bench.uvit-sample.256.8.50",
                "bench.untuned.256.8", "bench.apart.256.8", "bench.untuned.512.8", "bench.apart.512.8",
            ],
            names);
        Assert.All(_kit.Steps("1"), step => Assert.Equal("ok", step[1]));
        Assert.Contains("--parts rates,eager", Command("dit_torch.py"), StringComparison.Ordinal);
        Assert.Matches("^env L2C_CACHE=[^ ]*/untuned ", Command("--batch 16", "env ")); // choices that won a race are not untuned
    }

    [Theory]
    [InlineData(8, 10, 10)]
    [InlineData(8, 40, 150)]
    [InlineData(9, 25, 400)]
    [InlineData(3, 100, 100)]
    [InlineData(1, 10, 10)]
    public void A_call_ends_within_its_minutes_starts_nothing_longer_than_what_is_left_and_says_what_it_left_out(int minutes, int each, int compiling)
    {
        _kit.Takes("*", each);
        _kit.Takes("*--parts [cps]*", compiling);
        _kit.Run($"--minutes {minutes} --out 1");
        Assert.InRange(_kit.Clock, 0, (60 * minutes) - 10);
        Assert.StartsWith("gpu-results ", _kit.Report, StringComparison.Ordinal);

        IReadOnlyList<string[]> steps = _kit.Steps("1");
        Assert.Equal(5 + (6 * 9) + (3 * 2), steps.Select(step => step[0]).Distinct().Count());
        Assert.All(_kit.Started, start => Assert.InRange(start.Second + start.Limit, 1, (60 * minutes) - 10));
        foreach (string[] step in steps.Where(step => step is [_, "cut", "0", _]))
        {
            Match note = NotStarted().Match(step[3]);
            Assert.True(note.Success && Seconds(note, 1) > Seconds(note, 2), step[3]);
        }

        Assert.Equal(steps.Count(step => step is not [_, "cut", "0", _]), _kit.Started.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(9)]
    public void What_takes_no_longer_than_stated_is_never_cut_once_it_was_started(int minutes)
    {
        foreach ((string pattern, int seconds) in ((string, int)[])
            [("*", 60), ("*l2c bench*", 15), ("*rates*", 35), ("*parts products*", 60), ("*parts compiled*", 120), ("*parts sample*", 80)])
        {
            _kit.Takes(pattern, seconds);
        }

        _kit.Run($"--minutes {minutes} --only goldens,bench,peer --out 1");
        Assert.Equal(_kit.Started.Count, _kit.Steps("1").Count(step => step[1] == "ok"));
        Assert.Contains(_kit.Steps("1"), step => step is [_, "cut", "0", _]);
    }

    [Fact]
    public void The_first_compilation_tells_what_the_others_take()
    {
        // Stated are 122 s, 128 s and 152 s.
        const string Call = "--minutes 15 --only peer --sizes 256,512,1024 --images 8 --out 1";
        _kit.Takes("*--parts compiled*", 300);
        _kit.Run(Call);
        Assert.Equal(["ok", "ok", "cut"], StatusOf("peer.compiled"));
        Assert.Contains("takes about 428 s", _kit.Steps("1").Single(step => step[0] == "peer.compiled.1024.8")[3], StringComparison.Ordinal);

        _kit.Takes("*--parts compiled*", 20);
        _kit.Run(Call);
        Assert.Equal(["ok", "ok", "ok"], StatusOf("peer.compiled"));
    }

    [Fact]
    public void A_compilation_without_an_end_costs_the_peer_alone()
    {
        _kit.Takes("*--parts compiled*", 100_000);
        Assert.Equal(0, _kit.Run("--minutes 8 --only bench,peer --sizes 256 --images 8 --out 1").Code);
        Assert.Equal(["cut"], StatusOf("peer.compiled"));
        Assert.Equal(["ok", "ok", "ok", "ok"], _kit.Steps("1").Take(4).Select(step => step[1]));
        Assert.InRange(_kit.Clock, 300, 470);
    }

    [Fact]
    public void A_call_goes_on_where_an_earlier_one_ended_and_plans_by_what_that_measured()
    {
        _kit.Takes("*--parts compiled*", 60);
        _kit.Run("--minutes 3 --only bench,peer --sizes 256 --images 8 --out 1");
        string[] done = [.. _kit.Steps("1").Where(step => step[1] == "ok").Select(step => step[0])];
        Assert.Contains("peer.compiled.256.8", done);
        Assert.Contains("bench.untuned.256.8", done);
        Assert.Equal(["cut"], StatusOf("peer.sample"));

        (int code, string output) = _kit.Run("--minutes 9 --only bench,peer --sizes 256,512 --images 8 --continue 1 --out 2");
        Assert.Equal(0, code);
        string[] then = [.. _kit.Steps("2").Select(step => step[0])];
        Assert.Empty(done.Intersect(then));
        Assert.Equal(20, done.Union(then).Count());
        Assert.All(_kit.Steps("2"), step => Assert.Equal("ok", step[1]));
        Assert.Contains("run.sh: peer.compiled.256.8: done by an earlier call", output, StringComparison.Ordinal);
        Assert.Contains("run.sh: planned: peer.compiled.512.8, 76 s", output, StringComparison.Ordinal); // 60 s, and a fifth, 128 / 122 times
        Assert.Matches("^gpu-results .*/2/earlier/0 .*/2/raw --out ", _kit.Report);

        Assert.Equal(2, _kit.Run("--only bench --continue nowhere --out 3").Code);
        Assert.Equal(2, _kit.Run("--only bench --continue 2 --out 2").Code);
    }

    [Fact]
    public void The_calls_of_the_manual_have_room_for_what_they_are_for()
    {
        string manual = File.ReadAllText(Path.Combine(RepositoryPaths.Root!, "dev", "gpu", "README.md"));
        string[] calls = [.. Calls().Matches(manual).Select(call => Earlier().Replace(call.Groups[1].Value, ""))];
        Assert.Equal(3, calls.Length);
        string[][] without = [.. calls.Select(call => MissingIn(_kit.Run($"{call} --plan").Out))];
        Assert.Empty(without[0]);
        Assert.All(without[1], step => Assert.Matches(@"^(peer\.(compiled|products|sample)\.512|bench\.(untuned|apart|uvit-\w+))\.", step));
        Assert.Empty(without[2]);
    }

    public void Dispose() => _kit.Dispose();

    private static int Seconds(Match note, int group) => int.Parse(note.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    private static string[] MissingIn(string output)
    {
        Assert.Contains("planned: ", output, StringComparison.Ordinal);
        return [.. NoTime().Matches(output).Select(line => line.Groups[1].Value)];
    }

    private string[] StatusOf(string kind) =>
        [.. _kit.Steps("1").Where(step => step[0].StartsWith($"{kind}.", StringComparison.Ordinal)).Select(step => step[1])];

    private string Command(params string[] parts) =>
        _kit.Started.First(start => parts.All(part => start.Command.Contains(part, StringComparison.Ordinal))).Command;

    [GeneratedRegex(@"^not started: takes about (\d+) s, (-?\d+) s were left$")]
    private static partial Regex NotStarted();

    [GeneratedRegex(@"^ +l2c-gpu/run\.sh (--minutes .*)$", RegexOptions.Multiline)]
    private static partial Regex Calls();

    [GeneratedRegex("--continue [^ ]+")]
    private static partial Regex Earlier();

    [GeneratedRegex(@"no time: ([^,]+), ")]
    private static partial Regex NoTime();
}
