using System.Text.Json;
using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary><c>l2c sample --vae</c>.</summary>
public sealed class VaeTests : IDisposable
{
    private readonly CliRunner _cli = new();
    private readonly string _model, _vae;

    public VaeTests()
    {
        _model = TinyModel.Write(_cli.PathOf("m.st"), TinyModel.Latents);
        _vae = TinyModel.Write(_cli.PathOf("vae.safetensors"), TinyModel.Autoencoder);
    }

    [Fact]
    public void Decoded_pictures_stand_beside_the_latents_which_stay_what_they_were()
    {
        JsonElement json = Sample("--vae", _vae, "--count", "2", "--separate", "--out", _cli.PathOf("a.png"), "--json").Json;
        Assert.False(json.GetProperty("preview").GetBoolean());
        Assert.Equal((_vae, 1), (json.GetProperty("vae").GetString(), json.GetProperty("vaeTiles").GetInt32()));
        Assert.True(json.GetProperty("decodeMs").GetDouble() > 0 && json.GetProperty("decoderWeightBytes").GetInt64() > 0);
        Assert.Equal(["a-000.png", "a-001.png", "a.npy", "a.safetensors", "m.st", "vae.safetensors"], _cli.Files());
        PngDecoder png = PngDecoder.Decode(File.ReadAllBytes(_cli.PathOf("a-001.png")));
        Assert.Equal((64, 64), (png.Width, png.Height));
        JsonElement text = JsonElement.Parse(png.Text["l2c"]);
        Assert.Equal("vae.safetensors", text.GetProperty("vae").GetString());
        Assert.False(text.TryGetProperty("preview", out _));

        Assert.Equal(0, Sample("--count", "2", "--out", _cli.PathOf("b.png")).Code);
        Assert.Equal(Latents("b"), Latents("a"));
        Assert.Equal(File.ReadAllBytes(_cli.PathOf("b.npy")), File.ReadAllBytes(_cli.PathOf("a.npy")));

        float[] Latents(string stem) => TensorReader.Floats(_cli.PathOf($"{stem}.safetensors"), "latents").Values;
    }

    [Fact]
    public void A_person_reads_how_long_decoding_took_and_no_note_of_a_preview()
    {
        CliResult result = Sample("--vae", _vae, "--count", "1", "--out", _cli.PathOf("a.png"));
        Assert.Equal((0, ""), (result.Code, result.Err));
        string[] lines = result.Out.TrimEnd('\n').Split('\n');
        Assert.Matches(@"^decoded to 64 x 64 pixels in [0-9.]+ s$", lines[2]);
        Assert.Matches(@"^memory: weights .+ \+ cache slots 0 bytes, then decoding .+ \+ .+; at most ", lines[3]);
    }

    [Fact]
    public void A_picture_does_not_depend_on_count_batch_or_threads()
    {
        Assert.Equal(0, Sample("--vae", _vae, "--count", "3", "--batch", "3", "--threads", "2", "--separate", "--out", _cli.PathOf("a.png")).Code);
        Assert.Equal(0, Sample("--vae", _vae, "--count", "2", "--batch", "1", "--threads", "1", "--separate", "--out", _cli.PathOf("b.png")).Code);
        foreach (string image in (string[])["000", "001"])
        {
            Assert.Equal(File.ReadAllBytes(_cli.PathOf($"a-{image}.png")), File.ReadAllBytes(_cli.PathOf($"b-{image}.png")));
        }
    }

    [Fact]
    public void What_cannot_be_decoded_is_one_line_and_nothing_is_written()
    {
        string cut = _cli.PathOf("cut.st"), other = TinyModel.Write(_cli.PathOf("o.st"), TinyModel.Autoencoder with { LatentChannels = 8 });
        File.WriteAllBytes(cut, File.ReadAllBytes(_vae)[..^100]);
        string pixels = TinyModel.Write(_cli.PathOf("p.st"), TinyModel.Pixels);
        string bare = TinyModel.Write(_cli.PathOf("bare.st"), TinyModel.Latents, described: false);
        string[] before = _cli.Files();
        Fail("--vae", bare, 4, "bare.st: holds a model of the family 'dit', not an autoencoder; give that of Stable Diffusion");
        Fail("--vae", _cli.PathOf("missing"), 1, "missing");
        Fail("--vae", _model, 4, "holds a model of the family 'dit', not an autoencoder");
        Fail("--vae", cut, 4, "cut.st");
        Fail("--vae", other, 4, "decodes latents of 8 channels, but tiny latents makes 4; give the autoencoder that");
        Fail("--vae-tile", "8", 2, "--vae-tile 8: nothing is decoded; give --vae FILE");
        Sample("--vae", _vae, "--vae-tile", "4", "--out", _cli.PathOf("x")).MustFail(2, "--vae-tile needs a whole number of at least 8, not '4'");
        _cli.Run("sample", "--ckpt", pixels, "--vae", _vae, "--out", _cli.PathOf("x")).MustFail(2, "tiny pixels makes pixels, which need no decoder");
        Sample("--vae", _vae, "--force", "--out", _cli.PathOf("vae.png")).MustFail(2, "is an input of this command and --out would overwrite it");
        Assert.Equal(before, _cli.Files());

        void Fail(string option, string value, int code, string message) =>
            Sample(option, value, "--out", _cli.PathOf("x")).MustFail(code, message);
    }

    public void Dispose() => _cli.Dispose();

    private CliResult Sample(params string[] args) => _cli.Run(["sample", "--ckpt", _model, "--steps", "2", .. args]);
}
