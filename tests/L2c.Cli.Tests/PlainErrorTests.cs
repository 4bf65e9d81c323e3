using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary>Errors that a person reads: what is wrong and what to do, in words, without a name of the code.</summary>
public sealed class PlainErrorTests : IDisposable
{
    private readonly CliRunner _cli = new();

    [Theory]
    [InlineData("sample")]
    [InlineData("profile")]
    [InlineData("evaluate")]
    [InlineData("sweep")]
    [InlineData("train")]
    [InlineData("train-router")]
    [InlineData("bench forward --model DiT-S/2")]
    [InlineData("bench sample --model DiT-S/2")]
    [InlineData("encode in out --vae vae.safetensors")]
    [InlineData("metrics a.npz b.npz")]
    public void A_type_that_there_is_not_is_told_with_those_that_there_are(string command)
    {
        CliResult result = _cli.Run([.. command.Split(' '), "--dtype", "int8"]);
        result.MustFail(2, "--dtype needs one of fp32, ");
        Assert.Contains("not 'int8'", result.Err, StringComparison.Ordinal);
        RequirePlain(result);
    }

    [Theory]
    [InlineData("sample")]
    [InlineData("profile")]
    [InlineData("evaluate")]
    [InlineData("sweep")]
    [InlineData("train-router")]
    [InlineData("bench forward")]
    [InlineData("bench sample")]
    public void A_file_that_leaves_the_heads_open_is_told_with_the_option_that_says_them(string command)
    {
        string ckpt = TinyModel.Write(_cli.PathOf("skips.safetensors"), TinyModel.LongSkips, described: false);
        CliResult open = _cli.Run([.. command.Split(' '), "--ckpt", ckpt]);
        open.MustFail(
            4,
            $"{ckpt}: does not say how many attention heads the network has, "
            + "and no published model has its width of 32 and its 2 blocks; give --heads N");
        RequirePlain(open);
        CliResult odd = _cli.Run([.. command.Split(' '), "--ckpt", ckpt, "--heads", "3"]);
        odd.MustFail(4, "3 attention heads do not divide its width of 32");
        RequirePlain(odd);
    }

    public void Dispose() => _cli.Dispose();

    private static void RequirePlain(CliResult result)
    {
        Assert.DoesNotContain("xception", result.Err, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"\b[A-Za-z]+[a-z][A-Z]\w*(Precision|Architecture|Type)\b|\bhiddenSize\b", result.Err);
    }
}
