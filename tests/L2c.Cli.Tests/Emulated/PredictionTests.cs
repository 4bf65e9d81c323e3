using System.Text.Json;
using L2c.Cli.Emulated;

namespace L2c.Cli.Tests.Emulated;

/// <summary>Runs that are predicted: recorded on the emulator, counted, never run.</summary>
public sealed class PredictionTests : IDisposable
{
    private readonly CliRunner _cli = new();

    [Fact]
    public void A_run_of_a_named_network_is_predicted_launch_by_launch()
    {
        CliResult result = Predict("--model", "2x64x2/2", "--batch", "2", "--steps", "1");
        JsonElement json = result.Json;
        Assert.Equal("", result.Err);
        Assert.Equal(("prediction", "h200", "bf16"), (Text(json, "kind"), Text(json, "gpu"), Text(json, "dtype")));
        Assert.Equal(4, json.GetProperty("rows").GetInt32());
        JsonElement[] kernels = [.. json.GetProperty("kernels").EnumerateArray()];

        // Two blocks of two norms, four products and attention each; three of the norms have a branch to add and lead to the next branch.
        JsonElement attention = Assert.Single(kernels, row => Text(row, "name").StartsWith("FlashAttentionKernel", StringComparison.Ordinal));
        Assert.Equal(("FlashAttentionKernel.FlashAttention.32 bf16", 2), (Text(attention, "name"), Launches(attention)));
        Assert.Equal(5, kernels.Where(row => Text(row, "name").StartsWith("ResidualNormKernel", StringComparison.Ordinal)).Sum(Launches));

        // 4 rows of 2 heads, 256 tokens: scores and their product with the values, 32 columns each.
        Assert.Equal(2.0 * 2 * 4 * 2 * 256 * 256 * 32, attention.GetProperty("flops").GetDouble());
        JsonElement fc1 = Assert.Single(kernels, row => Text(row, "name") == "product+gelu+bias");
        Assert.Equal(("[1024,256] K 64", 2), (Text(fc1, "size"), Launches(fc1)));

        // What is summed is what is listed.
        double sum = kernels.Sum(row => Launches(row) * row.GetProperty("predictedMicroseconds").GetDouble());
        Assert.Equal(sum, json.GetProperty("predictedMicroseconds").GetDouble(), tolerance: 1e-6 * sum);
        Assert.Equal(kernels.Sum(Launches), Assert.Single(json.GetProperty("evaluations").EnumerateArray()).GetProperty("launches").GetInt32());
        Assert.True(json.GetProperty("floorMicroseconds").GetDouble() < sum);
    }

    [Fact]
    public void An_evaluation_that_reuses_is_predicted_to_take_less()
    {
        JsonElement json = Predict("--model", "2x64x2/2", "--batch", "1", "--steps", "4", "--cache", "interval:2").Json;
        JsonElement[] evaluations = [.. json.GetProperty("evaluations").EnumerateArray()];
        Assert.Equal(4, evaluations.Sum(e => 1 + e.GetProperty("last").GetInt32() - e.GetProperty("first").GetInt32()));
        Assert.True(Launches(evaluations[1]) < Launches(evaluations[0]));
        Assert.True(Time(evaluations[1]) < Time(evaluations[0]));

        static double Time(JsonElement row) => row.GetProperty("predictedMicroseconds").GetDouble();
    }

    [Fact]
    public void The_table_says_that_it_is_a_prediction()
    {
        CliResult result = Print("a100", "U-ViT-2x64x2/2", "2");
        const string first = "prediction for A100 SXM 80 GB, by counts of the emulator; nothing here was measured\n";
        Assert.StartsWith(first, result.Out, StringComparison.Ordinal);
        Assert.Contains("| FlashAttentionKernel.FlashAttention.32 bf16 |", result.Out, StringComparison.Ordinal);
    }

    // Eight blocks: attention and four products each, and 15 norms between branches: (5 * 8 + 15) / 8. What comes once an evaluation belongs to no
    // block, which two blocks do not show.
    [Fact]
    public void A_block_is_averaged_where_there_are_enough_of_them()
    {
        Assert.Matches(
            @"\na block on average: 6\.9 launches, [\d.]+ us predicted, floor [\d.]+ us\n", Print("h200", "8x64x2/2", "1").Out);
        Assert.DoesNotContain("a block on average", Print("h200", "2x64x2/2", "1").Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--predict counts on the emulator; give --device emulator", "--device", "cpu", "--predict", "h200")]
    [InlineData("--predict runs nothing; omit --plan, --runs and --trace", "--device", "emulator", "--predict", "h200", "--runs", "2")]
    [InlineData("the times of --device emulator say nothing; give --predict GPU", "--device", "emulator")]
    [InlineData("--threads applies to the CPU", "--device", "emulator", "--threads", "2")]
    [InlineData("--device needs auto, cpu, cuda, cuda:N or emulator, not 'emulater'; did you mean emulator?", "--device", "emulater")]
    public void What_does_not_go_together_is_refused(string message, params string[] options) =>
        _cli.Run(["profile", .. options]).MustFail(2, message);

    [Fact]
    public void The_emulator_samples_an_image_and_says_that_it_is_slow()
    {
        string image = _cli.PathOf("one.png");
        CliResult result = _cli.Run("sample", "--device", "emulator", "--steps", "1", "--count", "1", "--cache", "none", "--out", image, "--json");
        Assert.StartsWith("cuda:0 (emulated sm_90", Text(result.Json, "device"), StringComparison.Ordinal);
        Assert.Equal($"l2c: note: {EmulatedMachine.Note}\n", result.Err);
        Assert.True(File.Exists(image));
    }

    public void Dispose() => _cli.Dispose();

    private CliResult Print(string gpu, string model, string steps)
    {
        CliResult result = _cli.Run("profile", "--device", "emulator", "--predict", gpu, "--model", model, "--batch", "1", "--steps", steps);
        Assert.Equal((0, ""), (result.Code, result.Err));
        return result;
    }

    private CliResult Predict(params string[] options) => _cli.Run(["profile", "--device", "emulator", "--predict", "h200", "--json", .. options]);

    private static string Text(JsonElement row, string name) => row.GetProperty(name).GetString()!;

    private static int Launches(JsonElement row) => row.GetProperty("launches").GetInt32();
}
