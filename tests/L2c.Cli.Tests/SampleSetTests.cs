using L2c.Cli.Commands;
using L2c.Cli.Output;
using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary>Sets of images on the command line: one process, ranks, and gather.</summary>
public sealed class SampleSetTests : IDisposable
{
    private readonly CliRunner _cli = new();
    private readonly string _model;

    public SampleSetTests() => _model = TinyModel.Write(_cli.PathOf("m.safetensors"), TinyModel.Pixels);

    [Fact]
    public void One_process_and_ranks_write_the_same_file()
    {
        CliResult alone = Sample("--count", "40", "--out", _cli.PathOf("a.npz"));
        Assert.Equal((0, ""), (alone.Code, alone.Err));
        Assert.Matches(@"^.*a\.npz: 40 images of 8 x 8, SHA-256 [0-9a-f]{64}\n$", alone.Out);
        string folder = _cli.PathOf("ranks");
        Assert.EndsWith("ranks: 1 of 2 chunks of 40 images are there\n", Sample("--count", "40", "--out", folder, "--rank", "1", "--ranks", "2").Out);
        Gather(folder, "--out", _cli.PathOf("b.npz")).MustFail(ExitCode.Usage, "1 of 2 chunks are missing, the first with images 0 to 31");
        Assert.EndsWith("2 of 2 chunks of 40 images are there; join them with l2c gather\n",
            Sample("--count", "40", "--out", folder, "--rank", "0", "--ranks", "2").Out);
        Assert.Equal(0, Gather(folder, "--out", _cli.PathOf("b.npz")).Code);
        Assert.Equal(File.ReadAllBytes(_cli.PathOf("a.npz")), File.ReadAllBytes(_cli.PathOf("b.npz")));
        Assert.Equal(["chunk-000000.npz", "chunk-000001.npz", "settings.json"], _cli.Files("ranks"));
        Assert.Equal(["a.npz", "b.npz", "m.safetensors", "ranks"], _cli.Files());
        Gather(folder, "--out", _cli.PathOf("b.npz")).MustFail(ExitCode.RunTime, "b.npz exists; use --force");
        Assert.Equal(40, Gather(folder, "--out", _cli.PathOf("b.npz"), "--force", "--json").Json.GetProperty("images").GetInt32());
    }

    [Fact]
    public void An_interrupted_set_says_how_far_it_came_and_how_it_goes_on()
    {
        string file = _cli.PathOf("a.npz");
        _cli.Run(new CancellationToken(canceled: true), Arguments("--count", "40", "--out", file)).MustFail(ExitCode.Interrupted, "interrupted");
        Assert.Equal(["m.safetensors"], _cli.Files());

        // The second chunk is damaged, and as soon as that is told the task is cancelled: at the same place each time.
        Sample("--count", "40", "--out", $"{file}.parts", "--rank", "0", "--ranks", "1");
        string chunk = _cli.PathOf("a.npz.parts/chunk-000001.npz");
        File.WriteAllBytes(chunk, File.ReadAllBytes(chunk)[..^300]);
        using CancellationTokenSource stop = new();
        using CancellingWriter error = new(stop);
        int code = Program.Run(Arguments("--count", "40", "--out", file), new StringWriter(), error, stop.Token);
        Assert.Equal(ExitCode.Interrupted, code);
        string[] lines = error.ToString().TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.EndsWith("chunk-000001.npz was damaged and is made again", lines[0]);
        Assert.StartsWith("l2c: error: interrupted; ", lines[1]);
        Assert.EndsWith("a.npz.parts has 1 of 2 chunks; the same command continues with the others", lines[1]);
        Assert.Equal(["a.npz.parts", "m.safetensors"], _cli.Files());
        Assert.Equal(0, Sample("--count", "40", "--out", file).Code);
        Assert.Equal(["a.npz", "m.safetensors"], _cli.Files());
    }

