using System.Text.Json;
using L2c.Kernels.Cuda;

namespace L2c.Cli.Tests.Emulated;

/// <summary>The list of kernels, and one of them: its text, its counts.</summary>
public sealed class KernelsCommandTests : IDisposable
{
    private const string Blend = "BlendKernel.Eights";

    private readonly CliRunner _cli = new();

    [Fact]
    public void Every_form_is_listed()
    {
        JsonElement[] kernels = [.. _cli.Run("kernels", "list", "--json").Json.GetProperty("kernels").EnumerateArray()];
        Assert.Equal(KernelCatalog.All.Count, kernels.Sum(kernel => kernel.GetProperty("dtypes").GetArrayLength()));
        JsonElement blend = Assert.Single(kernels, kernel => kernel.GetProperty("name").GetString() == Blend);
        Assert.Equal(["bf16", "fp16", "fp32"], blend.GetProperty("dtypes").EnumerateArray().Select(type => type.GetString()));
        CliResult text = _cli.Run("kernels");
        Assert.Equal(0, text.Code);
        Assert.EndsWith($"{kernels.Length} kernels, {KernelCatalog.All.Count} forms\n", text.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sm_80")]
    [InlineData("sm_90")]
    public void The_text_is_what_a_driver_gets(string target)
    {
        CliResult result = _cli.Run("kernels", "show", Blend + " fp16", "--ptx", "--target", target);
        PtxTarget known = target == "sm_80" ? PtxTarget.Sm80 : PtxTarget.Sm90;
        KernelForm blend = KernelCatalog.All.Single(form => form.FullName == Blend + " fp16");
        Assert.Equal(blend.Compile(new PtxCompiler(), known).Text.Replace('\t', ' '), result.Out);
    }

    [Fact]
    public void Counts_are_those_of_the_launches_of_a_run()
    {
        JsonElement json = _cli.Run(
            "kernels", "show", "FlashAttentionKernel.FlashAttention.32", "--counts", "--model", "1x64x2/2", "--batch", "1", "--json").Json;
        JsonElement launch = Assert.Single(json.GetProperty("launches").EnumerateArray());

        // Two rows, two heads, 256 tokens of 32 columns, scores and values.
        Assert.Equal(2.0 * 2 * 256 * 256 * 32 * 2, launch.GetProperty("macs").GetDouble());
        Assert.Equal(16, launch.GetProperty("blocks").GetInt64());
        Assert.Equal(("bf16", "h200"), (json.GetProperty("dtype").GetString(), json.GetProperty("gpu").GetString()));
        CliResult text = _cli.Run("kernels", "show", "FlashAttentionKernel.FlashAttention.32", "--counts", "--model", "1x64x2/2", "--batch", "1");
        Assert.Matches(@"\n  predicted for H200 SXM: [\d.]+ us, limited by \w+; not measured\n", text.Out);
    }

    [Theory]
    [InlineData("no kernel 'BlendKernel.Eight'; did you mean BlendKernel.Eights?", "BlendKernel.Eight")]
    [InlineData("a sampling run of 1x64x2/2 does not launch AdamWKernel.Eights", "AdamWKernel.Eights", "--counts", "--model", "1x64x2/2")]
    [InlineData("--model and --batch say which launches are counted; give --counts", Blend, "--batch", "2")]
    [InlineData("--ptx prints the text alone; omit --counts and --json", Blend, "--ptx", "--json")]
    public void What_cannot_be_shown_is_refused(string message, params string[] words) =>
        _cli.Run(["kernels", "show", .. words]).MustFail(2, message);

    public void Dispose() => _cli.Dispose();
}
