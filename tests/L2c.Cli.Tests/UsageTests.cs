namespace L2c.Cli.Tests;

public sealed class UsageTests : IDisposable
{
    private readonly CliRunner _cli = new();

    [Theory]
    [InlineData("--stepz", "sample", "--stepz", "5")]
    [InlineData("'foo'", "foo")]
    [InlineData("--count needs a whole number of at least 1, not '0'", "sample", "--count", "0")]
    [InlineData("--count needs a whole number of at least 1, not '1.5'", "sample", "--count", "1.5")]
    [InlineData("--global-seed needs a whole number from 0 to 2^64 - 1, not '-1'", "sample", "--global-seed", "-1")]
    [InlineData("--eta needs a number of at least 0, not 'NaN'", "sample", "--eta", "NaN")]
    [InlineData("--sampler needs one of ddim, ddpm, dpm-solver:1, dpm-solver:2, dpm-solver:3, dpm-solver++:1s, ", "sample", "--sampler", "euler")]
    [InlineData("--grid needs one of time_uniform, logSNR, time_quadratic, not 'cosine'", "sample", "--grid", "cosine")]
    [InlineData("--steps 20 --grid logSNR: ddim has no grid", "sample", "--grid", "LogSNR")]
    [InlineData("--sampler dpm-solver++:2m --steps ddim20: \"ddim20\" is not a number of evaluations", "sample", "--sampler", "DPM-Solver++:2M", "--steps", "ddim20")]
    [InlineData("--use needs one of ema, model, not 'both'", "sample", "--use", "both")]
    [InlineData("--device needs auto, cpu, cuda, cuda:N or emulator, not 'cuda:x'", "sample", "--device", "cuda:x")]
    [InlineData("--dtype fp16 is not available on the CPU", "sample", "--dtype", "fp16")]
    [InlineData("--threads needs a whole number", "sample", "--threads", "0")]
    [InlineData("--dtype needs one of fp32, tf32, fp16, bf16 (on the CPU fp32), not 'int8'", "sample", "--dtype", "int8")]
    [InlineData("--tune chooses among cuBLASLt's algorithms, which the CPU does not use", "sample", "--device", "cpu", "--tune")]
    [InlineData("--graph needs one of on, off", "sample", "--graph", "maybe")]
    [InlineData("see l2c bench forward --help", "bench", "forward", "--brightness", "1")]
    [InlineData("--model DiT-Q/2: not a published model; did you mean ", "bench", "forward", "--model", "DiT-Q/2")]
    [InlineData("--image-size 100: a latent cell is 8 pixels wide", "bench", "forward", "--image-size", "100")]
    [InlineData("--model 2x32x5/2: ", "bench", "forward", "--model", "2x32x5/2")]
    [InlineData("--image-size applies to random weights only", "bench", "forward", "--image-size", "64", "--ckpt", "a.pt")]
    [InlineData("--steps abc", "bench", "sample", "--steps", "abc")]
    [InlineData("--cache: ", "bench", "sample", "--model", "2x32x2/2", "--cache", "often")]
    [InlineData("FILE", "inspect")]
    [InlineData("--steps abc", "sample", "--steps", "abc")]
    [InlineData("--steps 1001", "sample", "--steps", "1001")]
    [InlineData("--steps ddim333", "sample", "--num-sampling-steps", "ddim333")]
    [InlineData("use an eta of at most 1", "sample", "--eta", "3")]
    [InlineData("--eta 1: eta belongs to ddim", "sample", "--sampler", "ddpm", "--eta", "1")]
    [InlineData("--guidance none and --cfg-scale 3 cannot be combined", "sample", "--guidance", "none", "--cfg-scale", "3")]
    [InlineData("there is no class 10; shapes-dit8 has the classes 0..9", "sample", "--classes", "10")]
    [InlineData("there is no class -1", "sample", "--classes", "-1")]
    [InlineData("there is no class 'dog'", "sample", "--classes", "disc,dog")]
    [InlineData("--rng torch draws all 4 images at once", "sample", "--rng", "torch", "--batch", "3", "--count", "4")]
    [InlineData("pictures are PNG", "sample", "--out", "x.jpg")]
    [InlineData("a grid of 100000 images is too large", "sample", "--count", "100000")]
    [InlineData("--model DiT-Q/2: no published model has that name; did you mean ", "sample", "--model", "DiT-Q/2")]
    public void A_wrong_command_line_ends_with_one_line_and_code_2(string message, params string[] args) => _cli.Run(args).MustFail(2, message);

    [Fact]
    public void Without_a_command_the_help_goes_to_standard_error()
    {
        CliResult result = _cli.Run();
        Assert.Equal((2, ""), (result.Code, result.Out));
        Assert.Contains("sample", result.Err, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_and_version_go_to_standard_output()
    {
        CliResult help = _cli.Run("sample", "--help");
        Assert.Equal((0, ""), (help.Code, help.Err));
        Assert.All(
            ["--ckpt", "--num-sampling-steps", "--global-seed", "--cfg-scale", "--trajectory", "--debug"],
            option => Assert.Contains(option, help.Out, StringComparison.Ordinal));
        Assert.All(help.Out.Split('\n'), line => Assert.True(line.Length <= 100, line));
        Assert.Matches(@"^\d+\.\d+\.\d+", _cli.Run("--version").Out);
    }

    [Fact]
    public void A_missing_file_ends_with_code_1_and_debug_adds_the_stack()
    {
        string path = _cli.PathOf("none.pt");
        _cli.Run("sample", "--ckpt", path).MustFail(1, $"{path}: no such file");
        CliResult debug = _cli.Run("sample", "--ckpt", path, "--debug");
        Assert.Equal(1, debug.Code);
        Assert.Contains("FileNotFoundException", debug.Err, StringComparison.Ordinal);
        Assert.Contains("   at ", debug.Err, StringComparison.Ordinal);
    }

    [Fact]
    public void Devices_lists_the_cpu_and_says_what_cuda_has_or_lacks()
    {
        System.Text.Json.JsonElement json = _cli.Run("devices", "--json").Json;
        Assert.Equal(Environment.ProcessorCount, json.GetProperty("cpu").GetProperty("logicalCores").GetInt32());
        Assert.StartsWith("cpu (", json.GetProperty("cpu").GetProperty("device").GetString(), StringComparison.Ordinal);
        System.Text.Json.JsonElement cuda = json.GetProperty("cuda");
        bool problem = cuda.GetProperty("driver").TryGetProperty("problem", out System.Text.Json.JsonElement text);
        Assert.Equal(problem, cuda.GetProperty("devices").GetArrayLength() == 0);
        Assert.True(!problem || text.GetString()!.Contains(';', StringComparison.Ordinal));

        string lines = _cli.Run("devices").Out;
        Assert.All(["cpu", "driver", "cuBLASLt"], word => Assert.Contains($"\n{word}", $"\n{lines}", StringComparison.Ordinal));
    }

    public void Dispose() => _cli.Dispose();
}