    [Fact]
    public void What_does_not_go_with_a_set_is_refused_and_leaves_nothing()
    {
        string file = _cli.PathOf("a.npz"), folder = _cli.PathOf("ranks");
        Sample("--out", file).MustFail(ExitCode.Usage, "give --count N");
        Sample("--count", "4", "--out", file, "--separate").MustFail(ExitCode.Usage, "omit --separate");
        Sample("--count", "4", "--out", file, "--rng", "torch").MustFail(ExitCode.Usage, "--rng torch");
        Sample("--count", "4", "--out", file, "--trajectory", _cli.PathOf("t")).MustFail(ExitCode.Usage, "--trajectory");
        Sample("--count", "4", "--out", file, "--ranks", "2", "--rank", "0").MustFail(ExitCode.Usage, "one process writes a file");
        Sample("--count", "4", "--out", folder, "--ranks", "2", "--rank", "2").MustFail(ExitCode.Usage, "from 0 to 1");
        Sample("--count", "4", "--out", folder, "--ranks", "2", "--rank", "0", "--force").MustFail(ExitCode.Usage, "remove");
        Sample("--count", "4", "--out", _cli.PathOf("a.png"), "--ranks", "2", "--rank", "0").MustFail(ExitCode.Usage, "give --out FOLDER");
        Sample("--count", "4", "--out", file, "--rank", "0").MustFail(ExitCode.Usage, "of how many?");
        Gather(folder, "--out", file).MustFail(ExitCode.RunTime, "no such folder");
        Gather(folder, "--out", _cli.PathOf("a.png")).MustFail(ExitCode.Usage, "give a name that ends in .npz");
        string latents = TinyModel.Write(_cli.PathOf("l.safetensors"), TinyModel.Latents);
        _cli.Run("sample", "--ckpt", latents, "--steps", "2", "--device", "cpu", "--count", "4", "--out", file)
            .MustFail(ExitCode.Usage, "give the autoencoder with --vae FILE");
        Assert.Equal(["l.safetensors", "m.safetensors"], _cli.Files());
    }

    [Theory]
    [InlineData(null, null, "out", null, null, "none")] // a picture in a folder
    [InlineData(null, null, "out", "1", "4", "1 of 4")]
    [InlineData(null, null, "out/", "0", "1", "none")]
    [InlineData(null, null, null, "1", "4", "none")]
    [InlineData(null, null, "a.png", "1", "4", "none")]
    [InlineData(null, null, "a.NPZ", null, null, "alone")]
    [InlineData(null, null, "a.npz", "0", "1", "alone")]
    [InlineData(null, null, "a.npz", "1", "4", "one process writes a file, but there are 4 ranks")]
    [InlineData(null, 1, "a.npz", "1", "4", "alone")]
    [InlineData(3, null, "a.npz", null, null, "of how many?")]
    [InlineData(3, null, "a.npz", "0", "1", "--rank 3: ranks are numbered from 0 to 0 here")]
    [InlineData(3, 1, "a.npz", "1", "4", "--rank 3: ranks are numbered from 0 to 0 here")]
    [InlineData(0, 1, "a.npz", null, null, "alone")]
    [InlineData(0, 2, "cfg1.5", null, null, "0 of 2")]
    [InlineData(null, null, "cfg1.5", "1", "4", "1 of 4")]
    [InlineData(0, 2, "a.png", null, null, "give --out FOLDER")]
    [InlineData(0, 2, "out", "1", "4", "0 of 2")]
    [InlineData(null, 8, "out", "5", "4", "5 of 8")]
    [InlineData(3, null, "out", "1", "4", "3 of 4")]
    [InlineData(null, 1, "out", null, null, "0 of 1")]
    [InlineData(3, null, "out", null, null, "of how many?")]
    [InlineData(null, 3, "out", null, null, "which of them is this?")]
    [InlineData(null, 3, "out", "3", null, "--rank 3: ranks are numbered from 0 to 2 here")]
    public void Ranks_are_told_or_those_of_Slurm(int? rank, int? ranks, string? path, string? slurmRank, string? slurmRanks, string expected)
    {
        string? Environment(string name) => name switch { "SLURM_PROCID" => slurmRank, "SLURM_NTASKS" => slurmRanks, _ => null };
        string actual;
        try
        {
            actual = SampleSetOptions.Read(rank, ranks, path, new SampleRequest { Count = 4 }, false, Environment) switch
            {
                null => "none",
                { Ranks: null } => "alone",
                var request => $"{request.Rank} of {request.Ranks}",
            };
        }
        catch (UsageException e)
        {
            actual = e.Message;
        }

        Assert.Contains(expected, actual);
    }

    public void Dispose() => _cli.Dispose();

    /// <summary>Cancels as soon as something is written to it.</summary>
    private sealed class CancellingWriter(CancellationTokenSource stop) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            stop.Cancel();
        }
    }

    private CliResult Sample(params string[] arguments) => _cli.Run(Arguments(arguments));

    private CliResult Gather(params string[] arguments) => _cli.Run(["gather", .. arguments]);

    private string[] Arguments(params string[] arguments) =>
        ["sample", "--ckpt", _model, "--steps", "2", "--device", "cpu", "--threads", "1", .. arguments];
}
