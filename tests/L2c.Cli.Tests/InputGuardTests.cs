using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary>No command writes over a file that it reads, however the file is named.</summary>
public sealed class InputGuardTests : IDisposable
{
    private const string Flat = """{"attn": [1, 0, 1, 0], "mlp": [1, 1, 1, 0]}""";

    private readonly CachedRuns _runs = new();
    private readonly string _model;
    private readonly string _router;
    private readonly string _schedule;

    public InputGuardTests()
    {
        _model = TinyModel.Write(_runs.Cli.PathOf("model.safetensors"), TinyModel.Pixels);
        _router = _runs.Router("router.st", 4, 4, (_, _) => 1);
        _schedule = _runs.Text("flat.json", Flat);
        Directory.CreateSymbolicLink(_runs.Cli.PathOf("link"), _runs.Cli.Folder);
        File.CreateSymbolicLink(_runs.Cli.PathOf("alias.st"), "model.safetensors");
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("link/model.safetensors")]
    [InlineData("./model.safetensors")]
    [InlineData("alias.st")]
    public void Sample_and_profile_keep_the_checkpoint(string name) => Keeps(
        _model,
        ["sample", "--ckpt", _model, "--steps", "4", "--out", Path("a.png"), "--cache", "all", "--save-schedule", Path(name)],
        ["sample", "--ckpt", _model, "--steps", "4", "--out", Path("a.png"), "--trajectory", Path(name)],
        ["sample", "--ckpt", Path(name), "--steps", "4", "--out", Path("a.png"), "--trajectory", _model],
        ["profile", "--ckpt", _model, "--steps", "4", "--trace", Path(name)]);

    [Fact]
    public void Sample_and_profile_keep_router_and_schedule()
    {
        Keeps(
            _router,
            ["sample", "--ckpt", _model, "--steps", "4", "--out", Path("a.png"), "--router", _router, "--save-schedule", _router],
            ["sample", "--ckpt", _model, "--steps", "4", "--out", Path("a.png"), "--router", _router, "--trajectory", _router],
            ["profile", "--ckpt", _model, "--steps", "4", "--router", _router, "--trace", _router]);
        Keeps(
            _schedule,
            ["sample", "--ckpt", _model, "--steps", "4", "--out", Path("a.png"), "--cache", _schedule, "--save-schedule", _schedule],
            ["profile", "--ckpt", _model, "--steps", "4", "--cache", _schedule, "--trace", _schedule]);
    }

    [Fact]
    public void Sample_keeps_the_noise_and_inspect_the_file_that_it_draws()
    {
        string noise = Path("x_T.png"), drawn = _runs.Text("s.svg", Flat);
        Weights.Safetensors.SafetensorsData.Write(noise, [("x_T", [1, 3, 8, 8], new float[192])], null, overwrite: false);
        Keeps(noise, ["sample", "--ckpt", _model, "--steps", "4", "--noise", noise, "--out", Path("link/x_T.png")]);
        Keeps(drawn, ["inspect", drawn, "--plot", Path("link/s.svg")]);
    }

    [Fact]
    public void Two_outputs_cannot_be_one_file_through_a_link() =>
        _runs.Sample("b.png", "--trajectory", Path("link/b.png"), "--force").MustFail(2, "--trajectory");

    public void Dispose() => _runs.Dispose();

    private void Keeps(string input, params string[][] commands)
    {
        byte[] before = File.ReadAllBytes(input);
        foreach (string[] command in commands)
        {
            _runs.Cli.Run([.. command, "--force"]).MustFail(2, "is an input of this command");
            Assert.Equal(before, File.ReadAllBytes(input));
        }
    }

    private string Path(string name) => _runs.Cli.PathOf(name);
}
