using System.CommandLine;
using L2c.Cli.Tests.Evaluation;
using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary>Every option of every command, as the program itself lists them, with values that nobody would want.</summary>
public sealed class OptionValueTests : IDisposable
{
    private static readonly int[] _documented = [0, 1, 2, 3, 4, 130];

    private static readonly string[] _numbers =
        ["", "x", "NaN", "-1", "0", "1", "3", "1.5", "1e999", "2147483647", "2147483648", "99999999999999999999", "∞", "0x10"];

    private readonly CliRunner _cli = new();
    private readonly string _model, _images;

    public OptionValueTests()
    {
        _model = TinyModel.Write(_cli.PathOf("m.st"), TrainingRuns.Network);
        _images = EvaluationRuns.Write(_cli.PathOf("i.st"), EvaluationRuns.Pixels(2, 8, seed: 1), 8);
        File.WriteAllText(_cli.PathOf("text.json"), "{\"a\": null}");
    }

    public static TheoryData<string> Commands =>
        [.. Leaves(Tree(), "").Select(leaf => leaf.Words).Order(StringComparer.Ordinal)];

    [Fact]
    public void The_commands_are_those_that_have_a_base_here() =>
        Assert.Equal(
            [
                "bench forward", "bench sample", "calibrate", "completion", "devices", "encode", "evaluate", "fit-forecast", "gather", "help",
                "inspect", "kernels list", "kernels show", "methods", "metrics", "plan", "profile", "report", "sample", "sweep", "train", "train-router",
            ],
            Commands.Select(row => row.Data));

