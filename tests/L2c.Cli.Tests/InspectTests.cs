using System.Text.Json;
using L2c.Testing;
using L2c.Weights.Safetensors;

namespace L2c.Cli.Tests;

public sealed class InspectTests : IDisposable
{
    private readonly CliRunner _cli = new();

    [Fact]
    public void The_parameters_of_a_picture_are_read_back()
    {
        string checkpoint = TinyModel.Write(_cli.PathOf("tiny.st"), TinyModel.Pixels);
        string[] options = ["--steps", "3", "--sampler", "ddpm", "--seed", "18446744073709551615",
            "--cfg-scale", "2.5", "--classes", "owl,cat", "--clip-denoised"];
        Assert.Equal(0, _cli.Run(["sample", "--ckpt", checkpoint, "--out", _cli.PathOf("a.png"), .. options]).Code);
        JsonElement json = _cli.Run("inspect", "--json", _cli.PathOf("a.png")).Json;
        Assert.Equal("png", json.GetProperty("format").GetString());
        Assert.Equal(new FileInfo(_cli.PathOf("a.png")).Length, json.GetProperty("bytes").GetInt64());
        JsonElement p = json.GetProperty("parameters");
        Assert.Equal(("tiny pixels", "tiny.st", "ddpm", "3"), (Text("model"), Text("checkpoint"), Text("sampler"), Text("steps")));
        Assert.Equal(ulong.MaxValue, p.GetProperty("seed").GetUInt64());
        Assert.Equal((2.5, true, "published"), (p.GetProperty("cfgScale").GetDouble(), p.GetProperty("clipDenoised").GetBoolean(), Text("guidance")));
        Assert.Equal("[2,0]", p.GetProperty("classes").GetRawText());
        Assert.False(p.TryGetProperty("eta", out _));

        string lines = _cli.Run("inspect", _cli.PathOf("a.png")).Out;
        Assert.Matches("PNG, [0-9]+ x [0-9]+, 8-bit RGB", lines);
        Assert.Matches("seed +18446744073709551615", lines);

        Assert.Equal(0, _cli.Run(["sample", "--ckpt", checkpoint, "--separate", "--out", _cli.PathOf("b.png"), .. options]).Code);
        JsonElement single = _cli.Run("inspect", "--json", _cli.PathOf("b-001.png")).Json.GetProperty("parameters");
        Assert.Equal((1, 0), (single.GetProperty("image").GetInt32(), single.GetProperty("class").GetInt32()));
        Assert.Equal("cat", single.GetProperty("className").GetString());

        string Text(string name) => p.GetProperty(name).GetString()!;
    }

    [Fact]
    public void A_damaged_picture_ends_with_code_4()
    {
        byte[] png = Picture("{}");
        png[60] ^= 1;
        File.WriteAllBytes(_cli.PathOf("a.png"), png);
        _cli.Run("inspect", _cli.PathOf("a.png")).MustFail(4, "wrong checksum");
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("[1]")]
    [InlineData("{\"a\":1,\"a\":2}")]
    public void Parameters_that_are_no_object_end_with_code_4(string text)
    {
        File.WriteAllBytes(_cli.PathOf("a.png"), Picture(text));
        _cli.Run("inspect", _cli.PathOf("a.png")).MustFail(4, _cli.PathOf("a.png"));
    }

