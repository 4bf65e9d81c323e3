using System.Security.Cryptography;
using L2c.Testing;
using L2c.Weights;

namespace WeightsConverter.Tests;

public sealed class RecordedFilesTests
{
    [Theory]
    [InlineData("dit_a_plain.pt", "dit_a_weights", "--heads 4")]
    [InlineData("dit_a_legacy_nonzip.pt", "dit_a_weights", "--heads 4")]
    [InlineData("dit_a_model_ema.pt", "dit_a_weights", "--heads 4 --use ema")]
    [InlineData("dit_a_model_ema.pt", "dit_a_weights", "--heads 4")]
    [InlineData("dit_b_plain.pt", "dit_b_weights", "--heads 2")]
    [InlineData("uvit_a_plain.pth", "uvit_a_weights", "--heads 4")]
    [InlineData("uvit_b_plain.pth", "uvit_b_weights", "--heads 2 --classes 5")]
    [InlineData("vae_tiny.pth", "vae_tiny_weights", "")]
    public void Checkpoints_become_the_recorded_tensors(string checkpoint, string expected, string options)
    {
        using TemporaryFolder folder = new();
        string output = folder.File("out.safetensors");
        Tool run = Tool.Run([Tool.Recorded(RepositoryPaths.Checkpoints, checkpoint), output, "--verify", .. Words(options)]);
        Assert.Equal("", run.Error);
        Assert.Equal(0, run.Code);
        Assert.Contains("every tensor equal", run.Output, StringComparison.Ordinal);
        Assert.True(Tool.SameTensors(output, Tool.Recorded(RepositoryPaths.Goldens, expected + ".safetensors")));
        Assert.Equal(["out.safetensors"], folder.Names);
    }

    [Fact]
    public void The_other_set_of_weights_is_another_file()
    {
        using TemporaryFolder folder = new();
        string output = folder.File("out.safetensors");
        string both = Tool.Recorded(RepositoryPaths.Checkpoints, "dit_a_model_ema.pt");
        Assert.Equal(0, Tool.Run(both, output, "--use", "model", "--heads", "4", "--verify").Code);
        Assert.False(Tool.SameTensors(output, Tool.Recorded(RepositoryPaths.Goldens, "dit_a_weights.safetensors")));
    }

    [Theory]
    [InlineData("dit_a_fp16.pt", "fp16", TensorType.F16)]
    [InlineData("dit_a_bf16_mixed.pt", "bf16", TensorType.BF16)]
    [InlineData("dit_a_bf16_mixed.pt", "fp16", TensorType.F16)]
    [InlineData("dit_a_fp16.pt", "fp32", TensorType.F32)]
    public void Types_are_converted(string checkpoint, string dtype, TensorType type)
    {
        using TemporaryFolder folder = new();
        string output = folder.File("out.safetensors");
        Assert.Equal(0, Tool.Run(Tool.Recorded(RepositoryPaths.Checkpoints, checkpoint), output, "--dtype", dtype, "--heads", "4", "--verify").Code);
        Assert.All(Tool.ReadAll(output).Values, tensor => Assert.Equal(type, tensor.Info.Type));
    }

    [Fact]
    public void Fp16_is_fp32_rounded_once()
    {
        using TemporaryFolder folder = new();
        string source = Tool.Recorded(RepositoryPaths.Goldens, "dit_a_weights.safetensors");
        Assert.Equal(0, Tool.Run(source, folder.File("half.safetensors"), "--dtype", "fp16", "--heads", "4").Code);
        Dictionary<string, (TensorInfo Info, byte[] Bytes)> half = Tool.ReadAll(folder.File("half.safetensors"));
        foreach ((string name, (_, byte[] bytes)) in Tool.ReadAll(source))
        {
            Half[] expected = [.. Enumerable.Range(0, bytes.Length / 4).Select(i => (Half)BitConverter.ToSingle(bytes, 4 * i))];
            Assert.Equal(expected, Enumerable.Range(0, expected.Length).Select(i => BitConverter.ToHalf(half[name].Bytes, 2 * i)));
        }
    }

    [Fact]
    public void Every_recorded_router_converts_and_keeps_fp32()
    {
        string[] folders = [.. new[] { RepositoryPaths.Checkpoints, RepositoryPaths.Routers }.OfType<string>()];
        string[] routers = [.. folders.SelectMany(path => Directory.GetFiles(path, "*router*.pt*"))];
        Assert.SkipWhen(routers.Length == 0, "no router files are here");
        Assert.All(routers, router =>
        {
            using TemporaryFolder folder = new();
            Tool run = Tool.Run(router, folder.File("out.safetensors"), "--dtype", "fp16", "--verify");
            Assert.Equal("", run.Error);
            (TensorInfo info, byte[] bytes) = Assert.Single(Tool.ReadAll(folder.File("out.safetensors"))).Value;
            Assert.Equal(("logits", TensorType.F32), (info.Name, info.Type));
            Dictionary<string, (TensorInfo Info, byte[] Bytes)> source = Tool.ReadAll(router);
            string nest = source.ContainsKey("routers.0.prob") ? "routers." : "";
            Assert.Equal(Enumerable.Range(0, (int)info.Shape[0]).SelectMany(i => source[$"{nest}{i}.prob"].Bytes), bytes);
        });
    }

    [Fact]
    public void Diffusers_autoencoder_is_the_published_one()
    {
        using TemporaryFolder folder = new();
        string diffusers = Tool.Recorded(RepositoryPaths.Goldens, "vae_tiny_weights_diffusers_names.safetensors");
        Assert.Equal(0, Tool.Run(diffusers, folder.File("out.safetensors"), "--verify").Code);
        Assert.True(Tool.SameTensors(folder.File("out.safetensors"), Tool.Recorded(RepositoryPaths.Goldens, "vae_tiny_weights.safetensors")));
    }

    [Fact]
    public void Tensors_of_no_model_are_refused_but_listed()
    {
        using TemporaryFolder folder = new();
        string odd = Tool.Recorded(RepositoryPaths.Checkpoints, "odd_tensors_strides_shared.pt");
        Tool run = Tool.Run(odd, folder.File("out.safetensors"));
        Assert.Equal(4, run.Code);
        Assert.Contains("--list", run.SingleErrorLine(), StringComparison.Ordinal);
        Assert.Empty(folder.Names);
        Assert.Contains("a.view F32 [4, 3]\n", Tool.Run(odd, "--list").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_training_checkpoint_converts_to_the_file_that_the_demo_model_was_trained_on_from()
    {
        using TemporaryFolder folder = new();
        string converted = folder.File("shapes-dit8.safetensors");
        string source = Tool.Recorded(RepositoryPaths.Models, "shapes-dit8.pt");
        string[] hints = Words(
            "--heads 2 --classes 10 --class-names disc,square,triangle,star,ring,cross,crescent,heart,hexagon,bars --name shapes-dit8");
        Assert.Equal(0, Tool.Run([source, converted, "--dtype", "fp16", "--verify", .. hints]).Code);
        string hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(converted)));
        string readme = File.ReadAllText(Path.Combine(RepositoryPaths.Root ?? "", "src", "L2c.Engine", "models", "README.md"));
        Assert.Contains(hash, readme, StringComparison.Ordinal);
        Assert.Equal(4, Tool.Run([source, converted, "--verify-only", "--use", "model", .. hints]).Code);
    }

    private static string[] Words(string options) => options.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
