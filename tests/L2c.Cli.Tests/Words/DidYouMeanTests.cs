using System.CommandLine;
using L2c.Cli.Parsing;

namespace L2c.Cli.Tests.Words;

/// <summary>A wrong word is told in one line with the word that was probably meant.</summary>
public sealed class DidYouMeanTests : IDisposable
{
    private readonly CliRunner _cli = new();

    [Theory]
    [InlineData("l2c has no command 'smaple'; did you mean sample?", "smaple")]
    [InlineData("l2c has no command 'paint'; it has sample, gather, inspect, ", "paint")]
    [InlineData("l2c has no command 'version'; use l2c --version", "version")]
    [InlineData("l2c bench has no command 'forwrd'; did you mean forward?", "bench", "forwrd")]
    [InlineData("l2c has no command 'smaple'; did you mean sample?", "help", "smaple")]
    [InlineData("l2c devices has no commands of its own", "help", "devices", "all")]
    [InlineData("l2c sample has no option --stepz; did you mean --steps?", "sample", "--stepz", "5")]
    [InlineData("l2c sample has no option --cfg_scale; did you mean --cfg-scale?", "sample", "--cfg_scale=2")]
    [InlineData("l2c sample has no option --Count; did you mean --count?", "sample", "--Count", "5")]
    [InlineData("l2c sweep has no option --ratios; did you mean --mac-ratios?", "sweep", "--ratios", "0.5")]
    [InlineData("l2c sample has no option --brightness; see l2c sample --help", "sample", "--brightness", "5")]
    [InlineData("l2c inspect has no option --jsn; did you mean --json?", "inspect", "--jsn", "a.pt")]
    [InlineData("l2c sample has no option --quite; did you mean --quiet?", "sample", "--quite")]
    [InlineData("l2c has no option --steps; it belongs to sample, profile, ", "--steps", "5")]
    [InlineData("l2c devices has no option --router; it belongs to sample, profile, bench sample, fit-forecast, evaluate, sweep; see ", "devices", "--router", "a")]
    [InlineData("--count stands before the command; give it after l2c sample", "--count", "3", "sample")]
    [InlineData("l2c devices does not take the argument 'cuda'", "devices", "cuda")]
    [InlineData("--ckpt needs a value: FILE; see l2c sample --help", "sample", "--ckpt")]
    [InlineData("--use needs a value: ema|model", "sample", "--use", "--json")]
    [InlineData("--out needs a value: DIR|FILE.png|FILE.npz", "sample", "--out", "--json")]
    [InlineData("--count is given 2 times; give it once", "sample", "--count", "3", "-n", "4")]
    [InlineData("--out is missing; give --out FILE.npz", "gather", "folder")]
    [InlineData("FILE is missing; see l2c inspect --help", "inspect")]
    [InlineData("REFERENCE is missing", "metrics", "a.npz")]
    [InlineData("not 'dimm'; did you mean ddim?", "sample", "--sampler", "dimm")]
    [InlineData("--device needs auto, cpu, cuda, cuda:N or emulator, not 'cdua'; did you mean cuda?", "sample", "--device", "cdua")]
    [InlineData("not 'bf6'; did you mean bf16?", "sample", "--dtype", "bf6")]
    [InlineData("--dtype needs one of fp32, tf32 (on the CPU fp32), not 'int8'; see l2c train --help", "train", "--dtype", "int8")]
    [InlineData("not 'logSNE'; did you mean logSNR?", "sample", "--grid", "logSNE")]
    [InlineData("not 'publishd'; did you mean published?", "sample", "--guidance", "publishd")]
    [InlineData("not 'trch'; did you mean torch?", "sample", "--rng", "trch")]
    [InlineData("not 'emma'; did you mean ema?", "sample", "--use", "emma")]
    [InlineData("no such rule; write none, all, interval:N, ", "sample", "--cache", "intreval:2")]
    [InlineData("; did you mean interval?", "sample", "--cache", "intreval:2")]
    [InlineData("cache rule \"interval\": write interval:N", "sample", "--cache", "interval")]
    [InlineData("there is no class 'dics'; ", "sample", "--classes", "dics")]
    [InlineData("; did you mean disc?", "sample", "--classes", "dics")]
    [InlineData("--model DiT-XL2: no published model has that name; did you mean DiT-XL/2?", "sample", "--model", "DiT-XL2")]
    [InlineData("--model UViT-H/2: not a published model; did you mean U-ViT-H/2?", "bench", "forward", "--model", "UViT-H/2")]
    [InlineData("did you mean interval?", "sweep", "--dry-run", "--rules", "top,intreval")]
    [InlineData("SHELL needs one of bash, zsh, pwsh, not 'bsh'; did you mean bash?", "completion", "bsh")]
    public void The_line_names_what_was_meant(string message, params string[] args) => _cli.Run(args).MustFail(2, message);

    [Theory]
    [InlineData("shaps:1", "shaps:1: there is no such file or folder; did you mean shapes?")]
    [InlineData("latents", "latents: there is no such file or folder; give one, or shapes2")]
    public void Data_that_are_not_there_may_be_meant_otherwise(string data, string message) =>
        _cli.Run("train", "--device", "cpu", "--data", data, "--out", _cli.PathOf("run")).MustFail(1, message);

    [Fact]
    public void An_option_of_a_command_that_comes_later_is_known_by_itself()
    {
        RootCommand root = new("A program") { new Command("old") { new Option<bool>("--word") }, new Command("new") { new Option<bool>("--page") } };
        foreach (Command command in root.Subcommands)
        {
            command.SetAction(_ => 0);
        }

        Assert.Equal("p old has no option --page; it belongs to new; see p old --help", ParseFault.Find(root.Parse("old --page"), "p"));
        Assert.Equal("p old has no option --wrod; did you mean --word?", ParseFault.Find(root.Parse("old --wrod"), "p"));
        Assert.Null(ParseFault.Find(root.Parse("old --word"), "p"));
    }

    [Fact]
    public void Help_is_given_whatever_else_is_wrong() => Assert.Equal(0, _cli.Run("sample", "--stepz", "5", "--help").Code);

    public void Dispose() => _cli.Dispose();
}
