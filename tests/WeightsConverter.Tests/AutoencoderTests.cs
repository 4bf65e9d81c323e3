using L2c.Testing;
using L2c.Weights.Layouts;
using L2c.Weights.Safetensors;
using NamedTensor = (string Name, long[] Shape, float[] Elements);

namespace WeightsConverter.Tests;

public sealed class AutoencoderTests
{
    private static readonly VaeArchitecture _small = new()
    {
        Name = "vae",
        InChannels = 3,
        OutChannels = 3,
        Channels = 4,
        ChannelMultipliers = [1, 2],
        ResBlocks = 1,
        ZChannels = 2,
        LatentChannels = 2,
    };

    [Fact]
    public void The_autoencoder_of_a_whole_latent_diffusion_checkpoint_is_found()
    {
        using TemporaryFolder folder = new();
        List<NamedTensor> vae = Tensors();
        SafetensorsData.Write(folder.File("vae.safetensors"), vae, null, overwrite: false);
        List<NamedTensor> whole =
        [
            ("model.diffusion_model.out.weight", [2], [1, 2]),
            ("cond_stage_model.embedding.weight", [1], [3]),
            ("betas", [1], [4]),
            .. vae.Select(t => ("first_stage_model." + t.Name, t.Shape, t.Elements)),
            ("first_stage_model.loss.logvar", [1], [5]),
        ];
        SafetensorsData.Write(folder.File("whole.safetensors"), whole, null, overwrite: false);

        Tool run = Tool.Run(folder.File("whole.safetensors"), folder.File("out.safetensors"), "--verify");

        Assert.Equal("", run.Error);
        Assert.Contains("omitted: 4 tensors", run.Output, StringComparison.Ordinal);
        Assert.True(Tool.SameTensors(folder.File("out.safetensors"), folder.File("vae.safetensors")));
    }

    [Fact]
    public void Attention_of_old_diffusers_files_is_found_under_its_old_names()
    {
        string current = Tool.Recorded(RepositoryPaths.Goldens, "vae_tiny_weights_diffusers_names.safetensors");
        using TemporaryFolder folder = new();
        SafetensorsData.Write(
            folder.File("old.safetensors"),
            Tool.ReadAll(current).Select(t => (t.Value.Info with { Name = Old(t.Key) }, (ReadOnlyMemory<byte>)t.Value.Bytes)),
            null,
            overwrite: false);
        Assert.Contains("proj_attn", Tool.Run(folder.File("old.safetensors"), "--list").Output, StringComparison.Ordinal);
        Assert.Equal(0, Tool.Run(folder.File("old.safetensors"), folder.File("out.safetensors"), "--verify").Code);
        Assert.True(Tool.SameTensors(folder.File("out.safetensors"), Tool.Recorded(RepositoryPaths.Goldens, "vae_tiny_weights.safetensors")));

        static string Old(string name) => name
            .Replace("to_q.", "query.", StringComparison.Ordinal)
            .Replace("to_k.", "key.", StringComparison.Ordinal)
            .Replace("to_v.", "value.", StringComparison.Ordinal)
            .Replace("to_out.0.", "proj_attn.", StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_beside_the_autoencoder_is_unexpected()
    {
        using TemporaryFolder folder = new();
        SafetensorsData.Write(folder.File("vae.safetensors"), [.. Tensors(), ("discriminator.weight", [1], [1f])], null, overwrite: false);
        Tool run = Tool.Run(folder.File("vae.safetensors"), folder.File("out.safetensors"));
        Assert.Equal(4, run.Code);
        Assert.StartsWith("unexpected: discriminator.weight", run.Error, StringComparison.Ordinal);
    }

    private static List<NamedTensor> Tensors()
    {
        float next = 0;
        float[] Values(long[] shape) => [.. Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(_ => next++)];
        return [.. VaeLayout.Tensors(_small).Select(t => (t.Name, t.Shape, Values(t.Shape)))];
    }
}