    [Fact]
    public void Foreign_text_cannot_control_the_terminal()
    {
        File.WriteAllBytes(_cli.PathOf("a.png"), Picture("{\"model\":\"\\u001b[2Jx\\ny\"}"));
        CliResult result = _cli.Run("inspect", _cli.PathOf("a.png"));
        Assert.Equal(0, result.Code);
        Assert.DoesNotContain('\u001b', result.Out);
        Assert.Contains("\\u001B[2Jx\\u000Ay", result.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\u001b[31m")]
    [InlineData("\u2066\u2069")]
    [InlineData("\u009b2J")]
    public void A_file_name_cannot_control_the_terminal(string part)
    {
        string picture = _cli.PathOf($"a{part}.png"), schedule = _cli.PathOf($"b{part}.json"), missing = _cli.PathOf($"c{part}");
        File.WriteAllBytes(picture, Picture("{}"));
        File.WriteAllText(schedule, "{\"attn\":[1,0],\"mlp\":[1,0]}");
        foreach (string[] call in (string[][])
            [["inspect", picture], ["inspect", schedule], ["inspect", schedule, picture, "--diff"], ["inspect", missing], ["inspect", "--" + part], ["evaluate", missing]])
        {
            CliResult result = _cli.Run(call);
            Assert.NotEqual("", result.Out + result.Err);
            Assert.DoesNotContain(result.Out + result.Err, c => c != '\n' && (char.IsControl(c) || char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.Format));
            Assert.Contains($"\\u{(int)part[0]:X4}", result.Out + result.Err, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_checkpoint_shows_architecture_parameters_and_types()
    {
        string path = TinyModel.Write(_cli.PathOf("tiny.st"), TinyModel.Latents);
        JsonElement json = _cli.Run("inspect", path, "--json", "--tensors").Json;
        JsonElement model = json.GetProperty("model");
        Assert.Equal("dit", model.GetProperty("family").GetString());
        Assert.Equal(2, model.GetProperty("architecture").GetProperty("heads").GetInt32());
        JsonElement f32 = Assert.Single(json.GetProperty("dtypes").EnumerateArray());
        Assert.Equal(model.GetProperty("parameters").GetInt64(), f32.GetProperty("values").GetInt64());
        Assert.Equal(32, json.GetProperty("tensors").GetArrayLength());
        Assert.Equal("pos_embed", json.GetProperty("tensors")[0].GetProperty("name").GetString());

        // 16 tokens, 32 wide, two blocks: branches, patch embedding, time MLP, modulations, output layer.
        const long branches = 2 * ((12 * 16 * 32 * 32) + (2 * 16 * 16 * 32));
        const long macs = branches + (16 * 16 * 32) + (256 * 32) + (32 * 32) + (14 * 32 * 32) + (16 * 32 * 32);
        Assert.Equal(macs, model.GetProperty("macsPerEvaluation").GetInt64());

        string lines = _cli.Run("inspect", path).Out;
        Assert.Matches("MACs +474\\.1 kMACs per evaluation, image and half of guidance", lines);
        Assert.Contains("dit, published names", lines, StringComparison.Ordinal);
        Assert.DoesNotContain("pos_embed", lines, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_unknown_names_is_listed_and_takes_no_hints()
    {
        string path = _cli.PathOf("x.st");
        SafetensorsData.Write(path, [("some.thing", new long[] { 2, 3 }, new float[6])], null, overwrite: false);
        CliResult result = _cli.Run("inspect", path);
        Assert.Equal(0, result.Code);
        Assert.Matches("layout +unknown", result.Out);
        Assert.Contains("some.thing F32 [2, 3]", result.Out, StringComparison.Ordinal);
        _cli.Run("inspect", path, "--heads", "2").MustFail(2, "holds no known model");
    }

    [Fact]
    public void A_model_with_a_missing_tensor_ends_with_code_4()
    {
        string path = _cli.PathOf("x.st");
        SafetensorsData.Write(
            path,
            [
                ("x_embedder.proj.weight", new long[] { 4, 3, 2, 2 }, new float[48]),
                ("blocks.0.attn.proj.weight", new long[] { 4, 4 }, new float[16]),
            ],
            null,
            overwrite: false);
        _cli.Run("inspect", path).MustFail(4, path);
    }

    [Theory]
    [InlineData("dit_a_plain.pt", "dit")]
    [InlineData("dit_a_legacy_nonzip.pt", "dit")]
    [InlineData("dit_a_model_ema.pt", "dit")]
    [InlineData("uvit_a_plain.pth", "uvit")]
    [InlineData("vae_tiny.pth", "vae")]
    public void Recorded_checkpoints_are_recognised_also_where_heads_are_open(string name, string family)
    {
        string path = Path.Combine(RepositoryPaths.Checkpoints ?? "", name);
        Assert.SkipUnless(File.Exists(path), $"no recorded checkpoint {name}; set L2C_CHECKPOINTS");
        JsonElement model = _cli.Run("inspect", path, "--json").Json.GetProperty("model");
        Assert.Equal(family, model.GetProperty("family").GetString());
        if (family != "vae")
        {
            Assert.Equal(JsonValueKind.Null, model.GetProperty("architecture").GetProperty("heads").ValueKind);
            JsonElement told = _cli.Run("inspect", path, "--json", "--heads", "4").Json.GetProperty("model");
            Assert.Equal(4, told.GetProperty("architecture").GetProperty("heads").GetInt32());
        }
    }

    [Fact]
    public void A_published_router_shows_its_shape()
    {
        string path = Path.Combine(RepositoryPaths.Routers ?? "", "DDIM50_router.pt");
        Assert.SkipUnless(File.Exists(path), "no published routers; set L2C_ROUTERS");
        JsonElement model = _cli.Run("inspect", path, "--json").Json.GetProperty("router").GetProperty("model");
        Assert.Equal("router", model.GetProperty("family").GetString());
        JsonElement architecture = model.GetProperty("architecture");
        Assert.Equal("dit", architecture.GetProperty("target").GetString());
        Assert.Equal((50, 56), (architecture.GetProperty("evaluations").GetInt32(), architecture.GetProperty("branches").GetInt32()));
    }

    public void Dispose() => _cli.Dispose();

    private static byte[] Picture(string text)
    {
        using MemoryStream stream = new();
        PngWriter.Write(stream, new RgbImage(4, 4), "l2c", text);
        return stream.ToArray();
    }
}
