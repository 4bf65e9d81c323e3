using L2c.Cli.Output;
using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary>What <c>l2c train</c> offers beyond the published recipe, and the log of a short run.</summary>
public sealed class TrainRecipeTests : IDisposable
{
    private static readonly string[] _recipe =
    [
        "--lr", "0.01", "--lr-warm-up", "3", "--lr-decay", "cosine", "--lr-final", "0.001", "--min-snr", "5", "--clip-grad-norm", "0.1",
        "--batch", "16",
    ];

    private readonly CliRunner _cli = new();

    [Fact]
    public void An_interrupted_run_goes_on_to_the_same_bytes()
    {
        Assert.Equal(0, Train("whole", _recipe).Code);
        using InterruptAfter error = new("step 4 of 9");
        Terminal terminal = new(TextWriter.Null, error, Interactive: false, error.Token);
        Assert.Equal(130, Program.Run(TrainingRuns.Model(_cli.PathOf("cut"), _recipe), terminal, EmulatedCuda.Missing));
        Assert.Matches("step 4 of 9, [^\n]*loss [0-9.]+, of mse [0-9.]+ by weights and vb ", error.ToString());
        Assert.Equal(0, Train("cut", [.. _recipe, "--resume-from-checkpoint", "latest"]).Code);
        TrainingRuns.AssertSameFiles(_cli.PathOf("whole"), _cli.PathOf("cut"));
    }

    [Fact]
    public void Rate_and_norm_are_logged_and_told()
    {
        CliResult result = Train("run", [.. _recipe, "--save-result", "--json"]);
        Assert.Equal(0.001, result.Json.GetProperty("learningRate").GetDouble(), 1e-12);
        Assert.True(result.Json.GetProperty("gradientNorm").GetDouble() > 0);
        string[] rows = File.ReadAllLines(_cli.PathOf("run/log.csv"));
        Assert.Equal("step,loss,mse,vb,lr,grad_norm", rows[0]);
        Assert.Equal(0.01 * (1.0 / 3 + 2.0 / 3) / 2, double.Parse(rows[1].Split(',')[4]), 1e-8); // of steps 1 and 2
        Assert.False(Train("plain", "--json").Json.TryGetProperty("learningRate", out _));
        Assert.Equal("step,loss,mse,vb", File.ReadLines(_cli.PathOf("plain/log.csv")).First());

        Assert.Equal(0, _cli.Run("report", _cli.PathOf("run")).Code);
        string html = File.ReadAllText(_cli.PathOf("run/report.html"));
        Assert.Contains("<dt>min-snr</dt><dd>5</dd>", html, StringComparison.Ordinal);
        Assert.Contains("lr, over the optimisation steps.", html, StringComparison.Ordinal);
        Assert.Contains("grad norm, over the optimisation steps.", html, StringComparison.Ordinal);
        Assert.Contains("latest, to the step at which the learning rate ends, goes on", html, StringComparison.Ordinal);
        File.Delete(_cli.PathOf("run/result.json"));
        Assert.Equal(0, _cli.Run("report", _cli.PathOf("run"), "--force").Code);
        string repeated = File.ReadAllText(_cli.PathOf("run/report.html"));
        Assert.Contains("--lr-decay cosine --lr-final 0.001 --lr-warm-up 3 --min-snr 5 ", repeated, StringComparison.Ordinal);
        Assert.Contains(" --max-steps 9<", repeated, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_keeps_the_recipe_that_it_began_with()
    {
        Assert.Equal(0, Train("run", [.. _recipe, "--max-steps", "4"]).Code);
        Refuse("--max-steps was 4 and is now 9", [.. _recipe]); // where a learning rate ends
        Refuse("--clip-grad-norm was 0.1 and is now off", "--max-steps", "4", "--lr", "0.01", "--batch", "16");
        Assert.Equal(0, Train("plain", "--max-steps", "4").Code);
        Train("plain", "--min-snr", "5", "--resume-from-checkpoint", "latest", "--no-progress").MustFail(2, "--min-snr was off and is now 5");
        Assert.Equal(0, Train("plain", "--resume-from-checkpoint", "latest").Code);

        void Refuse(string message, params string[] options) =>
            Train("run", [.. options, "--resume-from-checkpoint", "latest", "--no-progress"]).MustFail(2, message);
    }

    [Theory]
    [InlineData("--lr-warm-up -1", "--lr-warm-up needs a whole number of at least 0")]
    [InlineData("--lr-warm-up 9 --lr-decay cosine", "--lr-warm-up 9 leaves none of 9 steps to decay in")]
    [InlineData("--lr-decay linear", "--lr-decay needs one of cosine")]
    [InlineData("--lr-final 1e-5", "and --lr-decay cosine")]
    [InlineData("--lr-decay cosine --lr-final 1", "--lr-final 1: ")]
    [InlineData("--min-snr 0", "--min-snr needs a number above 0")]
    [InlineData("--clip-grad-norm x", "--clip-grad-norm needs a number above 0")]
    public void Numbers_that_do_not_fit_are_refused(string options, string message)
    {
        Train("run", options.Split(' ')).MustFail(2, message);
        Assert.False(Directory.Exists(_cli.PathOf("run")));
    }

    [Theory]
    [InlineData("train")]
    [InlineData("train-router")]
    public void A_run_shorter_than_a_row_of_the_log_has_one_which_a_longer_run_replaces(string command)
    {
        string[] Call(string folder, params string[] more)
        {
            string ckpt = _cli.PathOf("tiny.safetensors");
            return command == "train"
                ? TrainingRuns.Model(_cli.PathOf(folder), ["--log-every", "5", .. more])
                : TrainingRuns.Router(File.Exists(ckpt) ? ckpt : TinyModel.Write(ckpt, TrainingRuns.Network), _cli.PathOf(folder), ["--log-every", "5", .. more]);
        }

        Assert.Equal(0, _cli.Run(Call("whole")).Code);
        Assert.Equal(["step", "5"], Steps("whole"));
        Assert.Equal(0, _cli.Run(Call("cut", "--max-steps", "3")).Code);
        Assert.Equal(["step", "3"], Steps("cut"));
        byte[] log = File.ReadAllBytes(_cli.PathOf("cut/log.csv"));
        Assert.Equal(0, _cli.Run(Call("cut", "--max-steps", "3", "--resume-from-checkpoint", "latest")).Code); // finished: the same again
        Assert.Equal(log, File.ReadAllBytes(_cli.PathOf("cut/log.csv")));
        Assert.Equal(0, _cli.Run(Call("cut", "--resume-from-checkpoint", "latest")).Code);
        TrainingRuns.AssertSameFiles(_cli.PathOf("whole"), _cli.PathOf("cut"));

        // A row is the mean over the steps: of three, by hand.
        Assert.Equal(0, _cli.Run(Call("each", "--max-steps", "3", "--log-every", "1")).Code);
        double[] losses = [.. File.ReadLines(_cli.PathOf("each/log.csv")).Skip(1).Select(row => double.Parse(row.Split(',')[1]))];
        Assert.Equal(3, losses.Length);
        Assert.Equal(losses.Average(), double.Parse(System.Text.Encoding.ASCII.GetString(log).Split('\n')[1].Split(',')[1]), 1e-6);

        string[] Steps(string folder) => [.. File.ReadLines(_cli.PathOf($"{folder}/log.csv")).Select(row => row.Split(',')[0])];
    }

    public void Dispose() => _cli.Dispose();

    private CliResult Train(string folder, params string[] more) => _cli.Run(TrainingRuns.Model(_cli.PathOf(folder), more));
}