    [Theory]
    [MemberData(nameof(Commands))]
    public void An_empty_value_of_an_option_is_a_wrong_command_line(string words)
    {
        Command command = Leaves(Tree(), "").Single(leaf => leaf.Words == words).Command;
        foreach (Option option in command.Options.Where(TakesValue))
        {
            CliResult result = _cli.Run(With(words, option.Name, ""));
            Assert.True(result.Code == 2, $"{words} {option.Name} '': {result.Code} {result.Err}");
            AssertOneLine(result, $"{words} {option.Name} ''");
            Assert.Contains(option.Name, result.Err, StringComparison.Ordinal);
        }

        foreach (Argument argument in command.Arguments)
        {
            CliResult result = _cli.Run([.. words.Split(' '), ""]);
            Assert.True(result.Code == 2, $"{words} '': {result.Code} {result.Err}");
            AssertOneLine(result, $"{words} {argument.Name} ''");
        }
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void An_absurd_value_of_an_option_ends_as_documented(string words)
    {
        Command command = Leaves(Tree(), "").Single(leaf => leaf.Words == words).Command;

        // Cancelled before it begins: what is not refused ends at once.
        CancellationToken cancelled = new(canceled: true);
        foreach (Option option in command.Options)
        {
            foreach (string? value in TakesValue(option) ? Values(option) : [null])
            {
                string what = $"{words} {option.Name} {value}";
                CliResult result = _cli.Run(cancelled, With(words, option.Name, value));
                Assert.True(_documented.Contains(result.Code), $"{what}: {result.Code} {result.Err}");
                if (result.Code is not (0 or 130))
                {
                    AssertOneLine(result, what);
                }

                Assert.False(result.Err.Contains("xception", StringComparison.Ordinal), $"{what}: {result.Err}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void An_absurd_argument_ends_as_documented(string words)
    {
        Command command = Leaves(Tree(), "").Single(leaf => leaf.Words == words).Command;
        foreach (string value in command.Arguments.Count > 0 ? Paths() : [])
        {
            CliResult result = _cli.Run([.. words.Split(' '), value]);
            if (words == "report" && value == _cli.PathOf("text.json"))
            {
                Assert.Equal(0, result.Code); // a result of nothing: a page of a table with one row
                continue;
            }

            Assert.True(result.Code is 1 or 2 or 4, $"{words} {value}: {result.Code} {result.Err}");
            AssertOneLine(result, $"{words} {value}");
        }
    }

    public void Dispose() => _cli.Dispose();

    private static RootCommand Tree() => Program.Tree(
        new Output.Terminal(TextWriter.Null, TextWriter.Null, Interactive: false, CancellationToken.None), EmulatedCuda.Missing, new Option<bool>("--debug"));

    private static IEnumerable<(string Words, Command Command)> Leaves(Command command, string words) => command.Subcommands.Count == 0
        ? [(words, command)]
        : command.Subcommands.SelectMany(sub => Leaves(sub, $"{words} {sub.Name}".TrimStart()));

    private static bool TakesValue(Option option) => option.Arity.MaximumNumberOfValues > 0 && option.ValueType != typeof(bool) && option.Name != "--help";

    private static void AssertOneLine(CliResult result, string what)
    {
        // Lines before it are notes.
        string[] lines = result.Err.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(lines.Length > 0 && lines[^1].StartsWith("l2c: error: ", StringComparison.Ordinal), $"{what}: {result.Err}");
        Assert.True(lines[..^1].All(line => line.StartsWith("l2c: note: ", StringComparison.Ordinal)), $"{what}: {result.Err}");
        Assert.False(lines[^1].Contains("xception", StringComparison.Ordinal), $"{what}: {result.Err}");
    }

    // Names that lead out of the test's folder would be created.
    private IEnumerable<string?> Values(Option option) => option.ValueType == typeof(string) || option.ValueType == typeof(string[])
        ? Paths().Concat(option.Name is "--out" or "--trace" or "--trajectory" or "--save-schedule" or "--plot" or "--keep" ? [] : Words())
        : _numbers;

    private IEnumerable<string> Paths() =>
    [
        "/dev/null", "/dev/full", "/proc/self/mem", _cli.Folder, _cli.PathOf("none/in/there"), _cli.PathOf("text.json"), _cli.PathOf("line\nbreak"),
        _cli.PathOf(new string('a', 300)), _cli.PathOf(new string('b', 5000)), _cli.PathOf("🙂\u202e.png"), _model + "/x",
    ];

    private static IEnumerable<string> Words() =>
        [.. _numbers, ",", ",,,", "none", "a:b:c:d", "-", "--", "1,2,x", "0,0", "1-2-3", "9-1", "top:99999999999", "drop:drop:all", "taylor:0:9", new string('9', 400)];

    /// <summary>A call that takes next to no time, with one option set or set anew.</summary>
    private string[] With(string words, string option, string? value)
    {
        string[] rest = words switch
        {
            "sample" => ["--ckpt", _model, "--steps", "2", "--count", "2", "--out", _cli.PathOf("s"), "--device", "cpu"],
            "profile" => ["--ckpt", _model, "--steps", "2", "--batch", "2", "--runs", "1", "--device", "cpu"],
            "inspect" => [_model],
            "kernels show" => ["BlendKernel.Eights"],
            "bench forward" => ["--model", "1x16x2/2", "--image-size", "16", "--runs", "1", "--batch", "1", "--device", "cpu"],
            "bench sample" => ["--model", "1x16x2/2", "--image-size", "16", "--runs", "1", "--images", "1", "--steps", "2", "--device", "cpu"],
            "train" => TrainingRuns.Model(_cli.PathOf("t"), "--max-steps", "1", "--force")[1..],
            "train-router" => TrainingRuns.Router(_model, _cli.PathOf("r"), "--max-steps", "1", "--force")[1..],
            "encode" => [_cli.PathOf("pictures"), _cli.PathOf("l"), "--vae", _model, "--image-size", "32", "--device", "cpu"],
            "evaluate" => ["--ckpt", _model, "--steps", "2", "--count", "2", "--data-count", "2", "--ddim", "none", "--device", "cpu"],
            "report" => [_cli.PathOf("text.json"), "--out", _cli.PathOf("page.html")],
            "metrics" => [_images, _images, "--inception", _model, "--device", "cpu"],
            "sweep" => ["--ckpt", _model, "--steps", "3", "--count", "2", "--data-count", "2", "--rules", "top:1", "--out", _cli.PathOf("w"),
                "--device", "cpu"],
            "fit-forecast" => ["--ckpt", _model, "--steps", "3", "--images", "2", "--held-out", "2", "--cache", "interval:2", "--out", _cli.PathOf("f.json"), "--device", "cpu"],
            "plan" => ["--ckpt", _model, "--steps", "3", "--budget", "1", "--count", "1", "--check-count", "1", "--batch", "1", "--runs", "1", "--warmup", "0",
                "--out", _cli.PathOf("p.json"), "--force", "--device", "cpu"],
            "calibrate" => ["--ckpt", _model, "--steps", "3", "--count", "2", "--alpha", "0.5", "--out", _cli.PathOf("c"), "--device", "cpu"],
            _ => [],
        };
        List<string> args = [.. words.Split(' '), .. rest];
        int at = args.IndexOf(option);
        if (at >= 0)
        {
            args.RemoveRange(at, value is null ? 1 : 2);
        }

        return [.. args, option, .. value is null ? [] : new[] { value }];
    }
}
