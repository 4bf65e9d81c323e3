namespace L2c.Cli.Tests.Words;

/// <summary><c>--quiet</c> leaves errors alone on standard error, and results as they are.</summary>
public sealed class QuietTests : IDisposable
{
    private readonly CliRunner _cli = new();

    [Fact]
    public void Notes_are_left_out_and_results_are_not()
    {
        string[] call = ["bench", "forward", "--model", "1x16x2/2", "--image-size", "16", "--repeat", "1", "--batch", "1"];
        Assert.Contains("computing on the CPU", _cli.Run(call).Note, StringComparison.Ordinal);
        CliResult quiet = _cli.Run([.. call, "--quiet"]);
        Assert.Equal((0, "", ""), (quiet.Code, quiet.Note, quiet.Err));
        Assert.Contains("median", quiet.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_of_training_is_left_out()
    {
        string[] call = TrainingRuns.Model(_cli.PathOf("run"), "--max-steps", "2", "--force");
        string told = _cli.Run(call).Err;
        Assert.Contains("step 2 of 2", told, StringComparison.Ordinal);
        Assert.Contains(" pixel space: 2 optimisation steps of 4 images of shapes2\n", told, StringComparison.Ordinal);
        Assert.DoesNotContain("l2c: training", _cli.Run([.. call, "--json"]).Err, StringComparison.Ordinal);
        CliResult quiet = _cli.Run([.. call, "-q"]);
        Assert.Equal((0, "", ""), (quiet.Code, quiet.Note, quiet.Err));
        Assert.Contains("after 2 optimisation steps", quiet.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_and_warnings_of_distances_are_left_out()
    {
        string[] call = ["evaluate", "-n", "4", "--data-count", "4", "--steps", "2", "--cache", "none", "--ddim", "none", "--device", "cpu"];
        Assert.Contains("singular", _cli.Run(call).Err, StringComparison.Ordinal);
        CliResult quiet = _cli.Run([.. call, "-q"]);
        Assert.Equal((0, ""), (quiet.Code, quiet.Err));
        Assert.Contains("distance", quiet.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_remain()
    {
        _cli.Run("sample", "-q", "--ckpt", _cli.PathOf("none.pt")).MustFail(1, "no such file");
        _cli.Run("-q", "sample", "--count", "0").MustFail(2, "--count needs a whole number");
    }

    public void Dispose() => _cli.Dispose();
}
